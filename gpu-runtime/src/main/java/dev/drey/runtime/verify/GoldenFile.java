package dev.drey.runtime.verify;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reference outputs of a model: logits, routing, greedy continuations and log-likelihoods, with the
 * noise of the reference itself.
 *
 * @param prompts forward passes
 * @param greedy continuations by argmax
 * @param likelihoods scored continuations
 * @param noise what the reference loses in bfloat16
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record GoldenFile(
    List<Prompt> prompts, List<Greedy> greedy, List<Likelihood> likelihoods, Noise noise) {
  private static final int FORMAT = 1;

  /**
   * One forward pass.
   *
   * @param name for messages
   * @param ids token ids
   * @param logitPositions positions whose logits are listed
   * @param logits one row per listed position
   * @param argmax likeliest token at every position
   * @param routing one entry per MoE layer
   */
  public record Prompt(
      String name,
      int[] ids,
      int[] logitPositions,
      float[][] logits,
      int[] argmax,
      List<LayerRouting> routing) {}

  /**
   * Routing of one MoE layer.
   *
   * @param layer index of the decoder layer
   * @param experts {@code [position][rank]}, by falling weight
   * @param weights {@code [position][rank]}
   * @param margins distance of each position's choice from another choice
   */
  public record LayerRouting(int layer, int[][] experts, float[][] weights, float[] margins) {}

  /**
   * A continuation by argmax that no token ends.
   *
   * @param promptIds what it continues
   * @param newIds its tokens
   */
  public record Greedy(int[] promptIds, int[] newIds) {}

  /**
   * A scored continuation.
   *
   * @param contextIds what it continues
   * @param continuationIds its tokens
   * @param logprobs natural logarithm of each token's probability
   * @param sum their sum
   * @param greedy whether each token is the likeliest
   */
  public record Likelihood(
      int[] contextIds, int[] continuationIds, float[] logprobs, double sum, boolean greedy) {}

  /**
   * How far the reference's own bfloat16 run is from its float32 run.
   *
   * @param meanAbs mean absolute difference of logits
   * @param meanKl mean Kullback-Leibler divergence
   * @param argmaxAgreement share of positions with the same argmax
   * @param routingFlips differing choices of experts
   */
  public record Noise(double meanAbs, double meanKl, double argmaxAgreement, int routingFlips) {}

  /**
   * Reads a file.
   *
   * @throws IOException if it cannot be read or is no golden file; says where
   */
  public static GoldenFile read(Path file) throws IOException {
    JsonNode root;
    try {
      root = new ObjectMapper().readTree(file.toFile());
    } catch (JsonProcessingException e) {
      throw new IOException(file + ": not JSON: " + e.getOriginalMessage(), e);
    }
    if (field(file, root, "format_version").asInt() != FORMAT) {
      throw new IOException(
          "%s: expected format_version %d, found %s; write it with tools/golden.py"
              .formatted(file, FORMAT, root.get("format_version")));
    }
    JsonNode noise = field(file, field(file, root, "noise"), "bf16_transformers");
    List<Prompt> prompts = new ArrayList<>();
    for (JsonNode prompt : field(file, root, "prompts")) {
      prompts.add(prompt(file, prompt));
    }
    List<Greedy> greedy = new ArrayList<>();
    for (JsonNode one : field(file, root, "greedy")) {
      greedy.add(
          new Greedy(ints(field(file, one, "prompt_ids")), ints(field(file, one, "new_ids"))));
    }
    List<Likelihood> likelihoods = new ArrayList<>();
    for (JsonNode one : field(file, root, "loglikelihood")) {
      likelihoods.add(
          new Likelihood(
              ints(field(file, one, "context_ids")),
              ints(field(file, one, "continuation_ids")),
              floats(field(file, one, "token_logprobs")),
              field(file, one, "sum_logprob").asDouble(),
              field(file, one, "is_greedy").asBoolean()));
    }
    return new GoldenFile(
        prompts,
        greedy,
        likelihoods,
        new Noise(
            field(file, noise, "mean_abs").asDouble(),
            field(file, noise, "mean_kl").asDouble(),
            field(file, noise, "argmax_agreement").asDouble(),
            field(file, noise, "routing_flips").asInt()));
  }

  private static Prompt prompt(Path file, JsonNode prompt) throws IOException {
    List<LayerRouting> routing = new ArrayList<>();
    for (JsonNode layer : field(file, prompt, "routing")) {
      routing.add(
          new LayerRouting(
              field(file, layer, "layer").asInt(),
              rowsOfInts(field(file, layer, "experts")),
              rowsOfFloats(field(file, layer, "weights")),
              floats(field(file, layer, "margin"))));
    }
    return new Prompt(
        field(file, prompt, "name").asText(),
        ints(field(file, prompt, "input_ids")),
        ints(field(file, prompt, "logits_positions")),
        rowsOfFloats(field(file, prompt, "logits")),
        ints(field(file, prompt, "argmax")),
        routing);
  }

  private static JsonNode field(Path file, JsonNode of, String name) throws IOException {
    JsonNode value = of.get(name);
    if (value == null) {
      throw new IOException(
          file
              + ": expected a golden file, found no key '"
              + name
              + "'; write it with"
              + " tools/golden.py");
    }
    return value;
  }

  private static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }

  private static float[] floats(JsonNode array) {
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) array.get(i).asDouble();
    }
    return values;
  }

  private static int[][] rowsOfInts(JsonNode array) {
    int[][] rows = new int[array.size()][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = ints(array.get(i));
    }
    return rows;
  }

  private static float[][] rowsOfFloats(JsonNode array) {
    float[][] rows = new float[array.size()][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = floats(array.get(i));
    }
    return rows;
  }
}
