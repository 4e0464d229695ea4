/**
 * A replica: gated source, request reader, decode head, layer stages, sampler, and how they are put
 * together. Everything of one replica runs in one task's thread. Knows Flink's public interfaces
 * only; what needs others is in {@code flink}.
 */
@NullMarked
package dev.drey.operators.pipeline;

import org.jspecify.annotations.NullMarked;
