/**
 * Logits to tokens: penalties, truncation, counter-based draws. Pure functions of their arguments.
 */
@NullMarked
package dev.drey.runtime.sampling;

import org.jspecify.annotations.NullMarked;
