/**
 * The host tier: experts in memory that devices copy from at full speed, between storage and the
 * residency windows of the process. Owns that memory and its budget; thread-safe.
 */
@NullMarked
package dev.drey.runtime.hosttier;

import org.jspecify.annotations.NullMarked;
