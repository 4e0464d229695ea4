/**
 * Splits the memory budget: how many bytes dense weights, key/value blocks, expert slots, staging,
 * activations and scratch get, or why it cannot be done; and chooses from measured times how many
 * sequences to compute together. Pure arithmetic; allocates nothing and measures nothing.
 */
@NullMarked
package dev.drey.runtime.plan;

import org.jspecify.annotations.NullMarked;
