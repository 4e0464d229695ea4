package dev.drey.runtime.layers;

import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertBatch;
import dev.drey.runtime.device.ExpertBias;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.model.MoeConfig;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Turns a routing (experts by token) round: tokens by expert. Reused from layer to layer. */
final class ExpertTokens {
  private final int[] counts;
  private final int[] starts;
  private final int[] entries;
  private final int[] experts;
  private final int[] tokens;
  private final boolean scaledInput;
  private float[] weights = {};
  private int distinct;
  private int k = 1;

  ExpertTokens(MoeConfig moe, int maxEntries) {
    int expertsPerLayer = moe.experts();
    scaledInput = moe.scaledInput();
    counts = new int[expertsPerLayer];
    starts = new int[expertsPerLayer + 1];
    entries = new int[maxEntries];
    experts = new int[expertsPerLayer];
    tokens = new int[expertsPerLayer];
  }

  /** Sorts the entries (token * k + rank) of a routing by expert, stably. */
  void sort(Routing routing, int rows) {
    k = routing.k();
    int total = rows * k;
    int[] chosen = routing.experts();
    weights = routing.weights();
    Arrays.fill(counts, 0);
    for (int entry = 0; entry < total; entry++) {
      counts[chosen[entry]]++;
    }
    distinct = 0;
    for (int expert = 0; expert < counts.length; expert++) {
      starts[expert + 1] = starts[expert] + counts[expert];
      if (counts[expert] > 0) {
        tokens[distinct] = counts[expert];
        experts[distinct++] = expert;
      }
    }
    Arrays.fill(counts, 0);
    for (int entry = 0; entry < total; entry++) {
      int expert = chosen[entry];
      entries[starts[expert] + counts[expert]++] = entry;
    }
  }

  /** The experts with at least one token, in rising order; the first {@link #distinct()} count. */
  int[] experts() {
    return experts;
  }

  /** How many tokens were sent to each of {@link #experts()}. */
  int[] tokens() {
    return tokens;
  }

  /** How many experts have at least one token. */
  int distinct() {
    return distinct;
  }

  /** The work of one expert: which rows it reads, and the (token, rank) rows it writes. */
  ExpertBatch batch(int index, Expert expert, @Nullable ExpertBias bias) {
    int[] outputs = Arrays.copyOfRange(entries, starts[index], starts[index + 1]);
    int[] inputs = new int[outputs.length];
    float[] scales = scaledInput ? new float[outputs.length] : null;
    for (int i = 0; i < outputs.length; i++) {
      inputs[i] = outputs[i] / k;
      if (scales != null) {
        scales[i] = weights[outputs[i]];
      }
    }
    return new ExpertBatch(expert, bias, inputs, outputs, scales, outputs.length);
  }
}
