package dev.drey.jobs.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.drey.schemas.InferenceResult;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Shows a few prompts with what the model made of them. */
final class Completions {
  /** How many. */
  static final int SHOWN = 5;

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Completions() {}

  /** Prints the results beside the prompts of the same custom_id. */
  static void print(List<byte[]> requests, List<InferenceResult> results, PrintWriter out)
      throws IOException {
    Map<String, String> prompts = new HashMap<>();
    for (byte[] request : requests) {
      JsonNode node = MAPPER.readTree(new String(request, UTF_8));
      prompts.put(node.path("custom_id").asText(), node.path("prompt").asText());
    }
    for (InferenceResult result : results.subList(0, Math.min(SHOWN, results.size()))) {
      String prompt = prompts.getOrDefault(String.valueOf(result.getCustomId()), "");
      out.printf(
          "%n[%s, %s]%n%s\u00bb%s%n",
          result.getCustomId(), result.getFinishReason(), prompt, result.getText());
    }
    out.println();
  }
}
