/**
 * Records as JSON lines: {@link dev.drey.schemas.json.RequestJsonCodec} for requests, {@link
 * dev.drey.schemas.json.JsonCodec} for results and dead letters.
 *
 * <h2>Form</h2>
 *
 * A line is one object in UTF-8 with the fields of the Avro schema, in its order, absent ones left
 * out. Bytes are two fields, {@code NAME_base64} and, where they are UTF-8, {@code NAME_text}.
 * Numbers are written as the shortest text that reads back to the same value, by an algorithm of
 * the JSON library and not of the JDK, whose versions differ: equal records are equal lines
 * everywhere.
 *
 * <h2>Strictness</h2>
 *
 * Nothing is guessed, repaired or ignored. Refused: invalid UTF-8, a byte order mark, lone
 * surrogates, anything after the object, fields that are unknown or given twice, values of another
 * type (16.0 is no integer), NaN and infinities, numbers out of range, input beyond the size limit.
 * Null is the same as absent. Reading is driven by the schema, so that nesting is bounded by it.
 */
@NullMarked
package dev.drey.schemas.json;

import org.jspecify.annotations.NullMarked;
