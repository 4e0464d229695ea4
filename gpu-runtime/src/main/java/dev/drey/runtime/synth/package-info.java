/**
 * Synthetic models: checkpoints of any size in published layouts, with random weights, routers of
 * chosen habits and a trivial tokenizer, for benchmarks and tests. Deterministic. Owns no memory
 * but a copy buffer. Imports the model's and the files' packages alone.
 *
 * <p>A family is one class of type {@code Family} and its entry in {@link
 * dev.drey.runtime.synth.SyntheticFamily}; {@code PlantedRouting} says where habits come from.
 */
@NullMarked
package dev.drey.runtime.synth;

import org.jspecify.annotations.NullMarked;
