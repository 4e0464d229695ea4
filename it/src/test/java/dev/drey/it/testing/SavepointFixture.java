package dev.drey.it.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * The job whose savepoint is kept: a tiny model on the reference device, whose bits are the same on
 * every machine; and where the savepoint lies. What is in it is written in the README beside it.
 */
public final class SavepointFixture {
  /** Name of the input file; part of the records' identity. */
  public static final String INPUT = "prompts.jsonl";

  private static final int SEQUENCES = 6;
  private static final int TOKENS = 32;
  private static final int VOCABULARY = 320;

  private SavepointFixture() {}

  /** Where the savepoint of this version is kept. */
  public static Path directory() {
    return Artifacts.file("it/src/test/resources/savepoints/v1");
  }

  /** The job, before anything is said about stages and replicas. */
  public static SampleJob job() {
    return SampleJob.on(Artifacts.file("gpu-runtime/src/test/resources/golden/qwen3_moe"))
        .with("drey.device", "reference")
        .with("drey.compute.type", "f32")
        .with("drey.compute.threads", 1)
        .with("drey.schedule.max-sequences", 8)
        .with("drey.memory.expert", "50%");
  }

  /** Writes the job's input into a directory. */
  public static Path writeInput(Path directory) throws IOException {
    Random random = new Random(11);
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < SEQUENCES; i++) {
      String ids = random.ints(3 + 5 * i, 3, VOCABULARY).boxed().toList().toString();
      String sampling =
          switch (i % 3) {
            case 0 -> "\"temperature\": 0, \"logprobs\": 2";
            case 1 -> "\"temperature\": 0.8, \"seed\": " + i;
            default -> "\"temperature\": 1, \"top_k\": 40, \"frequency_penalty\": 0.3";
          };
      lines.add(
          "{\"custom_id\": \"s%d\", \"prompt_token_ids\": %s, \"max_tokens\": %d, \"ignore_eos\": true, %s}"
              .formatted(i, ids, TOKENS + i, sampling));
    }
    return Files.write(directory.resolve(INPUT), lines);
  }
}
