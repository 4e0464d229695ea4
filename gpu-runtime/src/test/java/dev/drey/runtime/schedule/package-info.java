@NullMarked
package dev.drey.runtime.schedule;

import org.jspecify.annotations.NullMarked;
