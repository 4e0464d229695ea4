/**
 * Engines by task slot: the one place of the runtime with process-wide state. Everything that runs
 * in one slot shares one engine; the last to leave lets it linger, so that a restart finds its
 * weights loaded. Thread-safe.
 */
@NullMarked
package dev.drey.runtime.slot;

import org.jspecify.annotations.NullMarked;
