/**
 * Text to token ids and back, by the model's {@code tokenizer.json}. The only importer of the
 * tokenizers library; owns its native memory. May import {@code safetensors} for its errors.
 */
@NullMarked
package dev.drey.runtime.tokenizer;

import org.jspecify.annotations.NullMarked;
