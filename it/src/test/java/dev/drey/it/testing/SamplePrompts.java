package dev.drey.it.testing;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Requests made of the sample prompts, as JSON lines. */
public final class SamplePrompts {
  private static final ObjectMapper JSON = new ObjectMapper();

  private SamplePrompts() {}

  /**
   * A mix in which everything that could touch bits occurs: greedy and sampled, with and without a
   * seed, penalties, log-probabilities, short and long prompts.
   */
  public static List<String> mixed(int count, int maxTokens) throws IOException {
    List<ObjectNode> prompts = spread(count);
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      ObjectNode request = prompts.get(i);
      request.put("max_tokens", maxTokens + i % 3);
      switch (i % 4) {
        case 0 -> request.put("temperature", 0).put("logprobs", 2);
        case 1 -> request.put("temperature", 0.9).put("top_p", 0.95).put("seed", 1000 + i);
        case 2 -> request.put("temperature", 0).put("repetition_penalty", 1.2);
        default ->
            request
                .put("temperature", 1.1)
                .put("top_k", 50)
                .put("presence_penalty", 0.5)
                .put("ignore_eos", true)
                .put("logprobs", 0);
      }
      lines.add(request.toString());
    }
    return lines;
  }

  /** Greedy, exactly so many tokens each. */
  public static List<String> greedy(int count, int tokens) throws IOException {
    return greedy(spread(count), tokens);
  }

  /** The same with the shortest prompts there are. */
  public static List<String> greedyShort(int count, int tokens) throws IOException {
    List<ObjectNode> all = spread(200);
    all.sort(Comparator.comparingInt(request -> request.path("prompt").asText().length()));
    return greedy(all.subList(0, count), tokens);
  }

  private static List<String> greedy(List<ObjectNode> requests, int tokens) {
    List<String> lines = new ArrayList<>();
    for (ObjectNode request : requests) {
      request.put("max_tokens", tokens).put("temperature", 0).put("ignore_eos", true);
      lines.add(request.toString());
    }
    return lines;
  }

  /**
   * Prompts of random tokens, always the same ones, which together need every expert of a model.
   *
   * @param promptTokens tokens of each prompt
   * @param outputs tokens generated for each, exactly
   */
  public static List<String> randomTokens(
      int count, int promptTokens, int vocabulary, int outputs) {
    Random random = new Random(7);
    return IntStream.range(0, count)
        .mapToObj(
            i ->
                "{\"prompt_token_ids\":%s,\"max_tokens\":%d,\"ignore_eos\":true}"
                    .formatted(
                        random
                            .ints(promptTokens, 0, vocabulary)
                            .mapToObj(String::valueOf)
                            .collect(Collectors.joining(",", "[", "]")),
                        outputs))
        .toList();
  }

  /** So many of the prompts, from all parts of the file; more than there are come again renamed. */
  private static List<ObjectNode> spread(int count) throws IOException {
    List<String> all = Files.readAllLines(Artifacts.samplePrompts());
    List<ObjectNode> chosen = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int line = count <= all.size() ? (int) ((long) i * all.size() / count) : i % all.size();
      ObjectNode request = (ObjectNode) JSON.readTree(all.get(line));
      request.put("custom_id", "%05d-%s".formatted(i, request.path("custom_id").asText()));
      chosen.add(request);
    }
    return chosen;
  }

  /** The lines in another order, always the same one. */
  public static List<String> shuffled(List<String> lines) {
    List<String> other = new ArrayList<>(lines);
    Collections.shuffle(other, new Random(7));
    return other;
  }

  /** Writes the lines into a file. */
  public static Path write(Path file, List<String> lines) throws IOException {
    return Files.write(file, lines);
  }
}
