/**
 * Records to Avro bytes and back, and what every codec shares: {@link
 * dev.drey.schemas.serde.RecordCodec}, its one error {@link
 * dev.drey.schemas.serde.RecordFormatException}, and what a request asks for ({@link
 * dev.drey.schemas.serde.RequestKind}).
 *
 * <h2>Bytes of a record</h2>
 *
 * Avro single-object encoding: {@code C3 01}, the CRC-64-AVRO fingerprint of the writer's schema (8
 * bytes, little endian), the Avro binary body, and nothing after it. The fingerprint makes a value
 * readable without a registry, which a job that also reads files and runs on one machine cannot
 * count on, and makes bytes of another format recognisable as such. A registry's framing (a zero
 * byte and a registry id) would be a further codec beside this one.
 *
 * <h2>Versions</h2>
 *
 * The folder {@code history} beside the schemas keeps every published version of each record
 * ({@code InferenceRequest.v1.avsc}, {@code .v2.avsc} …), the newest equal to the current schema. A
 * codec resolves any of them to the current schema; a schema published later by someone else can be
 * added with {@link dev.drey.schemas.serde.AvroCodec#alsoReading}. A new version may add a field
 * with a default or drop a field that has one, and so stays readable both ways; tests hold every
 * pair of versions to that.
 *
 * <p>Bytes come from strangers: a body is walked against its schema before anything is allocated
 * for it.
 */
@NullMarked
package dev.drey.schemas.serde;

import org.jspecify.annotations.NullMarked;
