package dev.drey.jobs.files;

import dev.drey.operators.records.SourceRecord;

/**
 * A record and where its split goes on behind it.
 *
 * @param record the record
 * @param endOffset position of the next line
 */
record Line(SourceRecord record, long endOffset) {}
