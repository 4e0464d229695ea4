package dev.drey.it.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** A document of headings and tables. */
final class Markdown {
  private final StringBuilder text = new StringBuilder();

  Markdown heading(String heading) {
    text.append("\n## ").append(heading).append("\n\n");
    return this;
  }

  /** The head of a table; the first column is text, the others numbers. */
  Markdown head(Object... columns) {
    row(columns);
    text.append("|---|").append("---:|".repeat(columns.length - 1)).append('\n');
    return this;
  }

  Markdown row(Object... cells) {
    text.append('|');
    for (Object cell : cells) {
      text.append(' ').append(cell).append(" |");
    }
    text.append('\n');
    return this;
  }

  Markdown gap() {
    text.append('\n');
    return this;
  }

  /** A share in percent. */
  static String percent(double part, double whole) {
    return String.format(Locale.ROOT, "%.1f", whole == 0 ? 0 : 100 * part / whole);
  }

  /** A share of a count in percent. */
  static String percent(long part, long whole) {
    return percent((double) part, (double) whole);
  }

  static String number(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  void write(Path file) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    Files.writeString(file, text);
  }
}
