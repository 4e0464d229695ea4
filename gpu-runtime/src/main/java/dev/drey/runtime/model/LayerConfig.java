package dev.drey.runtime.model;

/**
 * One decoder layer.
 *
 * @param attention how rows learn of each other
 * @param routed whether tokens are routed to experts; otherwise all pass one network
 */
public record LayerConfig(AttentionConfig attention, boolean routed) {}
