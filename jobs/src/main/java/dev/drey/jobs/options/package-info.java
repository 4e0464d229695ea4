/**
 * What can be set: every {@code drey.*} key with its type, default, flag and check, and the way
 * from a file, {@code -D} and flags to one validated configuration.
 *
 * <p>Nothing here starts anything or touches the network.
 */
@NullMarked
package dev.drey.jobs.options;

import org.jspecify.annotations.NullMarked;
