package dev.drey.runtime.synth;

import dev.drey.runtime.model.DType;
import dev.drey.runtime.safetensors.TensorSpec;
import dev.drey.runtime.synth.SyntheticTensor.Kind;
import java.util.ArrayList;
import java.util.List;

/**
 * Tensors in the order in which they are written. Deviations follow the usual initialisation scaled
 * up a little, so that hidden states keep their size from layer to layer and routers choose
 * clearly.
 */
final class TensorList {
  /** Standard deviation of logits and router scores. */
  static final double OUTPUT_GAIN = 2.4;

  /** Standard deviation of embeddings. */
  static final double EMBEDDING_DEVIATION = 0.8;

  private static final double LINEAR_GAIN = 1.25;

  private final SyntheticSpec spec;
  private final String prefix;
  private final List<SyntheticTensor> tensors = new ArrayList<>();

  private TensorList(SyntheticSpec spec, String prefix) {
    this.spec = spec;
    this.prefix = prefix;
  }

  /** What all families have outside of the decoder layers. */
  static List<SyntheticTensor> outer(SyntheticSpec spec) {
    TensorList list = new TensorList(spec, "");
    int vocabulary = spec.vocabulary();
    int hidden = spec.hidden();
    list.add("model.embed_tokens.weight", Kind.EMBEDDING, EMBEDDING_DEVIATION, vocabulary, hidden);
    list.add("lm_head.weight", Kind.OUTPUT, score(hidden), vocabulary, hidden);
    return list.ones("model.norm.weight", hidden).tensors();
  }

  /** A decoder layer, which begins with the norms before its two blocks. */
  static TensorList layer(SyntheticSpec spec, int layer) {
    return new TensorList(spec, "model.layers." + layer + ".")
        .ones("input_layernorm.weight", spec.hidden())
        .ones("post_attention_layernorm.weight", spec.hidden());
  }

  private static double score(int hidden) {
    return OUTPUT_GAIN / Math.sqrt(hidden);
  }

  private static double linear(int inputs) {
    return LINEAR_GAIN / Math.sqrt(inputs);
  }

  TensorList ones(String name, long... shape) {
    return add(name, Kind.ONES, 0, shape);
  }

  TensorList zeros(String name, long... shape) {
    return add(name, Kind.ZEROS, 0, shape);
  }

  /** Zeros of a type other than bfloat16. */
  TensorList zeros(String name, DType type, long... shape) {
    tensors.add(new SyntheticTensor(new TensorSpec(prefix + name, type, shape), Kind.ZEROS, 0));
    return this;
  }

  /** A projection whose products stay within a block. */
  TensorList inner(String name, int outputs, int inputs) {
    return inner(name, inputs, new long[] {outputs, inputs});
  }

  /** Projections in one tensor, each of so many inputs. */
  TensorList inner(String name, int inputs, long[] shape) {
    return add(name, Kind.INNER, linear(inputs), shape);
  }

  /** A projection whose products are added to the residual stream. */
  TensorList ontoStream(String name, int inputs) {
    return ontoStream(name, inputs, new long[] {spec.hidden(), inputs});
  }

  /** Such projections in one tensor, each of so many inputs. */
  TensorList ontoStream(String name, int inputs, long[] shape) {
    return add(name, Kind.ONTO_STREAM, linear(inputs), shape);
  }

  /** Queries, keys, values and output of grouped-query attention. */
  TensorList attention() {
    int queries = spec.heads() * spec.headDim();
    int keys = spec.kvHeads() * spec.headDim();
    return inner("self_attn.q_proj.weight", queries, spec.hidden())
        .inner("self_attn.k_proj.weight", keys, spec.hidden())
        .inner("self_attn.v_proj.weight", keys, spec.hidden())
        .ontoStream("self_attn.o_proj.weight", queries);
  }

  TensorList router(String name) {
    return add(name, Kind.ROUTER, score(spec.hidden()), spec.experts(), spec.hidden());
  }

  /** The routed experts, under the most common names. */
  TensorList experts() {
    for (int expert = 0; expert < spec.experts(); expert++) {
      network("mlp.experts." + expert + ".", spec.intermediate());
    }
    return this;
  }

  /** A feed-forward network, under the most common names. */
  TensorList network(String name, int width) {
    return network(name, "gate_proj", "up_proj", "down_proj", width);
  }

  TensorList network(String name, String gate, String up, String down, int width) {
    return inner(name + gate + ".weight", width, spec.hidden())
        .inner(name + up + ".weight", width, spec.hidden())
        .ontoStream(name + down + ".weight", width);
  }

  List<SyntheticTensor> tensors() {
    return List.copyOf(tensors);
  }

  private TensorList add(String name, Kind kind, double deviation, long... shape) {
    TensorSpec tensor = new TensorSpec(prefix + name, DType.BF16, shape);
    tensors.add(new SyntheticTensor(tensor, kind, deviation));
    return this;
  }
}
