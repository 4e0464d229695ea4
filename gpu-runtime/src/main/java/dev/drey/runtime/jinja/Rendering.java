package dev.drey.runtime.jinja;

import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * One run of a template: what it has written, what it has spent, and where it is.
 *
 * <p>Output goes to the innermost of several texts: macros and blocks that are values write one of
 * their own.
 */
final class Rendering {
  private final Budget budget;
  private final LocalDateTime now;
  private final Deque<StringBuilder> outputs = new ArrayDeque<>();
  private int line = 1;

  Rendering(RenderLimits limits, LocalDateTime now) {
    this.budget = new Budget(limits);
    this.now = now;
    outputs.push(new StringBuilder());
  }

  Budget budget() {
    return budget;
  }

  /** The time that templates are told. */
  LocalDateTime now() {
    return now;
  }

  /** Line of the construct being evaluated. */
  int line() {
    return line;
  }

  void reached(int newLine) {
    line = newLine;
  }

  void write(String text) {
    budget.characters(text.length());
    StringBuilder out = outputs.element();
    if ((long) out.length() + text.length() > budget.outputBytes()) {
      throw tooLong();
    }
    out.append(text);
  }

  /** What the work writes, as a text instead of output. */
  String captured(Runnable work) {
    outputs.push(new StringBuilder());
    work.run();
    return outputs.pop().toString();
  }

  /** All that was written. */
  String result() {
    String text = outputs.element().toString();
    // Each character has one to three bytes, so most texts need not be encoded to be measured.
    if (text.length() > budget.outputBytes() / 3
        && text.getBytes(StandardCharsets.UTF_8).length > budget.outputBytes()) {
      throw tooLong();
    }
    return text;
  }

  private JinjaException tooLong() {
    return JinjaException.limit("output of more than " + budget.outputBytes() + " bytes");
  }
}
