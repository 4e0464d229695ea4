/**
 * The forward pass, written once against {@code device}: attention, router, experts, decoder.
 * Drives the residency window; owns activations.
 */
@NullMarked
package dev.drey.runtime.layers;

import org.jspecify.annotations.NullMarked;
