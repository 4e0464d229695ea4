package dev.drey.runtime.synth;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.safetensors.SafetensorsWriter;
import dev.drey.runtime.safetensors.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a Qwen3-MoE checkpoint with random weights: the published file layout (one shard per
 * layer, an index, config.json, tokenizer.json). Deviations follow the usual initialisation scaled
 * up a little, so that hidden states keep their size from layer to layer and routers choose
 * clearly.
 */
public final class SyntheticModel {
  private static final int BUFFER_BYTES = 8 << 20;
  private static final double EMBEDDING_DEVIATION = 0.8;
  private static final double LINEAR_GAIN = 1.25;
  private static final double OUTPUT_GAIN = 2.4;

  private final SyntheticSpec spec;
  private final Path directory;
  private final GaussianWeights weights;
  private final ByteBuffer buffer =
      ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final Map<String, String> shardOf = new LinkedHashMap<>();
  private long totalBytes;

  private SyntheticModel(SyntheticSpec spec, Path directory) {
    this.spec = spec;
    this.directory = directory;
    this.weights = new GaussianWeights(spec.seed());
  }

  /** One tensor to be written; a deviation of 0 means all ones, as norms have. */
  private record Planned(TensorSpec tensor, double deviation) {}

  /**
   * Writes the model. The same specification gives the same bytes.
   *
   * @param directory created if absent
   * @throws IOException if a file cannot be written
   */
  public static void write(SyntheticSpec spec, Path directory) throws IOException {
    Files.createDirectories(directory);
    SyntheticModel model = new SyntheticModel(spec, directory);
    int shards = spec.layers() + 1;
    model.shard(1, shards, model.outer());
    for (int layer = 0; layer < spec.layers(); layer++) {
      model.shard(layer + 2, shards, model.layer(layer));
    }
    model.writeIndex();
    model.writeConfig();
    SyntheticTokenizer.write(spec.vocabulary(), directory);
  }

  private List<Planned> outer() {
    List<Planned> tensors = new ArrayList<>();
    int vocabulary = spec.vocabulary();
    int hidden = spec.hidden();
    tensors.add(planned("model.embed_tokens.weight", EMBEDDING_DEVIATION, vocabulary, hidden));
    tensors.add(planned("lm_head.weight", OUTPUT_GAIN / Math.sqrt(hidden), vocabulary, hidden));
    tensors.add(planned("model.norm.weight", 0, hidden));
    return tensors;
  }

  private List<Planned> layer(int layer) {
    List<Planned> tensors = new ArrayList<>();
    String prefix = "model.layers." + layer + ".";
    int hidden = spec.hidden();
    int queries = spec.heads() * spec.headDim();
    int keys = spec.kvHeads() * spec.headDim();
    double fromHidden = LINEAR_GAIN / Math.sqrt(hidden);
    tensors.add(planned(prefix + "input_layernorm.weight", 0, hidden));
    tensors.add(planned(prefix + "post_attention_layernorm.weight", 0, hidden));
    tensors.add(planned(prefix + "self_attn.q_norm.weight", 0, spec.headDim()));
    tensors.add(planned(prefix + "self_attn.k_norm.weight", 0, spec.headDim()));
    tensors.add(planned(prefix + "self_attn.q_proj.weight", fromHidden, queries, hidden));
    tensors.add(planned(prefix + "self_attn.k_proj.weight", fromHidden, keys, hidden));
    tensors.add(planned(prefix + "self_attn.v_proj.weight", fromHidden, keys, hidden));
    double fromQueries = LINEAR_GAIN / Math.sqrt(queries);
    tensors.add(planned(prefix + "self_attn.o_proj.weight", fromQueries, hidden, queries));
    double router = OUTPUT_GAIN / Math.sqrt(hidden);
    tensors.add(planned(prefix + "mlp.gate.weight", router, spec.experts(), hidden));
    double fromIntermediate = LINEAR_GAIN / Math.sqrt(spec.intermediate());
    for (int expert = 0; expert < spec.experts(); expert++) {
      String name = prefix + "mlp.experts." + expert + ".";
      int width = spec.intermediate();
      tensors.add(planned(name + "gate_proj.weight", fromHidden, width, hidden));
      tensors.add(planned(name + "up_proj.weight", fromHidden, width, hidden));
      tensors.add(planned(name + "down_proj.weight", fromIntermediate, hidden, width));
    }
    return tensors;
  }

