package dev.drey.runtime.probe;

import dev.drey.runtime.plan.SamplerTimes;
import dev.drey.runtime.sampling.Sampler;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.sampling.TokenHistory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Set;
import java.util.SplittableRandom;

/** Measures how long a row of logits takes to decide. */
final class SamplerProbe {
  private SamplerProbe() {}

  static SamplerTimes measure(int vocabulary) {
    FloatBuffer logits =
        ByteBuffer.allocateDirect(vocabulary * Float.BYTES)
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    SplittableRandom random = new SplittableRandom(1);
    for (int id = 0; id < vocabulary; id++) {
      logits.put(id, (float) random.nextDouble());
    }
    Sampler sampler = new Sampler(vocabulary, Set.of());
    TokenHistory history = new TokenHistory("probe", new int[1], new int[1], 0);
    SamplingParams greedy = SamplingParams.greedy(1);
    return new SamplerTimes(
        Repeats.usualOnceCompiled(() -> sampler.sample(logits, greedy, history)),
        Repeats.usualOnceCompiled(() -> sampler.score(logits, 0, 0, history, 1)));
  }
}
