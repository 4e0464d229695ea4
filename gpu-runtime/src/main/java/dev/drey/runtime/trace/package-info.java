/**
 * What an engine did, as a stream of events: the interface that is told of them, the file they are
 * recorded to and read from, and metrics as folds over the stream. One format serves the engine,
 * the simulator and the reports; docs/traces.md describes it.
 *
 * <p>Imports nothing of the runtime but how its threads are made, so that every part of it can be
 * observed.
 */
@NullMarked
package dev.drey.runtime.trace;

import org.jspecify.annotations.NullMarked;