  private static Planned planned(String name, double deviation, long... shape) {
    return new Planned(new TensorSpec(name, DType.BF16, shape), deviation);
  }

  private void shard(int number, int shards, List<Planned> tensors) throws IOException {
    String name = "model-%05d-of-%05d.safetensors".formatted(number, shards);
    List<TensorSpec> specs = tensors.stream().map(Planned::tensor).toList();
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(directory.resolve(name), specs, Map.of("format", "pt"))) {
      for (Planned planned : tensors) {
        shardOf.put(planned.tensor().name(), name);
        totalBytes += planned.tensor().bytes();
        fill(writer, planned);
      }
      writer.finish();
    }
  }

  private void fill(SafetensorsWriter writer, Planned planned) throws IOException {
    short[] table = planned.deviation() == 0 ? new short[0] : weights.scaled(planned.deviation());
    long left = planned.tensor().bytes();
    while (left > 0) {
      buffer.clear().limit((int) Math.min(left, BUFFER_BYTES));
      left -= buffer.limit();
      if (table.length == 0) {
        fillOnes();
      } else {
        weights.fill(buffer, table);
      }
      writer.write(planned.tensor().name(), buffer.flip());
    }
  }

  private void fillOnes() {
    short one = (short) (Float.floatToRawIntBits(1f) >>> 16);
    while (buffer.hasRemaining()) {
      buffer.putShort(one);
    }
  }

  private void writeIndex() throws IOException {
    ObjectNode index = new ObjectMapper().createObjectNode();
    index.putObject("metadata").put("total_size", totalBytes);
    ObjectNode map = index.putObject("weight_map");
    shardOf.forEach(map::put);
    write("model.safetensors.index.json", index);
  }

  private void writeConfig() throws IOException {
    ObjectNode config = new ObjectMapper().createObjectNode();
    config.putArray("architectures").add("Qwen3MoeForCausalLM");
    config.put("model_type", "qwen3_moe");
    config.put("attention_bias", false);
    config.put("bos_token_id", 0);
    config.put("eos_token_id", 0);
    config.put("decoder_sparse_step", 1);
    config.put("head_dim", spec.headDim());
    config.put("hidden_act", "silu");
    config.put("hidden_size", spec.hidden());
    config.put("intermediate_size", 4 * spec.hidden());
    config.put("max_position_embeddings", spec.maxPositions());
    config.putArray("mlp_only_layers");
    config.put("moe_intermediate_size", spec.intermediate());
    config.put("norm_topk_prob", true);
    config.put("num_attention_heads", spec.heads());
    config.put("num_experts", spec.experts());
    config.put("num_experts_per_tok", spec.expertsPerToken());
    config.put("num_hidden_layers", spec.layers());
    config.put("num_key_value_heads", spec.kvHeads());
    config.put("rms_norm_eps", 1e-6);
    config.putNull("rope_scaling");
    config.put("rope_theta", 10_000.0);
    config.put("tie_word_embeddings", false);
    config.put("torch_dtype", "bfloat16");
    config.put("use_sliding_window", false);
    config.put("vocab_size", spec.vocabulary());
    write("config.json", config);
  }

  private void write(String name, ObjectNode json) throws IOException {
    new ObjectMapper()
        .writerWithDefaultPrettyPrinter()
        .writeValue(directory.resolve(name).toFile(), json);
  }
}
