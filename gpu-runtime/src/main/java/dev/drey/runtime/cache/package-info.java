/**
 * Cache policies: which resident expert to evict. Pure and deterministic: no clock, no I/O, no
 * device; the engine and the trace simulator run the same classes. Not thread-safe; the caller
 * locks.
 *
 * <p>Start reading at {@link dev.drey.runtime.cache.CachePolicy}. Most policies are a {@link
 * dev.drey.runtime.cache.ScoredPolicy}, which evicts the lowest score; those that give every layer
 * a cache of its own are a {@link dev.drey.runtime.cache.QuotaPolicy}. Times are counted in demands
 * and passes.
 */
@NullMarked
package dev.drey.runtime.cache;

import org.jspecify.annotations.NullMarked;
