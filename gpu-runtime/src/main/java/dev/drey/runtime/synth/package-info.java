/**
 * Synthetic models: checkpoints of any size in the published layout, with random weights and a
 * trivial tokenizer, for benchmarks and tests. Deterministic. Owns no memory but a copy buffer.
 */
@NullMarked
package dev.drey.runtime.synth;

import org.jspecify.annotations.NullMarked;
