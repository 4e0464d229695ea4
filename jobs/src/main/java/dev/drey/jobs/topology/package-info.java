/**
 * The job graph: environment, source, replicas, counting, sink. Builds only; running it is the
 * business of {@code local} or of a cluster.
 */
@NullMarked
package dev.drey.jobs.topology;

import org.jspecify.annotations.NullMarked;
