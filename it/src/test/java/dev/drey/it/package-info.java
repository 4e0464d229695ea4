/**
 * Whole jobs against real brokers, real clusters and the sample model: what holds when processes
 * die, records are bad, budgets are small and jobs are stopped and restored. Tests tagged {@code
 * long} run with the profile of that name only.
 */
@NullMarked
package dev.drey.it;

import org.jspecify.annotations.NullMarked;
