/**
 * Compares a model's forward pass with reference outputs that another implementation computed: the
 * golden file, the tolerances, the verdict. May import everything but {@code slot}, {@code bench}
 * and {@code routing}.
 */
@NullMarked
package dev.drey.runtime.verify;

import org.jspecify.annotations.NullMarked;
