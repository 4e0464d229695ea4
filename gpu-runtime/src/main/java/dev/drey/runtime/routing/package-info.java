/**
 * What a model's routers do, in a few figures: runs prompts through an engine of its own, which it
 * opens and closes, and reads the trace. Nothing else of the runtime imports it.
 */
@NullMarked
package dev.drey.runtime.routing;

import org.jspecify.annotations.NullMarked;
