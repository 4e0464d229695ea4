/**
 * Budgets: who owns which byte. A tree of named, hard limits; it owns no memory itself.
 * Thread-safe.
 */
@NullMarked
package dev.drey.runtime.memory;

import org.jspecify.annotations.NullMarked;
