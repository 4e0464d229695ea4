package dev.drey.runtime.trace;

/**
 * The numbers of the file format; docs/traces.md has the picture. All integers are little-endian.
 *
 * <p>A file is a preamble ({@link #MAGIC}, version, header), chunks of events, and one end record.
 * A chunk can be read by itself: nothing in it refers to another one.
 */
final class TraceFormat {
  /** "DREYTRC" and a line feed. */
  static final long MAGIC = 0x0A43525459455244L;

  static final int VERSION = 2;

  /** Magic, version, header bytes, checksum of the header. */
  static final int PREAMBLE_BYTES = 20;

  static final int MAX_HEADER_BYTES = 1 << 16;

  /** "CHNK" */
  static final int CHUNK_MAGIC = 0x4B4E4843;

  /** Magic, payload bytes, events, base time, events dropped before, checksum. */
  static final int CHUNK_HEADER_BYTES = 32;

  static final int MAX_CHUNK_BYTES = 1 << 26;

  /** "END." */
  static final int END_MAGIC = 0x2E444E45;

  /** Magic, chunks, events, dropped, end time, checksum. */
  static final int END_BYTES = 40;

  // -- kinds of events
  static final int STEP_BEGAN = 1;
  static final int SEQUENCE_RAN = 2;
  static final int SEQUENCE_ENDED = 3;
  static final int ROUTED = 4;
  static final int PREDICTED = 5;
  static final int DEMANDED = 6;
  static final int LOAD_ISSUED = 7;
  static final int LOAD_ENDED = 8;
  static final int EVICTED = 9;
  static final int DEMAND_ENDED = 10;
  static final int STEP_ENDED = 11;
  static final int ROWS_ROUTED = 12;

  /** Most rows of one ROWS_ROUTED; a layer with more has several. */
  static final int MAX_ROWS = 64;

  private TraceFormat() {}
}
