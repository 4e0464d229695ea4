/**
 * Measurements that back the figures in docs: decision costs, the cost of recording a trace, the
 * speed of simulations, what more records cost. Run by {@code mvn -Pbenchmarks}, never by {@code
 * mvn verify}; they need a quiet machine and fail where a stated limit is missed.
 */
@NullMarked
package dev.drey.it.benchmark;

import org.jspecify.annotations.NullMarked;
