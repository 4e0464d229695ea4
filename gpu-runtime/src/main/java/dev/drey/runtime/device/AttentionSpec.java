package dev.drey.runtime.device;

import dev.drey.runtime.model.KeyRange;
import org.jspecify.annotations.Nullable;

/**
 * One layer's softmax attention.
 *
 * @param heads query heads
 * @param scale factor on the scores
 * @param visible which positions a query sees
 * @param sinks float32 {@code [heads]}: scores, not scaled, that take part in the softmax and have
 *     no value; null for none
 * @param floatOutput whether the output is float32; otherwise it is of the activation type
 */
public record AttentionSpec(
    int heads, float scale, KeyRange visible, @Nullable DeviceBuffer sinks, boolean floatOutput) {}
