/**
 * Measures a machine for one model: products by shape, attention, memory, and how fast experts come
 * in; about three seconds, kept in a file. Allocates through the device like an engine and frees
 * all of it. One thread asks; some probes use threads of their own.
 */
@NullMarked
package dev.drey.runtime.probe;

import org.jspecify.annotations.NullMarked;
