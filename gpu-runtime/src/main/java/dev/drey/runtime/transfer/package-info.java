/**
 * Moves bytes by priority on I/O threads, in blocks, cancellable; measures bandwidth. Knows no
 * experts.
 */
@NullMarked
package dev.drey.runtime.transfer;

import org.jspecify.annotations.NullMarked;
