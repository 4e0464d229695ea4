package dev.drey.runtime.jinja;

/** How it goes on after a statement. */
enum Flow {
  /** With the next one. */
  ON,
  /** With the next turn of the loop. */
  CONTINUE,
  /** Behind the loop. */
  BREAK
}
