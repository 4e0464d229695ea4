/**
 * The records on the wire, generated from {@code src/main/avro}: {@link
 * dev.drey.schemas.InferenceRequest}, {@link dev.drey.schemas.InferenceResult}, {@link
 * dev.drey.schemas.DeadLetter} and what they contain.
 *
 * <p>Nothing here is written by hand, and generated accessors say nothing about null, so the
 * package is not null-marked: the schema tells which fields may be null ({@code ["null", …]}). Wire
 * records are not engine state; whoever turns one into the other checks the ranges.
 */
@NullUnmarked
package dev.drey.schemas;

import org.jspecify.annotations.NullUnmarked;
