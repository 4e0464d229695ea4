/**
 * The program: puts sources, replicas and sinks together and runs them, in this process or on a
 * cluster. {@link dev.drey.jobs.Drey} is the main class of both.
 */
@NullMarked
package dev.drey.jobs;

import org.jspecify.annotations.NullMarked;
