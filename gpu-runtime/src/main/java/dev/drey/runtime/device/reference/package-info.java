/**
 * The oracle: every operation as plain loops over Java heap memory, as close to its definition as
 * it can be written. Slow. Sums are taken in double and rounded once, so a row's result cannot
 * depend on anything but the row. May import {@code device}, {@code model} and {@code memory} only.
 */
@NullMarked
package dev.drey.runtime.device.reference;

import org.jspecify.annotations.NullMarked;
