package dev.drey.it.testing;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;

/**
 * The joined output of a run.
 *
 * @param results lines of results.jsonl, in order of the input
 * @param deadLetters lines of dead-letters.jsonl
 */
public record ResultFile(List<String> results, List<String> deadLetters) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Reads the two files of an output directory. */
  public static ResultFile read(Path directory) throws IOException {
    return new ResultFile(
        Files.readAllLines(directory.resolve("results.jsonl")),
        Files.readAllLines(directory.resolve("dead-letters.jsonl")));
  }

  /**
   * Results by the sender's name for them, without {@code id}, which says where a record lay in its
   * input. Everything else, down to the last digit, depends on the request alone.
   */
  public TreeMap<String, String> byCustomId() throws IOException {
    TreeMap<String, String> byId = new TreeMap<>();
    for (String line : results) {
      ObjectNode result = (ObjectNode) JSON.readTree(line);
      result.remove("id");
      String previous = byId.put(result.path("custom_id").asText(), result.toString());
      if (previous != null) {
        throw new AssertionError("two results for " + result.path("custom_id"));
      }
    }
    return byId;
  }
}
