package dev.drey.runtime.jinja;

/** Python's {@code None}. */
enum None {
  NONE
}
