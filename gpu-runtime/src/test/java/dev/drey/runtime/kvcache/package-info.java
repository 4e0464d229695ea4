@NullMarked
package dev.drey.runtime.kvcache;

import org.jspecify.annotations.NullMarked;
