/**
 * The CPU device: matrix products by oneDNN, the rest in Java. The only package that may import
 * {@code org.bytedeco}; otherwise {@code device}, {@code model}, {@code memory} and {@code threads}
 * only.
 */
@NullMarked
package dev.drey.runtime.device.cpu;

import org.jspecify.annotations.NullMarked;
