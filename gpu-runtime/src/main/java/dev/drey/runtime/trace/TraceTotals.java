package dev.drey.runtime.trace;

/**
 * What the end of a trace file says of it.
 *
 * @param chunks chunks in the file
 * @param events events in them
 * @param dropped events that were not recorded, for want of room
 * @param nanos when the last event happened
 */
public record TraceTotals(long chunks, long events, long dropped, long nanos) {}
