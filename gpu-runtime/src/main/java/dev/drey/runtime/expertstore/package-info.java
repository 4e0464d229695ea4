/**
 * The disk tier: where each expert lies, in a checkpoint or packed for a device, read block by
 * block into a given buffer. Never retries; the reader decides. Keeps nothing in memory but for a
 * shadow model: its experts lie there at few bits.
 */
@NullMarked
package dev.drey.runtime.expertstore;

import org.jspecify.annotations.NullMarked;
