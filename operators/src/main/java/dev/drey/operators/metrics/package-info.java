/**
 * Numbers for Flink's metric system: request metrics under vLLM's names, and the group {@code moe}
 * for what experts do. Reads snapshots; never in the way of a step.
 */
@NullMarked
package dev.drey.operators.metrics;

import org.jspecify.annotations.NullMarked;
