/**
 * Cache policies: which resident expert to evict. Pure and deterministic: no clock, no I/O, no
 * device; the engine and the trace simulator run the same classes. Not thread-safe; the caller
 * locks.
 */
@NullMarked
package dev.drey.runtime.cache;

import org.jspecify.annotations.NullMarked;
