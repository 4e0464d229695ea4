package dev.drey.jobs.cli;

import org.apache.flink.configuration.Configuration;

/**
 * One use of a command.
 *
 * @param settings everything that was set, merged but not validated
 * @param console where to write
 * @param json whether the result is wanted as JSON
 */
public record Invocation(Configuration settings, Console console, boolean json) {}
