package dev.drey.it.benchmark;

import dev.drey.runtime.trace.TraceHeader;
import dev.drey.runtime.trace.TraceReader;
import dev.drey.runtime.trace.TraceSink;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Of a trace of single sequences, what was foretold of every token of an answer as its step began:
 * how many of the experts that its layers' routers chose.
 */
final class Foretold implements TraceSink {
  /**
   * A token of an answer.
   *
   * @param index its place in the answer, from 1
   * @param right experts foretold of those chosen, by layer
   */
  record Token(int index, int[] right) {}

  private final int perToken;
  private final int experts;
  private final int layers;
  private final BitSet[] said;
  private final List<Token> tokens = new ArrayList<>();
  private int[] right = {};
  private int index;

  private Foretold(TraceHeader header) {
    perToken = header.expertsPerToken();
    experts = header.experts();
    layers = header.expertLayers().size();
    said = new BitSet[layers];
  }

  static Foretold read(Path file) throws IOException {
    try (TraceReader reader = TraceReader.open(file)) {
      Foretold foretold = new Foretold(reader.header());
      reader.read(foretold);
      return foretold;
    }
  }

  @Override
  public void stepBegan(long nanos, long step, int rows, int logitRows) {
    for (int layer = 0; layer < layers; layer++) {
      said[layer] = new BitSet();
    }
    right = new int[layers];
  }

  @Override
  public void sequenceRan(long nanos, int sequence, int rows, int promptTokens, int outputs) {
    index = rows == 1 ? outputs : 0;
  }

  @Override
  public void predicted(
      long nanos, long step, int issuedAt, int target, int count, int[] experts, float[] scores) {
    for (int i = 0; i < Math.min(count, perToken); i++) {
      said[target].set(experts[i]);
    }
  }

  @Override
  public void routed(
      long nanos, long step, int layer, int count, int[] experts, int[] rows, float[] weights) {
    for (int i = 0; i < count; i++) {
      right[layer] += said[layer].get(experts[i]) ? 1 : 0;
    }
  }

  @Override
  public void stepEnded(long nanos, long step) {
    if (index > 0) {
      tokens.add(new Token(index, right));
    }
  }

  int layers() {
    return layers;
  }

  int perToken() {
    return perToken;
  }

  int experts() {
    return experts;
  }

  List<Token> tokens() {
    return tokens;
  }

  /** Share of the chosen experts that were foretold, over tokens from one index to another. */
  double recall(int from, int to) {
    long all = 0;
    long foretold = 0;
    for (Token token : tokens) {
      if (token.index() >= from && token.index() <= to) {
        for (int layer : token.right()) {
          foretold += layer;
          all += perToken;
        }
      }
    }
    return all == 0 ? 0 : (double) foretold / all;
  }
}
