package dev.drey.runtime.jinja;

/** A node that has a value. Evaluate children through {@link Frame#evaluate}, which counts. */
interface Expression {
  /** The value: what {@link Types} lists, a function of the interpreter, or undefined. */
  Object evaluate(Frame frame);
}
