/**
 * The Flink job against the bare engine: the same records through both, in turn, and where the
 * task's thread spends its time. Benchmarks of the engine alone are the runtime's.
 */
@NullMarked
package dev.drey.jobs.bench;

import org.jspecify.annotations.NullMarked;
