package dev.drey.runtime.device.cpu;

import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.LatentAttention;
import dev.drey.runtime.model.ModelConfig;
import org.jspecify.annotations.Nullable;

/**
 * What softmax attention of a model looks like, in every layer that has it.
 *
 * @param heads query heads
 * @param kvHeads key/value heads
 * @param keyDim width of a query or key
 * @param valueDim width of a value
 */
record AttentionShape(int heads, int kvHeads, int keyDim, int valueDim) {
  /**
   * The shape of a model's layers, or null if none has softmax attention.
   *
   * @throws IllegalArgumentException if layers differ
   */
  static @Nullable AttentionShape of(ModelConfig model) {
    AttentionShape found = null;
    for (int layer = 0; layer < model.layers(); layer++) {
      AttentionShape shape = of(model.attention(layer));
      if (shape != null && found != null && !shape.equals(found)) {
        throw new IllegalArgumentException(
            "attention of layer %d is %s, of layers before it %s; the cpu device takes one shape"
                .formatted(layer, shape, found));
      }
      found = shape == null ? found : shape;
    }
    return found;
  }

  private static @Nullable AttentionShape of(AttentionConfig attention) {
    int heads = 0;
    if (attention instanceof GroupedQueryAttention grouped) {
      heads = grouped.heads();
    } else if (attention instanceof LatentAttention latent) {
      heads = latent.heads();
    }
    return heads == 0
        ? null
        : new AttentionShape(heads, attention.kvHeads(), attention.keyDim(), attention.valueDim());
  }

  /** Query heads per key/value head. */
  int group() {
    return heads / kvHeads;
  }
}
