/**
 * The command line: reads flags, files and {@code -D} into settings, runs a command, shows progress
 * and summary, and turns failures into one message and an exit code.
 */
@NullMarked
package dev.drey.jobs.cli;

import org.jspecify.annotations.NullMarked;
