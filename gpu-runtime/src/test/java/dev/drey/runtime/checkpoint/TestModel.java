package dev.drey.runtime.checkpoint;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.Network;
import dev.drey.runtime.model.NetworkPart;
import dev.drey.runtime.model.Weight;
import dev.drey.runtime.model.WeightShape;
import dev.drey.runtime.safetensors.Fixtures;
import dev.drey.runtime.safetensors.SafetensorsWriter;
import dev.drey.runtime.safetensors.TensorSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** Models written for a test: the golden configuration changed, with weights that fit it. */
final class TestModel {
  private static final JsonMapper MAPPER = new JsonMapper();

  private TestModel() {}

  /** The golden model's {@code config.json}, changed. */
  static JsonConfig config(Consumer<ObjectNode> change) {
    return JsonConfig.parse(
        Path.of("config.json"), json(change).toString().getBytes(StandardCharsets.UTF_8));
  }

  private static ObjectNode json(Consumer<ObjectNode> change) {
    try {
      Path golden = Fixtures.golden("qwen3_moe").resolve("config.json");
      ObjectNode json = (ObjectNode) MAPPER.readTree(golden.toFile());
      change.accept(json);
      return json;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes the configuration, and every weight it needs as zeros after {@code weights} changed. */
  static Path write(Path dir, Consumer<ObjectNode> change, UnaryOperator<List<TensorSpec>> weights)
      throws IOException {
    Files.createDirectories(dir);
    Files.writeString(dir.resolve("config.json"), json(change).toString());
    Architecture architecture = new Qwen3MoeArchitecture();
    ModelConfig config = architecture.read(config(change));
    List<TensorSpec> specs = tensors(config, architecture.names(config, config(change)));
    List<TensorSpec> changed = weights.apply(specs);
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(dir.resolve("model.safetensors"), changed, Map.of())) {
      for (TensorSpec spec : changed) {
        writer.write(spec.name(), ByteBuffer.allocate((int) spec.bytes()));
      }
      writer.finish();
    }
    return dir;
  }

  /** Every tensor that a model needs, as bfloat16. */
  static List<TensorSpec> tensors(ModelConfig model, TensorNames names) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    for (WeightShape weight : model.globalWeights()) {
      if (weight.weight() != Weight.OUTPUT || !model.tiedEmbeddings()) {
        add(shapes, names.global(weight));
      }
    }
    for (int layer = 0; layer < model.layers(); layer++) {
      for (WeightShape weight : model.weights(layer)) {
        add(shapes, names.layer(layer, weight));
      }
      for (NetworkPart part : NetworkPart.values()) {
        for (Network network : model.networks(layer)) {
          add(shapes, names.network(layer, network, 0, part));
        }
        for (int expert = 0; model.isMoe(layer) && expert < model.moe().experts(); expert++) {
          add(shapes, names.network(layer, Network.EXPERT, expert, part));
        }
      }
    }
    List<TensorSpec> specs = new ArrayList<>();
    shapes.forEach((name, shape) -> specs.add(new TensorSpec(name, DType.BF16, shape)));
    return specs;
  }

  private static void add(Map<String, long[]> shapes, StoredAs stored) {
    shapes.put(stored.tensor(), stored.shape());
  }

  /** Replaces the tensor of a name. */
  static UnaryOperator<List<TensorSpec>> replacing(String name, TensorSpec by) {
    return specs -> specs.stream().map(spec -> spec.name().equals(name) ? by : spec).toList();
  }
}
