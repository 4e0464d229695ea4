package dev.drey.runtime.schedule;

/**
 * Turns the ids of one sequence into text as they come. What it returns depends on the ids appended
 * so far and on nothing else.
 */
@FunctionalInterface
public interface Detokenizer {
  /**
   * Takes the next id.
   *
   * @return the characters that are certain now and were not before; may be empty
   */
  String append(int id);

  /**
   * Ends the text.
   *
   * @return what was held back because it is no whole character yet; empty if nothing was
   */
  default String finish() {
    return "";
  }
}
