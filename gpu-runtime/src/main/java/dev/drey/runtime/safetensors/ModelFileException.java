package dev.drey.runtime.safetensors;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A model's file is damaged, hostile, missing or not supported. The message stands on its own:
 * which file, which tensor or key, what was expected, what was found, and what to do about it.
 */
public final class ModelFileException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int LONGEST_QUOTE = 160;

  private final transient Path file;
  private final @Nullable String subject;
  private final boolean mayPass;

  private ModelFileException(
      Path file,
      @Nullable String subject,
      String expected,
      String found,
      String advice,
      @Nullable Throwable cause,
      boolean mayPass) {
    super(message(file, subject, expected, found, advice), cause);
    this.file = file;
    this.subject = subject;
    this.mayPass = mayPass;
  }

  /**
   * Says what is wrong with a file.
   *
   * @param subject what in the file, e.g. {@code tensor 'x'} or {@code key "hidden_size"}; null if
   *     it is the file itself
   * @param expected what a usable file has there
   * @param found what this one has
   * @param advice what the reader can do, a sentence
   */
  public static ModelFileException of(
      Path file, @Nullable String subject, String expected, String found, String advice) {
    return of(file, subject, expected, found, advice, null);
  }

  /** As above, with the failure that revealed it. */
  public static ModelFileException of(
      Path file,
      @Nullable String subject,
      String expected,
      String found,
      String advice,
      @Nullable Throwable cause) {
    return new ModelFileException(file, subject, expected, found, advice, cause, false);
  }

  /**
   * Says that a file could not be read or is not there, for a reason that may pass: a disk or
   * network file system that fails for a while, or that is not mounted yet.
   */
  public static ModelFileException unreadable(
      Path file,
      @Nullable String subject,
      String expected,
      String found,
      String advice,
      @Nullable IOException cause) {
    return new ModelFileException(file, subject, expected, found, advice, cause, true);
  }

  private static String message(
      Path file, @Nullable String subject, String expected, String found, String advice) {
    String where = subject == null ? "" : subject + ": ";
    return file + ": " + where + "expected " + expected + ", found " + found + ". " + advice;
  }

  /** The subject of an error about a tensor. */
  public static String tensor(String name) {
    return "tensor " + quote(name);
  }

  /**
   * Text from a file made fit for a message: quoted, control characters escaped, long text cut. A
   * damaged or hostile file must not be able to fill a log or to forge its lines.
   */
  public static String quote(String text) {
    StringBuilder quoted = new StringBuilder("'");
    int end = Math.min(text.length(), LONGEST_QUOTE);
    for (int i = 0; i < end; i++) {
      char c = text.charAt(i);
      if (!isVisible(c)) {
        quoted.append("\\u%04x".formatted((int) c));
      } else {
        quoted.append(c);
      }
    }
    if (end < text.length()) {
      quoted.append("… (").append(text.length()).append(" characters)");
    }
    return quoted.append('\'').toString();
  }

  /** Whether a text from a file can be shown as it is. */
  static boolean isVisible(String text) {
    return text.chars().allMatch(c -> isVisible((char) c));
  }

  /** Whether a character is shown as itself and leaves what stands around it in its place. */
  private static boolean isVisible(char c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }

  /**
   * Whether trying again may help, as nothing is known to be wrong with what the file says: storage
   * failed, or the file is not there.
   */
  public boolean mayPass() {
    return mayPass;
  }

  /** The file, or the directory if a file is missing. */
  public Path file() {
    return file;
  }

  /** What in the file is wrong; null if it is the file itself. */
  public @Nullable String subject() {
    return subject;
  }
}
