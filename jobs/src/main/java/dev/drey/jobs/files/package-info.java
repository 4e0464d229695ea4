/**
 * JSON-lines files in and out: a checkpointed source of lines, a sink of parts, and the join of the
 * parts into files in input order once the job is done.
 *
 * <p>Readers run in the source's fetcher threads and own their streams; the join runs in the
 * caller's thread. Nothing here knows Kafka or the engine.
 */
@NullMarked
package dev.drey.jobs.files;

import org.jspecify.annotations.NullMarked;
