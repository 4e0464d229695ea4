/**
 * Predictors: which experts later layers are likely to need, with a score. Predictions move bytes
 * earlier; they never change output.
 */
@NullMarked
package dev.drey.runtime.predict;

import org.jspecify.annotations.NullMarked;
