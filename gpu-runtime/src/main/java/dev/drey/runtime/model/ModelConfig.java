package dev.drey.runtime.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Everything the forward pass needs to know about a model, independent of tensor names and files.
 *
 * @param architecture name of the architecture as in {@code config.json}, e.g. {@code qwen3_moe}
 * @param vocabulary rows of the embedding and of the output projection
 * @param hidden model width
 * @param maxPositions longest supported sequence, in tokens
 * @param norm every norm
 * @param multipliers constant factors
 * @param tiedEmbeddings whether the output projection is the embedding matrix
 * @param outputBias whether the output projection has a bias
 * @param decoder the decoder layers in order
 * @param moe feed-forward of the routed layers
 * @param denseIntermediate width of the network of the other layers
 */
public record ModelConfig(
    String architecture,
    int vocabulary,
    int hidden,
    int maxPositions,
    NormConfig norm,
    Multipliers multipliers,
    boolean tiedEmbeddings,
    boolean outputBias,
    List<LayerConfig> decoder,
    MoeConfig moe,
    int denseIntermediate) {

  public ModelConfig {
    decoder = List.copyOf(decoder);
  }

  /** The same model for sequences no longer than this: what computes it needs no more room. */
  public ModelConfig upTo(int positions) {
    return new ModelConfig(
        architecture,
        vocabulary,
        hidden,
        Math.min(maxPositions, positions),
        norm,
        multipliers,
        tiedEmbeddings,
        outputBias,
        decoder,
        moe,
        denseIntermediate);
  }

  /** Number of decoder layers. */
  public int layers() {
    return decoder.size();
  }

  /** Attention of a layer. */
  public AttentionConfig attention(int layer) {
    return decoder.get(layer).attention();
  }

  /** Whether this layer routes tokens to experts. */
  public boolean isMoe(int layer) {
    return decoder.get(layer).routed();
  }

  /** The decoder layers that have routed experts, rising. */
  public List<Integer> routedLayers() {
    return IntStream.range(0, layers()).filter(this::isMoe).boxed().toList();
  }

  /** Number of layers that route to experts. */
  public int moeLayers() {
    return (int) decoder.stream().filter(LayerConfig::routed).count();
  }

  /** Shape of every routed expert. */
  public ExpertShape expertShape() {
    return new ExpertShape(hidden, moe.intermediate());
  }

  /** Number of routed experts in the whole model. */
  public int totalExperts() {
    return moeLayers() * moe.experts();
  }

  /** Shape of a feed-forward network. */
  public ExpertShape networkShape(Network network) {
    return new ExpertShape(
        hidden,
        switch (network) {
          case DENSE -> denseIntermediate;
          case SHARED -> moe.sharedIntermediate();
          case EXPERT -> moe.intermediate();
        });
  }

  /** The always-resident feed-forward networks of a layer. */
  public List<Network> networks(int layer) {
    if (!isMoe(layer)) {
      return List.of(Network.DENSE);
    }
    return moe.sharedIntermediate() > 0 ? List.of(Network.SHARED) : List.of();
  }

  /** The always-resident weights of a layer, feed-forward networks aside. */
  public List<WeightShape> weights(int layer) {
    List<WeightShape> weights = new ArrayList<>();
    addNorm(weights, Weight.ATTENTION_NORM, Weight.ATTENTION_NORM_BIAS);
    weights.addAll(attention(layer).weights(hidden));
    addNorm(weights, Weight.FEED_FORWARD_NORM, Weight.FEED_FORWARD_NORM_BIAS);
    if (isMoe(layer)) {
      addRouter(weights);
    }
    return weights;
  }

  private void addRouter(List<WeightShape> weights) {
    weights.add(WeightShape.table(Weight.ROUTER, moe.experts(), hidden));
    if (moe.router().logitBias()) {
      weights.add(WeightShape.vector(Weight.ROUTER_BIAS, moe.experts()));
    }
    if (moe.router().choiceBias()) {
      weights.add(WeightShape.vector(Weight.CHOICE_BIAS, moe.experts()));
    }
    if (moe.sharedGate()) {
      weights.add(WeightShape.table(Weight.SHARED_ROUTER, 1, hidden));
    }
    if (moe.expertBias()) {
      int width = moe.intermediate();
      weights.add(WeightShape.table(Weight.EXPERT_GATE_BIAS, moe.experts(), width));
      weights.add(WeightShape.table(Weight.EXPERT_UP_BIAS, moe.experts(), width));
      weights.add(WeightShape.table(Weight.EXPERT_DOWN_BIAS, moe.experts(), hidden));
    }
  }

  /** The always-resident weights outside of the layers. */
  public List<WeightShape> globalWeights() {
    List<WeightShape> weights = new ArrayList<>();
    weights.add(WeightShape.lookup(Weight.EMBEDDING, vocabulary, hidden));
    addNorm(weights, Weight.FINAL_NORM, Weight.FINAL_NORM_BIAS);
    weights.add(WeightShape.matrix(Weight.OUTPUT, vocabulary, hidden));
    if (outputBias) {
      weights.add(WeightShape.vector(Weight.OUTPUT_BIAS, vocabulary));
    }
    return weights;
  }

  private void addNorm(List<WeightShape> weights, Weight scale, Weight offset) {
    weights.add(WeightShape.vector(scale, hidden));
    if (norm.kind() == NormConfig.Kind.LAYER) {
      weights.add(WeightShape.vector(offset, hidden));
    }
  }

  /** Every weight matrix that rows are multiplied by, experts aside, each shape once. */
  public List<MatrixShape> projections() {
    return shapes(WeightShape.Form.MATRIX);
  }

  /** Every weight matrix that the rows of one head are multiplied by, each shape once. */
  public List<MatrixShape> headProjections() {
    return shapes(WeightShape.Form.HEADS);
  }

  private List<MatrixShape> shapes(WeightShape.Form form) {
    List<WeightShape> all = new ArrayList<>(globalWeights());
    for (LayerConfig layer : decoder.stream().distinct().toList()) {
      all.addAll(layer.attention().weights(hidden));
    }
    return all.stream()
        .filter(weight -> weight.form() == form)
        .map(WeightShape::shape)
        .distinct()
        .toList();
  }

  /**
   * Whether small errors in what a layer's attention is computed from grow: in recurrent state they
   * add up over the tokens, and SparseMixer's weights jump.
   */
  public boolean amplifiesErrors() {
    return moe.router().score() == RouterConfig.Score.SPARSE_MIXER
        || decoder.stream().anyMatch(layer -> layer.attention() instanceof GatedDeltaRule);
  }

  /** Number of decoder layers that keep keys and values. */
  public int kvLayers() {
    return kvLayer(layers());
  }

  /**
   * Lengths beyond which all positions of a sequence are embedded otherwise, those that are never
   * reached excepted. Keys of the same tokens differ between sequences on different sides of one.
   */
  public Set<Integer> embeddingLimits() {
    Set<Integer> limits = new TreeSet<>();
    for (LayerConfig layer : decoder) {
      RotaryConfig rotary = layer.attention().rotary();
      if (rotary != null && rotary.scaling() instanceof RotaryScaling.LongRope longRope) {
        limits.add(longRope.originalPositions());
      }
    }
    return limits;
  }

  /** Number of such layers before this one: its place in the key/value pool. */
  public int kvLayer(int layer) {
    int before = 0;
    for (int i = 0; i < layer; i++) {
      before += attention(i).kvHeads() > 0 ? 1 : 0;
    }
    return before;
  }
}
