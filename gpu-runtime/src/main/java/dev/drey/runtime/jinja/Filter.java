package dev.drey.runtime.jinja;

/** What stands behind a bar. */
interface Filter {
  /** What it makes of a value. */
  Object apply(Rendering rendering, Object value, Arguments arguments);
}
