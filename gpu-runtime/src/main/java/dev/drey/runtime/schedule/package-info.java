/**
 * Which sequences run in a step and where each stands: table, chunked prefill, decode, preemption,
 * completion. One thread, the head's.
 */
@NullMarked
package dev.drey.runtime.schedule;

import org.jspecify.annotations.NullMarked;
