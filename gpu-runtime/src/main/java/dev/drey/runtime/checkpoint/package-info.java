/**
 * What a model's directory says: the network's description read from {@code config.json} by
 * meaning, and every weight it needs, found and checked. Knows the names that architectures give to
 * tensors and configuration keys; nothing beyond this package does. Owns open files. May import
 * {@code model}, {@code safetensors} and, for the limits of parameters, {@code sampling}.
 */
@NullMarked
package dev.drey.runtime.checkpoint;

import org.jspecify.annotations.NullMarked;
