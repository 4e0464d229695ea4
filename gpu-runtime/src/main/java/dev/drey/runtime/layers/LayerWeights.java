package dev.drey.runtime.layers;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.Matrix;
import org.jspecify.annotations.Nullable;

/**
 * The always-resident weights of one decoder layer.
 *
 * @param attentionNorm float32 {@code [hidden]}
 * @param query {@code [heads * headDim, hidden]}
 * @param key {@code [kvHeads * headDim, hidden]}
 * @param value {@code [kvHeads * headDim, hidden]}
 * @param output {@code [hidden, heads * headDim]}
 * @param queryNorm float32 {@code [headDim]}, or null where queries are not normalised
 * @param keyNorm float32 {@code [headDim]}, or null where keys are not normalised
 * @param feedForwardNorm float32 {@code [hidden]}
 * @param router float32 {@code [experts, hidden]}, or null in a dense layer
 * @param dense the one feed-forward network, or null in a layer with experts
 */
record LayerWeights(
    DeviceBuffer attentionNorm,
    Matrix query,
    Matrix key,
    Matrix value,
    Matrix output,
    @Nullable DeviceBuffer queryNorm,
    @Nullable DeviceBuffer keyNorm,
    DeviceBuffer feedForwardNorm,
    @Nullable DeviceBuffer router,
    @Nullable Expert dense) {}
