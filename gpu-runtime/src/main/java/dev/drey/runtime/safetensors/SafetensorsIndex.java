package dev.drey.runtime.safetensors;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * {@code model.safetensors.index.json}: which file of a sharded checkpoint holds which tensor.
 * Names of files are only taken as text here; {@link ModelDirectory} decides what may be opened.
 */
final class SafetensorsIndex {
  static final String FILE = "model.safetensors.index.json";
  private static final int MAX_BYTES = 32 << 20;

  /** Over twice what the largest published checkpoints have. */
  private static final int MAX_TENSORS = 500_000;

  private static final int MAX_SHARDS = 10_000;
  private static final Pattern SHARD = Pattern.compile("model(-[0-9]+-of-[0-9]+)?\\.safetensors");

  private final Path file;
  private final byte[] content;
  private final Map<String, String> shardOfTensor = new LinkedHashMap<>();

  private SafetensorsIndex(Path file, byte[] content) {
    this.file = file;
    this.content = content;
  }

  /**
   * Reads the index of a directory.
   *
   * @throws ModelFileException if it is damaged or empty
   */
  static SafetensorsIndex read(ModelDirectory directory) {
    byte[] content = directory.read(FILE, MAX_BYTES);
    SafetensorsIndex index = new SafetensorsIndex(directory.file(FILE), content);
    StrictJson.read(
        index.file,
        "index",
        content,
        parser -> {
          index.readObject(parser);
          return index;
        });
    if (index.shardOfTensor.isEmpty()) {
      throw index.refuse("key 'weight_map'", "at least one tensor", "none");
    }
    return index;
  }

  /** Whether a file name is one that shards of a checkpoint have. */
  static boolean isShardName(String name) {
    return SHARD.matcher(name).matches();
  }

  Path file() {
    return file;
  }

  byte[] content() {
    return content.clone();
  }

  /** File name by tensor name. */
  Map<String, String> shardOfTensor() {
    return Collections.unmodifiableMap(shardOfTensor);
  }

  /** Every file name once. */
  SortedSet<String> shards() {
    return new TreeSet<>(shardOfTensor.values());
  }

  private void readObject(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw refuse("index", "a JSON object", "something else");
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      boolean map = parser.currentName().equals("weight_map");
      JsonToken value = parser.nextToken();
      if (!map) {
        parser.skipChildren();
      } else if (value != JsonToken.START_OBJECT) {
        throw refuse("key 'weight_map'", "an object", "something else");
      } else {
        readWeightMap(parser);
      }
    }
  }

  private void readWeightMap(JsonParser parser) throws IOException {
    Map<String, String> shards = new HashMap<>(); // one text per file instead of one per tensor
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String tensor = parser.currentName();
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        throw refuse(ModelFileException.tensor(tensor), "a file name", "something else");
      }
      if (shardOfTensor.size() == MAX_TENSORS) {
        throw refuse("key 'weight_map'", "at most " + MAX_TENSORS + " tensors", "more");
      }
      shardOfTensor.put(tensor, shards.computeIfAbsent(parser.getText(), shard -> shard));
      if (shards.size() > MAX_SHARDS) {
        throw refuse("key 'weight_map'", "at most " + MAX_SHARDS + " files", "more");
      }
    }
  }

  private ModelFileException refuse(String subject, String expected, String found) {
    return ModelFileException.of(
        file, subject, expected, found, "The index is damaged; fetch it again.");
  }
}
