/**
 * The way of a prediction from a layer stage to the slot's engine: keys that stay in their replica,
 * the record on the edge, the operator in its own task. Nothing here ever blocks a stage.
 */
@NullMarked
package dev.drey.operators.prefetch;

import org.jspecify.annotations.NullMarked;
