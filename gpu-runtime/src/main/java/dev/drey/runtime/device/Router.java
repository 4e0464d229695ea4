package dev.drey.runtime.device;

import dev.drey.runtime.model.RouterConfig;
import org.jspecify.annotations.Nullable;

/**
 * A router in device memory.
 *
 * @param weight float32 {@code [experts, hidden]}, plain row-major
 * @param logitBias float32 {@code [experts]}, added to the logits; null for none
 * @param choiceBias float32 {@code [experts]}, added to the scores for the choice; null for none
 * @param experts experts to choose from
 * @param k experts per token
 * @param rule how logits become a choice
 */
public record Router(
    DeviceBuffer weight,
    @Nullable DeviceBuffer logitBias,
    @Nullable DeviceBuffer choiceBias,
    int experts,
    int k,
    RouterConfig rule) {}
