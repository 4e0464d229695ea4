/**
 * The interface every compute device implements: buffers, weight layouts, an ordered stream of
 * operations, a stream of copies, events. The forward pass is written once against it. May import
 * {@code model} and {@code memory} only.
 */
@NullMarked
package dev.drey.runtime.device;

import org.jspecify.annotations.NullMarked;
