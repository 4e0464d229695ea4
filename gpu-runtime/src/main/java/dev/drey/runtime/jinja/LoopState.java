package dev.drey.runtime.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The variable {@code loop} of a loop over known items. */
final class LoopState {
  private final List<Object> items;
  private final int depth;
  private int index;
  private @Nullable Object lastChanged;

  LoopState(List<Object> items, int depth) {
    this.items = items;
    this.depth = depth;
  }

  void moveTo(int newIndex) {
    index = newIndex;
  }

  int depth() {
    return depth;
  }

  @Nullable Object attribute(String name) {
    return switch (name) {
      case "index" -> (long) index + 1;
      case "index0" -> (long) index;
      case "revindex" -> (long) items.size() - index;
      case "revindex0" -> (long) items.size() - index - 1;
      case "first" -> index == 0;
      case "last" -> index == items.size() - 1;
      case "length" -> (long) items.size();
      case "depth" -> (long) depth + 1;
      case "depth0" -> (long) depth;
      case "previtem" ->
          index > 0 ? items.get(index - 1) : new Undefined("there is no previous item");
      case "nextitem" ->
          index + 1 < items.size() ? items.get(index + 1) : new Undefined("there is no next item");
      case "cycle" -> (Function) (rendering, arguments) -> cycle(arguments);
      case "changed" -> (Function) this::changed;
      default -> null;
    };
  }

  private Object cycle(Arguments arguments) {
    List<Object> choices = arguments.positional();
    if (choices.isEmpty()) {
      throw JinjaException.failed("loop.cycle needs at least one argument");
    }
    return choices.get(index % choices.size());
  }

  private Object changed(Rendering rendering, Arguments arguments) {
    Object now = new Tuple(arguments.positional());
    boolean changed = lastChanged == null || !Comparison.equal(rendering, lastChanged, now);
    lastChanged = now;
    return changed;
  }
}
