package dev.drey.jobs.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.runtime.bench.BenchOptions;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.SequenceRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * The same requests for both sides: random prompts, greedy, no end before the last token.
 *
 * @param prompts token ids of each prompt
 * @param maxTokens tokens to generate after each
 */
record FlinkWork(List<int[]> prompts, int maxTokens) {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  FlinkWork {
    prompts = List.copyOf(prompts);
  }

  static FlinkWork of(BenchOptions options, int records, int vocabulary) {
    SplittableRandom random = new SplittableRandom(options.seed());
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < records; i++) {
      prompts.add(random.ints(options.promptTokens(), 0, vocabulary).toArray());
    }
    return new FlinkWork(prompts, options.maxTokens());
  }

  /** Tokens that are computed: all but the last of each sequence. */
  long tokens() {
    return prompts.stream().mapToLong(prompt -> prompt.length + maxTokens - 1L).sum();
  }

  /** For the bare engine. */
  List<SequenceRequest> requests() {
    SamplingParams greedy =
        new SamplingParams(
            maxTokens, 0, 0, 1, 0, 1, 0, 0, 0, Set.of(), List.of(), /* ignoreEos= */ true, 0, -1);
    List<SequenceRequest> requests = new ArrayList<>();
    for (int[] prompt : prompts) {
      requests.add(SequenceRequest.generate("bench-" + requests.size(), prompt, greedy));
    }
    return requests;
  }

  /** For the job: one JSON line per record. */
  void write(Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int[] prompt : prompts) {
      ObjectNode line = MAPPER.createObjectNode();
      line.put("custom_id", "bench-" + lines.size());
      for (int id : prompt) {
        line.withArray("prompt_token_ids").add(id);
      }
      line.put("max_tokens", maxTokens);
      line.put("temperature", 0);
      line.put("repetition_penalty", 1);
      line.put("ignore_eos", true);
      lines.add(MAPPER.writeValueAsString(line));
    }
    Files.write(file, lines, UTF_8);
  }

  /** The token ids of each result, in the order of the records. */
  static List<List<Integer>> results(Path file) throws IOException {
    List<List<Integer>> results = new ArrayList<>();
    for (String line : Files.readAllLines(file, UTF_8)) {
      List<Integer> ids = new ArrayList<>();
      MAPPER.readTree(line).get("token_ids").forEach(id -> ids.add(id.asInt()));
      results.add(ids);
    }
    return results;
  }
}
