/**
 * An interpreter for the Jinja templates that models bring, which are programs by strangers.
 *
 * <p>The language is that of Jinja 3.1 as Hugging Face transformers sets it up for chat templates:
 * {@code trim_blocks}, {@code lstrip_blocks}, {@code break} and {@code continue}, {@code
 * generation} blocks, {@code tojson} without escaping for HTML, {@code raise_exception}, {@code
 * strftime_now}; values behave and print as Python's do. Left out are the loading of other
 * templates, automatic escaping (so {@code safe} changes nothing), formatting by {@code %} and
 * {@code format}, and the rarer filters; they are errors that name the construct and its line.
 *
 * <p><b>Sandbox.</b> A template sees the values it is given, converted to plain ones, and the
 * functions of this package, and nothing else: attributes are looked up by name in switches, never
 * by reflection; no file, class, property or clock is within reach; lists and dicts cannot be
 * changed. Steps, depth, characters made, output and time are bounded ({@link
 * dev.drey.runtime.jinja.RenderLimits}).
 *
 * <p>Imports nothing of ours.
 */
@NullMarked
package dev.drey.runtime.jinja;

import org.jspecify.annotations.NullMarked;
