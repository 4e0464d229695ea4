package dev.drey.runtime.jinja;

/** A node that writes or sets something. */
interface Statement {
  /** Does it. */
  Flow run(Frame frame);
}
