package dev.drey.runtime.plan;

import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.Network;
import dev.drey.runtime.model.WeightShape;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;

/**
 * A product with weights that a forward pass consists of; products of one shape are one.
 *
 * @param kind what is multiplied
 * @param shape the matrix, or the gate projection of a feed-forward network
 */
public record Product(Kind kind, MatrixShape shape) implements Comparable<Product> {
  /** What is multiplied. */
  public enum Kind {
    /** A single matrix of a layer. */
    MATRIX,
    /** A feed-forward network that every row passes: three matrices and the activation. */
    NETWORK,
    /** A routed expert, likewise. */
    EXPERT,
    /** Output projection to the vocabulary. */
    LOGITS
  }

  private static final Comparator<Product> ORDER =
      Comparator.comparing(Product::kind)
          .thenComparing(product -> product.shape().outputs())
          .thenComparing(product -> product.shape().inputs());

  /** The products of a model, each with how often all rows of a step go through it. */
  public static Map<Product, Integer> of(ModelConfig model) {
    Map<Product, Integer> uses = new TreeMap<>();
    for (int layer = 0; layer < model.layers(); layer++) {
      for (WeightShape weight : model.weights(layer)) {
        if (weight.form() == WeightShape.Form.MATRIX) {
          uses.merge(new Product(Kind.MATRIX, weight.shape()), 1, Integer::sum);
        }
      }
      for (Network network : model.networks(layer)) {
        MatrixShape shape = model.networkShape(network).gateUp();
        uses.merge(new Product(Kind.NETWORK, shape), 1, Integer::sum);
      }
    }
    uses.put(expert(model), 0);
    uses.put(logits(model), 0);
    return uses;
  }

  /** A routed expert; rows go through those of their choice. */
  public static Product expert(ModelConfig model) {
    return new Product(Kind.EXPERT, model.expertShape().gateUp());
  }

  /** The output projection; only rows whose logits are wanted go through it. */
  public static Product logits(ModelConfig model) {
    return new Product(Kind.LOGITS, new MatrixShape(model.vocabulary(), model.hidden()));
  }

  /** Whether it is a feed-forward network. */
  public boolean isNetwork() {
    return kind == Kind.NETWORK || kind == Kind.EXPERT;
  }

  /** Number of weights. */
  public long elements() {
    return shape.elements() * (isNetwork() ? 3 : 1);
  }

  /** Floating-point operations per row: a multiplication and an addition per weight. */
  public long flopsPerRow() {
    return 2 * elements();
  }

  @Override
  public int compareTo(Product other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return kind + " " + shape;
  }
}
