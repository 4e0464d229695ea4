/**
 * Conversations to prompts, by the chat template that a model's directory holds. May import {@code
 * safetensors} for the directory and its errors, and {@code jinja}, which renders.
 */
@NullMarked
package dev.drey.runtime.chat;

import org.jspecify.annotations.NullMarked;
