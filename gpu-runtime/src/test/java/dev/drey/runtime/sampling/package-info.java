@NullMarked
package dev.drey.runtime.sampling;

import org.jspecify.annotations.NullMarked;
