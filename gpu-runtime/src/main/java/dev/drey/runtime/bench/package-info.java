/**
 * Benchmarks of the engine: the same work under several memory budgets and policies, in one
 * process, interleaved, beside the floors that the machine sets. Owns the engines it opens; one
 * thread runs all of them, one after the other. Nothing else of the runtime imports it.
 */
@NullMarked
package dev.drey.runtime.bench;

import org.jspecify.annotations.NullMarked;
