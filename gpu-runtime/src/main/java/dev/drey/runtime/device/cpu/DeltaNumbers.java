package dev.drey.runtime.device.cpu;

import java.nio.FloatBuffer;

/**
 * The operands of one gated delta rule layer in memory; see {@link
 * dev.drey.runtime.device.DeltaInput} and {@link dev.drey.runtime.device.DeltaWeights} for shapes.
 */
record DeltaNumbers(
    FloatBuffer queries,
    FloatBuffer keys,
    FloatBuffer values,
    FloatBuffer gate,
    FloatBuffer strength,
    FloatBuffer decay,
    FloatBuffer convolution,
    FloatBuffer decayRate,
    FloatBuffer decayBias,
    RowNorm norm,
    NumberView out) {}
