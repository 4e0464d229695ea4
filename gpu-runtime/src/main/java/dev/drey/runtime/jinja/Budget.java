package dev.drey.runtime.jinja;

import java.util.List;

/** What a rendering has spent of its {@link RenderLimits}. */
final class Budget {
  private static final int ITEM_CHARACTERS = 8;
  private static final int STEPS_BETWEEN_LOOKS = 1024;

  private final RenderLimits limits;
  private final long start = System.nanoTime();
  private long steps;
  private long nextLook = STEPS_BETWEEN_LOOKS;
  private int depth;
  private long characters;

  Budget(RenderLimits limits) {
    this.limits = limits;
  }

  /** Begins a node, or a level of a nested value. */
  void enter() {
    step(1);
    depth++;
    if (depth > limits.depth()) {
      throw JinjaException.limit("more than " + limits.depth() + " levels of nested evaluation");
    }
  }

  /** Ends what {@link #enter} began. */
  void leave() {
    depth--;
  }

  /** Counts work. */
  void step(long count) {
    steps += count;
    if (steps > limits.steps()) {
      throw JinjaException.limit("more than " + limits.steps() + " steps");
    }
    if (steps >= nextLook) {
      nextLook = steps + STEPS_BETWEEN_LOOKS;
      if (System.nanoTime() - start > limits.time().toNanos()) {
        throw JinjaException.limit("more than " + limits.time().toMillis() + " ms");
      }
    }
  }

  /** Counts characters that are about to be made. */
  void characters(long count) {
    characters += count;
    if (count > limits.outputBytes() || characters > limits.characters()) {
      throw JinjaException.limit(
          "a text of more than "
              + limits.outputBytes()
              + " characters, or more than "
              + limits.characters()
              + " in all");
    }
    step(count / 64);
  }

  /** Counts list items that are about to be made. */
  void items(long count) {
    characters += ITEM_CHARACTERS * count;
    if (characters > limits.characters()) {
      throw JinjaException.limit("lists of too many items");
    }
    step(count);
  }

  /** The text, counted. */
  String made(String text) {
    characters(text.length());
    return text;
  }

  /** The list, counted. */
  List<Object> made(List<Object> list) {
    items(list.size());
    return list;
  }

  int outputBytes() {
    return limits.outputBytes();
  }
}
