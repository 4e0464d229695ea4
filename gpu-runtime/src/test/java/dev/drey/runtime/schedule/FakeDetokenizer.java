package dev.drey.runtime.schedule;

/**
 * Each id is one letter; from 20 on two. Every seventh id is only the first half of a character: it
 * shows up in front of the next one.
 */
final class FakeDetokenizer implements Detokenizer {
  private String pending = "";

  @Override
  public String append(int id) {
    String piece = pending + letters(id);
    pending = id % 7 == 6 ? piece : "";
    return id % 7 == 6 ? "" : piece;
  }

  @Override
  public String finish() {
    String piece = pending;
    pending = "";
    return piece;
  }

  private static String letters(int id) {
    String letter = String.valueOf((char) ('a' + id % 20));
    return id < 20 ? letter : letter + letter;
  }
}
