/**
 * Splits the memory budget: how many bytes dense weights, key/value blocks, expert slots, staging,
 * activations and scratch get, or why it cannot be done. Pure arithmetic; allocates nothing.
 */
@NullMarked
package dev.drey.runtime.plan;

import org.jspecify.annotations.NullMarked;
