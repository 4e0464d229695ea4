package dev.drey.runtime.bench;

/**
 * How many sequences are computed together: a number, or as many as the planner chooses.
 *
 * @param sequences the number, or 0 for the planner's choice
 */
public record Group(int sequences) {
  /** The planner's choice. */
  public static final Group AUTO = new Group(0);

  private static final String AUTO_LABEL = "auto";

  public Group {
    if (sequences < 0) {
      throw new IllegalArgumentException("a group has at least 1 sequence, found " + sequences);
    }
  }

  /**
   * Reads a group.
   *
   * @throws IllegalArgumentException if it is neither {@code auto} nor a number from 1 on
   */
  public static Group parse(String text) {
    if (text.equals(AUTO_LABEL)) {
      return AUTO;
    }
    if (!text.matches("[1-9][0-9]{0,8}")) {
      throw new IllegalArgumentException(
          "not a group of sequences: '%s'; expected a number from 1 on, or auto".formatted(text));
    }
    return new Group(Integer.parseInt(text));
  }

  /** Whether the planner chooses. */
  public boolean isPlanned() {
    return sequences == 0;
  }

  /** The group as it is written on the command line and in reports. */
  public String label() {
    return isPlanned() ? AUTO_LABEL : String.valueOf(sequences);
  }
}
