/**
 * The disk tier: where each expert lies, in a checkpoint or packed for a device, read block by
 * block into a given buffer. Keeps nothing in memory and never retries; the reader decides.
 */
@NullMarked
package dev.drey.runtime.expertstore;

import org.jspecify.annotations.NullMarked;
