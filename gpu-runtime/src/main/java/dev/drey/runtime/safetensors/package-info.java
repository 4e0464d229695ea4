/**
 * Bytes on disk as named tensor regions, fully validated before anyone reads them. Files are read
 * by position, never mapped, so that a file that shrinks is an error and not a signal. Owns open
 * files, no buffers. May import {@code model} only.
 */
@NullMarked
package dev.drey.runtime.safetensors;

import org.jspecify.annotations.NullMarked;
