package dev.drey.runtime.jinja;

/** A value that can be called. */
interface Function {
  /** What calling it gives. */
  Object call(Rendering rendering, Arguments arguments);
}
