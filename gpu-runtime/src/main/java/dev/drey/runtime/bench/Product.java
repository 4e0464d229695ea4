package dev.drey.runtime.bench;

import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.model.ModelConfig;

/** The products with weights that a forward pass consists of, one per shape. */
public enum Product {
  /** Query projection. */
  QUERY,
  /** Key projection; the value projection has the same shape. */
  KEY_VALUE,
  /** Attention's output projection. */
  OUTPUT,
  /** A routed expert: gate, up and down projection and the activation between them. */
  EXPERT,
  /** The feed-forward network of a dense layer. */
  DENSE,
  /** Output projection to the vocabulary. */
  LOGITS;

  /** Whether a model has this product. */
  boolean in(ModelConfig model) {
    return switch (this) {
      case EXPERT -> model.moeLayers() > 0;
      case DENSE -> !model.denseLayers().isEmpty();
      case QUERY, KEY_VALUE, OUTPUT, LOGITS -> true;
    };
  }

  /** Width between the projections of a feed-forward network; 0 for a single matrix. */
  int intermediate(ModelConfig model) {
    return switch (this) {
      case EXPERT -> model.moe().intermediate();
      case DENSE -> model.denseIntermediate();
      case QUERY, KEY_VALUE, OUTPUT, LOGITS -> 0;
    };
  }

  /** The matrix, or the gate projection of a feed-forward network. */
  MatrixShape shape(ModelConfig model) {
    int hidden = model.hidden();
    return switch (this) {
      case QUERY -> new MatrixShape(model.attention().queryWidth(), hidden);
      case KEY_VALUE -> new MatrixShape(model.attention().kvWidth(), hidden);
      case OUTPUT -> new MatrixShape(hidden, model.attention().queryWidth());
      case EXPERT, DENSE -> new MatrixShape(intermediate(model), hidden);
      case LOGITS -> new MatrixShape(model.vocabulary(), hidden);
    };
  }

  /** Number of weights. */
  long elements(ModelConfig model) {
    return shape(model).elements() * (intermediate(model) > 0 ? 3 : 1);
  }

  /** Floating-point operations per row: a multiplication and an addition per weight. */
  long flopsPerRow(ModelConfig model) {
    return 2 * elements(model);
  }
}
