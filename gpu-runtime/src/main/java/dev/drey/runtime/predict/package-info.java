/**
 * Predictors: which experts later layers are likely to need, with a score. Predictions move bytes
 * earlier; they never change output. Deterministic: no clock, no I/O but the reading of a trained
 * predictor's file; of {@code device} nothing but the value {@code Routing}. The engine and the
 * trace simulator run the same classes. Not thread-safe.
 *
 * <p>Start reading at {@link dev.drey.runtime.predict.ExpertPredictor}. Those that learn from
 * routing are a {@link dev.drey.runtime.predict.HistoryPredictor}.
 */
@NullMarked
package dev.drey.runtime.predict;

import org.jspecify.annotations.NullMarked;
