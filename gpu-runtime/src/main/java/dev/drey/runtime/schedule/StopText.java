package dev.drey.runtime.schedule;

import java.util.List;

/**
 * The text of a sequence as it grows, and the search for stop strings in it.
 *
 * <p>The stop string that is complete first wins; of those complete at the same character the one
 * that starts first. So the outcome depends on the characters only, not on how tokens cut them.
 */
final class StopText {
  private final List<String> stops;
  private final StringBuilder text = new StringBuilder();
  private int searched;

  StopText(List<String> stops) {
    this.stops = stops;
  }

  /** Appends without searching: stop strings that end here or earlier do not count. */
  void appendExempt(String piece) {
    text.append(piece);
    searched = text.length();
  }

  /**
   * Appends and searches.
   *
   * @return whether a stop string was found; the text is then cut before it
   */
  boolean append(String piece) {
    text.append(piece);
    if (stops.isEmpty()) {
      return false;
    }
    for (int end = searched + 1; end <= text.length(); end++) {
      int longest = longestStopEndingAt(end);
      if (longest > 0) {
        text.setLength(end - longest);
        return true;
      }
    }
    searched = text.length();
    return false;
  }

  private int longestStopEndingAt(int end) {
    int longest = 0;
    for (String stop : stops) {
      int length = stop.length();
      if (length > longest
          && length <= end
          && text.charAt(end - 1) == stop.charAt(length - 1)
          && text.substring(end - length, end).equals(stop)) {
        longest = length;
      }
    }
    return longest;
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
