package dev.drey.schemas.serde;

import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that are not a valid record. Checked, because one bad record must not end a job: whoever
 * reads records decides what becomes of it. The message names fields, types and sizes, never text
 * of a prompt, and there is no cause, since a parser's own message may quote its input.
 */
public final class RecordFormatException extends Exception {

  /** What is wrong; the name is stable and may be counted and routed by. */
  public enum Problem {
    /** No value at all, or no bytes. */
    EMPTY,
    /** More bytes, or a longer number or name, than allowed. */
    TOO_LARGE,
    /** Not the start of an Avro single-object message. */
    NOT_AVRO,
    /** Written with a schema that is not known here. */
    UNKNOWN_SCHEMA,
    /** Not JSON, or not a JSON object. */
    NOT_JSON,
    /** Ends within a value. */
    TRUNCATED,
    /** Goes on after the record. */
    TRAILING_BYTES,
    /** A body that does not follow its own schema. */
    MALFORMED,
    /** Text that is not well-formed Unicode. */
    INVALID_UTF8,
    /** A field nobody knows. */
    UNKNOWN_FIELD,
    /** A field of the OpenAI or vLLM interfaces that is not supported, or not in this place. */
    UNSUPPORTED_FIELD,
    /** The same field twice, perhaps under two names. */
    DUPLICATE_FIELD,
    /** A required field is absent. */
    MISSING_FIELD,
    /** Fields that exclude each other. */
    CONFLICTING_FIELDS,
    /** A value of another type than the field's. */
    WRONG_TYPE;

    /** Stable name for the dead letter's {@code error_class}, as {@code format.wrong_type}. */
    public String errorClass() {
      return "format." + name().toLowerCase(Locale.ROOT);
    }
  }

  private static final long serialVersionUID = 1L;

  private final Problem problem;
  private final String what;
  private final String expected;
  private final String found;
  private final @Nullable String customId;

  /**
   * A problem with a record.
   *
   * @param what the field, or the part of the record, that is wrong
   * @param expected what should be there, or what to do instead
   * @param found what is there, without text of the prompt
   */
  public RecordFormatException(Problem problem, String what, String expected, String found) {
    this(problem, what, expected, found, null);
  }

  private RecordFormatException(
      Problem problem, String what, String expected, String found, @Nullable String customId) {
    super(what + ": expected " + expected + ", found " + found);
    this.problem = problem;
    this.what = what;
    this.expected = expected;
    this.found = found;
    this.customId = customId;
  }

  /** The same problem of the record with this {@code custom_id}; null if it could not be read. */
  public RecordFormatException of(@Nullable String recordCustomId) {
    RecordFormatException named =
        new RecordFormatException(problem, what, expected, found, recordCustomId);
    named.setStackTrace(getStackTrace());
    return named;
  }

  /** What is wrong. */
  public Problem problem() {
    return problem;
  }

  /** The field, or the part of the record, that is wrong. */
  public String what() {
    return what;
  }

  /** What should be there. */
  public String expected() {
    return expected;
  }

  /** What is there. */
  public String found() {
    return found;
  }

  /** The record's {@code custom_id}, if it could be read all the same. */
  public Optional<String> customId() {
    return Optional.ofNullable(customId);
  }
}
