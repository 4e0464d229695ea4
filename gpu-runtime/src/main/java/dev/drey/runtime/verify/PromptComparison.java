package dev.drey.runtime.verify;

import dev.drey.runtime.ForwardProbe;
import dev.drey.runtime.model.ComputeType;
import java.util.ArrayList;
import java.util.List;

/** Compares one forward pass with its reference, and counts towards the averages of all. */
final class PromptComparison {
  private final GoldenFile.Prompt prompt;
  private final ForwardProbe.Seen seen;
  private final Tolerances tolerances;
  private final boolean exact;
  private final Averages averages;
  private final List<String> failures = new ArrayList<>();
  private double largestLogit;
  private double largestWeight;
  private int routingDifferences;
  private int tokenDifferences;
  private int firstFlip = Integer.MAX_VALUE;

  PromptComparison(
      GoldenFile.Prompt prompt,
      ForwardProbe.Seen seen,
      Tolerances tolerances,
      ComputeType compute,
      Averages averages) {
    this.prompt = prompt;
    this.seen = seen;
    this.tolerances = tolerances;
    this.exact = compute == ComputeType.F32;
    this.averages = averages;
  }

  PromptReport report() {
    for (int position = 0; position < seen.logits().length; position++) {
      for (int layer = 0; layer < prompt.routing().size(); layer++) {
        compareRouting(layer, position);
      }
    }
    for (int i = 0; i < prompt.logitPositions().length; i++) {
      compareLogits(prompt.logitPositions()[i], prompt.logits()[i]);
    }
    for (int position = 0; position < seen.logits().length; position++) {
      compareArgmax(position);
    }
    return new PromptReport(
        prompt.name(),
        largestLogit,
        largestWeight,
        0,
        routingDifferences,
        tokenDifferences,
        failures);
  }

  private void compareRouting(int layer, int position) {
    GoldenFile.LayerRouting routing = prompt.routing().get(layer);
    int[] expected = routing.experts()[position];
    int[] found = seen.experts()[layer][position];
    boolean same = expected.length == found.length;
    for (int rank = 0; same && rank < expected.length; rank++) {
      int at = indexOf(found, expected[rank]);
      if (at < 0) {
        same = false;
      } else {
        double difference =
            Math.abs(routing.weights()[position][rank] - seen.weights()[layer][position][at]);
        largestWeight = Math.max(largestWeight, difference);
        if (exact && difference > tolerances.weights()) {
          fail(
              "weight of expert %d at layer %d, position %d differs by %.2e"
                  .formatted(expected[rank], routing.layer(), position, difference));
        }
      }
    }
    averages.countDecision(same);
    if (!same) {
      flip(routing, position);
    }
  }

  private void flip(GoldenFile.LayerRouting routing, int position) {
    routingDifferences++;
    if (exact) {
      fail("other experts at layer %d, position %d".formatted(routing.layer(), position));
    } else if (firstFlip == Integer.MAX_VALUE
        && routing.margins()[position] > tolerances.margin()) {
      fail(
          "the first differing choice, layer %d, position %d, is no near-tie: margin %.3f"
              .formatted(routing.layer(), position, routing.margins()[position]));
    }
    firstFlip = Math.min(firstFlip, position);
  }

  private static int indexOf(int[] values, int value) {
    for (int i = 0; i < values.length; i++) {
      if (values[i] == value) {
        return i;
      }
    }
    return -1;
  }

  private void compareLogits(int position, float[] expected) {
    float[] found = seen.logits()[position];
    double difference = 0;
    double largest = 0;
    for (int id = 0; id < expected.length; id++) {
      double apart = Math.abs(expected[id] - found[id]);
      difference = apart > difference || Double.isNaN(apart) ? apart : difference;
      largest = Math.max(largest, Math.abs(expected[id]));
    }
    averages.addLogits(expected, found);
    largestLogit = Math.max(largestLogit, difference);
    if (exact
        && !(difference <= tolerances.logits()
            && difference <= tolerances.relativeLogits() * largest)) {
      fail(
          "logits at position %d differ by %.2e, the largest is %.2f"
              .formatted(position, difference, largest));
    } else if (!exact && position < firstFlip && !(difference <= tolerances.roundedLogits())) {
      fail(
          "logits at position %d, before any differing choice, differ by %.2f"
              .formatted(position, difference));
    }
  }

  private void compareArgmax(int position) {
    int found = 0;
    float[] row = seen.logits()[position];
    for (int id = 1; id < row.length; id++) {
      found = row[id] > row[found] ? id : found;
    }
    boolean same = found == prompt.argmax()[position];
    averages.countArgmax(same);
    if (!same) {
      tokenDifferences++;
      if (exact) {
        fail(
            "likeliest token at position %d is %d, expected %d"
                .formatted(position, found, prompt.argmax()[position]));
      }
    }
  }

  private void fail(String message) {
    failures.add(message);
  }
}
