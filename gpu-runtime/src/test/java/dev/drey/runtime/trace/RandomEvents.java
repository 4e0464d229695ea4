package dev.drey.runtime.trace;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Tells a sink events of every kind with values of every size, the same for the same seed. */
final class RandomEvents {
  private static final int KINDS = 12;

  private final Random random;
  private final TraceHeader header;
  private long nanos;

  RandomEvents(long seed, TraceHeader header) {
    this.random = new Random(seed);
    this.header = header;
  }

  void tell(TraceSink sink, int events) {
    for (int i = 0; i < events; i++) {
      nanos += number(Integer.MAX_VALUE);
      tellOne(sink, random.nextInt(KINDS));
    }
  }

  private int number(int most) {
    return random.nextInt(most) >>> random.nextInt(Integer.SIZE - 1);
  }

  private void tellOne(TraceSink sink, int kind) {
    long step = number(Integer.MAX_VALUE);
    int layer = random.nextInt(header.layers());
    int expert = random.nextInt(header.experts());
    int[] experts =
        IntStream.range(0, header.experts()).filter(e -> random.nextInt(3) == 0).toArray();
    int count = experts.length;
    switch (kind) {
      case 0 -> sink.stepBegan(nanos, step, number(1 << 20), number(1 << 20));
      case 1 -> sink.sequenceRan(nanos, number(1 << 30), number(99), number(9999), number(99));
      case 2 -> sink.sequenceEnded(nanos, number(1 << 30), number(9999));
      case 3 -> {
        int[] tokens = random.ints(count, 0, 1 << 20).toArray();
        float[] weights = new float[count];
        for (int i = 0; i < count; i++) {
          weights[i] = random.nextInt(256) / 128f; // has a short mantissa, so it is kept exactly
        }
        sink.routed(nanos, step, layer, count, experts, tokens, weights);
        sink.demanded(nanos, step, layer, count, experts, outcomes(count));
      }
      case 4 -> {
        float[] scores = new float[count];
        boolean whole = random.nextBoolean();
        for (int i = 0; i < count; i++) {
          scores[i] = whole ? number(1 << 20) : random.nextFloat() - 0.5f;
        }
        int issuedAt = random.nextInt(header.layers() + 1) - 1;
        sink.predicted(
            nanos, step, issuedAt, random.nextInt(header.layers()), count, experts, scores);
      }
      case 5 -> sink.demanded(nanos, step, layer, count, experts, outcomes(count));
      case 6 -> sink.loadIssued(nanos, step, layer, expert, random.nextBoolean());
      case 7 -> {
        LoadResult result = any(List.of(LoadResult.values()));
        long started = (long) (nanos * random.nextDouble());
        sink.loadEnded(nanos, step, layer, expert, started, 1L << 40, random.nextBoolean(), result);
      }
      case 8 -> sink.evicted(nanos, layer, expert, random.nextBoolean());
      case 9 -> sink.demandEnded(nanos, step, layer, number(Integer.MAX_VALUE));
      case 10 -> {
        int rows = 1 + random.nextInt(TraceFormat.MAX_ROWS);
        int entries = rows * header.expertsPerToken();
        float[] weights = new float[entries];
        for (int i = 0; i < entries; i++) {
          weights[i] = random.nextInt(256) / 128f;
        }
        int[] chosen = random.ints(entries, 0, header.experts()).toArray();
        sink.rowsRouted(nanos, step, layer, number(99), rows, chosen, weights);
      }
      default -> sink.stepEnded(nanos, step);
    }
  }

  private DemandOutcome[] outcomes(int count) {
    DemandOutcome[] outcomes = new DemandOutcome[count];
    Arrays.setAll(outcomes, i -> any(List.of(DemandOutcome.values())));
    return outcomes;
  }

  private <T> T any(List<T> values) {
    return values.get(random.nextInt(values.size()));
  }
}
