/**
 * Runs in the own process: a Flink cluster inside this JVM, and the folder that lets a killed run
 * go on.
 */
@NullMarked
package dev.drey.jobs.local;

import org.jspecify.annotations.NullMarked;
