/**
 * The front door of the engine: open a model, run steps, close it. Nothing below this package knows
 * Flink or Kafka; a plain {@code main()} can drive it.
 */
@NullMarked
package dev.drey.runtime;

import org.jspecify.annotations.NullMarked;
