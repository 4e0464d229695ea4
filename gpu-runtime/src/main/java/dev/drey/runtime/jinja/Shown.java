package dev.drey.runtime.jinja;

/** Names out of a template as messages show them: short, and in one line. */
final class Shown {
  private static final int LONGEST = 60;

  private Shown() {}

  static String name(String name) {
    String head = name.length() <= LONGEST ? name : name.substring(0, LONGEST) + "…";
    return head.replaceAll("[\\p{Cntrl}\\p{Cs}\\u2028\\u2029]", "?");
  }
}
