package dev.drey.runtime.routing;

import dev.drey.runtime.trace.TraceHeader;
import dev.drey.runtime.trace.TraceSink;
import java.util.ArrayList;
import java.util.List;

/** Collects from a trace which experts each token of each prompt was sent to. */
final class RoutedPrompts implements TraceSink {
  private final TraceHeader header;
  private final int tokens;
  private final int[][][] chosen; // [layer with experts][prompt][token * ranks + rank]
  private final int[][] filled; // [layer with experts][prompt], entries so far
  private final List<Integer> promptOfRow = new ArrayList<>();
  private long missing;

  /**
   * @param prompts how many there are
   * @param tokens length of each
   */
  RoutedPrompts(TraceHeader header, int prompts, int tokens) {
    this.header = header;
    this.tokens = tokens;
    int layers = header.expertLayers().size();
    this.chosen = new int[layers][prompts][tokens * header.expertsPerToken()];
    this.filled = new int[layers][prompts];
  }

  @Override
  public void stepBegan(long nanos, long step, int rows, int logitRows) {
    promptOfRow.clear();
  }

  @Override
  public void sequenceRan(long nanos, int sequence, int rows, int promptTokens, int outputs) {
    for (int row = 0; row < rows; row++) {
      promptOfRow.add(sequence);
    }
  }

  @Override
  public void rowsRouted(
      long nanos, long step, int layer, int firstRow, int rows, int[] experts, float[] weights) {
    if (missing > 0) {
      return; // what would say whose rows these are may be among it
    }
    int index = header.expertLayers().indexOf(layer);
    int ranks = header.expertsPerToken();
    for (int row = 0; row < rows; row++) {
      int prompt = promptOfRow.get(firstRow + row);
      int[] target = chosen[index][prompt];
      System.arraycopy(experts, row * ranks, target, filled[index][prompt], ranks);
      filled[index][prompt] += ranks;
    }
  }

  @Override
  public void missing(long nanos, long events) {
    missing += events;
  }

  /**
   * What was collected: {@code [layer with experts][prompt][token * ranks + rank]}.
   *
   * @throws IllegalStateException if events are missing
   */
  int[][][] chosen() {
    int expected = tokens * header.expertsPerToken();
    for (int[] layer : filled) {
      for (int entries : layer) {
        if (missing > 0 || entries != expected) {
          throw new IllegalStateException(
              "routing was recorded with %d events missing: %d of %d choices of a prompt are known; measure again with a faster temporary directory (java.io.tmpdir)"
                  .formatted(missing, entries, expected));
        }
      }
    }
    return chosen;
  }
}
