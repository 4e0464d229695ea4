/**
 * How threads of an engine are made, and teams of them that share the pieces of a job with their
 * caller: the compute threads of the cpu device and those that choose tokens. Owns its threads, no
 * memory.
 */
@NullMarked
package dev.drey.runtime.threads;

import org.jspecify.annotations.NullMarked;
