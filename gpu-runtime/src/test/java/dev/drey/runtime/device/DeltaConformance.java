package dev.drey.runtime.device;

import static dev.drey.runtime.device.Numbers.assertSameBits;

import dev.drey.runtime.model.GatedDeltaRule;
import dev.drey.runtime.model.ModelConfig;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every device owes for the gated delta rule. */
interface DeltaConformance extends DeviceFactory {
  /** Shapes under test. */
  final class Shapes {
    private Shapes() {}

    static Stream<GatedDeltaRule> all() {
      return Stream.of(
          new GatedDeltaRule(2, 4, 16, 24, 4),
          new GatedDeltaRule(3, 3, 20, 16, 2),
          new GatedDeltaRule(1, 2, 128, 128, 4),
          new GatedDeltaRule(2, 2, 16, 16, 1));
    }
  }

  private static ModelConfig model(GatedDeltaRule shape) {
    return Rig.model(64, 64, shape, Rig.moe(40));
  }

  @ParameterizedTest
  @MethodSource("dev.drey.runtime.device.DeltaConformance$Shapes#all")
  default void theRuleIsFollowedTokenByToken(GatedDeltaRule shape) {
    int length = 37;
    try (Rig rig = rig(model(shape))) {
      DeltaProbe probe = new DeltaProbe(rig, shape, length, 1);
      StateStore store = probe.store(3);
      float[] actual = probe.run(store, 0, length, 2, 3);
      double[] expected = DeltaOracle.run(probe, length);
      double rounding = rig.rounded(1 + 1e-3f) == 1 ? 1 / 256.0 : 0;
      for (int i = 0; i < expected.length; i++) {
        double tolerance = 5e-5 + Math.abs(expected[i]) * (rounding + 5e-5);
        new Numbers.Expected(expected[i], tolerance)
            .check(actual[i], "row " + i / shape.values() + " element " + i % shape.values());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.drey.runtime.device.DeltaConformance$Shapes#all")
  default void prefillChunksAndDecodeLeaveTheSameStateAndBits(GatedDeltaRule shape) {
    int length = 37;
    try (Rig rig = rig(model(shape))) {
      DeltaProbe probe = new DeltaProbe(rig, shape, length, 1);
      StateStore store = probe.store(3);
      float[] expected = probe.run(store, 0, length, 0, 0);
      int from = 0;
      for (int chunk : new int[] {1, 4, 2, 30}) {
        assertSameBits(
            probe.run(store, from, from + chunk, 2, from % 3),
            Numbers.rows(expected, shape.values(), from, from + chunk),
            "chunk of " + chunk + " at " + from);
        from += chunk;
      }
      for (int position = 0; position < length; position++) {
        assertSameBits(
            probe.run(store, position, position + 1, 1, 0),
            Numbers.rows(expected, shape.values(), position, position + 1),
            "position " + position);
      }
    }
  }

  @Test
  default void resultsCanStayUnrounded() {
    GatedDeltaRule shape = new GatedDeltaRule(2, 4, 16, 24, 4);
    try (Rig rig = rig(model(shape))) {
      DeltaProbe probe = new DeltaProbe(rig, shape, 20, 1);
      StateStore store = probe.store(1);
      float[] floats = probe.runToFloats(store, 20);
      assertSameBits(probe.run(store, 0, 20, 0, 0), rig.rounded(floats), "rounded afterwards");
    }
  }

  @Test
  default void sequencesKeepTheirStateApartAndStartFromZeros() {
    GatedDeltaRule shape = new GatedDeltaRule(2, 4, 16, 24, 4);
    try (Rig rig = rig(model(shape))) {
      DeltaProbe first = new DeltaProbe(rig, shape, 20, 1);
      DeltaProbe second = new DeltaProbe(rig, shape, 20, 100);
      StateStore store = first.store(2);
      float[] firstAlone = first.run(store, 0, 20, 0, 0);
      float[] secondAlone = second.run(store, 0, 20, 0, 0);
      float[] firstHalf = first.run(store, 0, 10, 0, 0);
      float[] secondHalf = second.run(store, 0, 10, 1, 0);
      assertSameBits(firstHalf, Numbers.rows(firstAlone, shape.values(), 0, 10), "first");
      assertSameBits(secondHalf, Numbers.rows(secondAlone, shape.values(), 0, 10), "second");
      AttentionBatch both =
          new AttentionBatch(
              List.of(
                  new AttentionBatch.Span(0, 10, 10, new int[0], 0),
                  new AttentionBatch.Span(10, 10, 10, new int[0], 1)));
      DeviceBuffer out = rig.space(20 * shape.values());
      rig.stream.gatedDelta(first.joined(second, 10, 20), first.weights(), store, 1, both, out);
      float[] together = rig.readActivations(out, 20 * shape.values());
      assertSameBits(
          Numbers.rows(together, shape.values(), 0, 10),
          Numbers.rows(firstAlone, shape.values(), 10, 20),
          "first, together");
      assertSameBits(
          Numbers.rows(together, shape.values(), 10, 20),
          Numbers.rows(secondAlone, shape.values(), 10, 20),
          "second, together");
    }
  }
}
