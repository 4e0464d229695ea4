package dev.drey.runtime.synth;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.runtime.model.BFloat16;
import dev.drey.runtime.safetensors.SafetensorsWriter;
import dev.drey.runtime.safetensors.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes a checkpoint with random weights in the published file layout: one shard per layer, an
 * index, config.json, tokenizer.json.
 */
public final class SyntheticModel {
  private static final int BUFFER_BYTES = 8 << 20;
  private static final short ONE = BFloat16.toBits(1);

  private final Family family;
  private final SyntheticSpec spec;
  private final @Nullable PlantedRouting planted;
  private final Path directory;
  private final GaussianWeights weights;
  private final ByteBuffer buffer =
      ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final Map<String, String> shardOf = new LinkedHashMap<>();
  private long totalBytes;

  private SyntheticModel(
      Family family, SyntheticSpec spec, SyntheticRouting routing, Path directory) {
    this.family = family;
    this.spec = spec;
    this.planted = routing.isPlanted() ? new PlantedRouting(spec, routing) : null;
    this.directory = directory;
    this.weights = new GaussianWeights(spec.seed());
  }

  /**
   * Writes a Qwen3-MoE model whose routers have no structure.
   *
   * @param directory created if absent
   * @throws IOException if a file cannot be written
   */
  public static void write(SyntheticSpec spec, Path directory) throws IOException {
    write(SyntheticFamily.QWEN3_MOE, spec, SyntheticRouting.NONE, directory);
  }

  /**
   * Writes a model. The same arguments give the same bytes.
   *
   * @param directory created if absent
   * @throws IllegalArgumentException if the family cannot have these dimensions, or they leave no
   *     room for what routing asks for; nothing is written then
   * @throws IOException if a file cannot be written
   */
  public static void write(
      SyntheticFamily family, SyntheticSpec spec, SyntheticRouting routing, Path directory)
      throws IOException {
    family.layout().require(spec);
    new SyntheticModel(family.layout(), spec, routing, directory).write();
  }

  private void write() throws IOException {
    Files.createDirectories(directory);
    int shards = spec.layers() + 1;
    shard(1, shards, TensorList.outer(spec));
    for (int layer = 0; layer < spec.layers(); layer++) {
      shard(layer + 2, shards, family.layer(spec, layer));
    }
    writeIndex();
    write("config.json", family.config(spec));
    SyntheticTokenizer.write(spec.vocabulary(), directory);
  }

  private void shard(int number, int shards, List<SyntheticTensor> tensors) throws IOException {
    String name = "model-%05d-of-%05d.safetensors".formatted(number, shards);
    List<TensorSpec> specs = tensors.stream().map(SyntheticTensor::tensor).toList();
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(directory.resolve(name), specs, Map.of("format", "pt"))) {
      for (SyntheticTensor tensor : tensors) {
        shardOf.put(tensor.tensor().name(), name);
        totalBytes += tensor.tensor().bytes();
        write(writer, tensor);
      }
      writer.finish();
    }
  }

  private void write(SafetensorsWriter writer, SyntheticTensor tensor) throws IOException {
    switch (tensor.kind()) {
      case ZEROS -> fill(writer, tensor, target -> fillConstant(target, (short) 0));
      case ONES -> fill(writer, tensor, target -> fillConstant(target, ONE));
      case INNER -> gaussian(writer, tensor, tensor.deviation());
      case ONTO_STREAM ->
          gaussian(
              writer,
              tensor,
              planted == null ? tensor.deviation() : tensor.deviation() * planted.streamGain());
      case EMBEDDING, OUTPUT, ROUTER -> {
        if (planted == null) {
          gaussian(writer, tensor, tensor.deviation());
        } else {
          rows(writer, tensor, planted);
        }
      }
    }
  }

  private void gaussian(SafetensorsWriter writer, SyntheticTensor tensor, double deviation)
      throws IOException {
    short[] table = weights.scaled(deviation);
    fill(writer, tensor, target -> weights.fill(target, table));
  }

  private void fill(SafetensorsWriter writer, SyntheticTensor tensor, Consumer<ByteBuffer> fill)
      throws IOException {
    long left = tensor.tensor().bytes();
    while (left > 0) {
      buffer.clear().limit((int) Math.min(left, BUFFER_BYTES));
      left -= buffer.limit();
      fill.accept(buffer);
      writer.write(tensor.tensor().name(), buffer.flip());
    }
  }

  private static void fillConstant(ByteBuffer target, short half) {
    while (target.remaining() >= Short.BYTES) {
      target.putShort(half);
    }
  }

  private void rows(SafetensorsWriter writer, SyntheticTensor tensor, PlantedRouting shape)
      throws IOException {
    if (tensor.kind() == SyntheticTensor.Kind.ROUTER) {
      float[][] rows = new float[spec.experts()][spec.hidden()];
      for (float[] row : rows) {
        weights.fill(row, tensor.deviation());
      }
      shape.router(rows);
      for (float[] row : rows) {
        write(writer, tensor, row);
      }
      return;
    }
    float[] row = new float[spec.hidden()];
    for (int token = 0; token < spec.vocabulary(); token++) {
      weights.fill(row, tensor.deviation());
      if (tensor.kind() == SyntheticTensor.Kind.EMBEDDING) {
        shape.embedding(token, row);
      } else {
        shape.output(token, row);
      }
      write(writer, tensor, row);
    }
  }

  private void write(SafetensorsWriter writer, SyntheticTensor tensor, float[] row)
      throws IOException {
    buffer.clear();
    for (float number : row) {
      buffer.putShort(BFloat16.toBits(number));
    }
    writer.write(tensor.tensor().name(), buffer.flip());
  }

  private void writeIndex() throws IOException {
    ObjectNode index = new ObjectMapper().createObjectNode();
    index.putObject("metadata").put("total_size", totalBytes);
    ObjectNode map = index.putObject("weight_map");
    shardOf.forEach(map::put);
    write("model.safetensors.index.json", index);
  }

  private void write(String name, ObjectNode json) throws IOException {
    new ObjectMapper()
        .writerWithDefaultPrettyPrinter()
        .writeValue(directory.resolve(name).toFile(), json);
  }
}
