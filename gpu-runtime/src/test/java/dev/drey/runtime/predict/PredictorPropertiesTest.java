package dev.drey.runtime.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.predict.PredictorRig.Span;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.zip.CRC32;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every predictor, on random steps. */
class PredictorPropertiesTest {
  private static final PredictorShape SHAPE =
      new PredictorShape(List.of(1, 2, 3, 5), 8, 2, "digest");
  private static final PredictorOptions OPTIONS =
      Untrained.options(new PredictorOptions(0, 16), SHAPE);
  private static final int STEPS = 300;

  static Set<String> names() {
    return Predictors.names();
  }

  private static PredictorRig rig(String name) {
    return PredictorRig.of(name, SHAPE, OPTIONS);
  }

  /** Any steps an engine can make, told to several predictors. */
  private static final class Steps {
    private final Random random;
    private final List<PredictorRig> rigs;
    private final List<Integer> running = new ArrayList<>();
    private int sequences;

    Steps(long seed, int firstSequence, PredictorRig... rigs) {
      this.random = new Random(seed);
      this.sequences = firstSequence;
      this.rigs = List.of(rigs);
    }

    void tell(int steps) {
      for (int step = 0; step < steps; step++) {
        while (running.size() < 3 || random.nextInt(3) > 0) {
          running.add(sequences++);
        }
        step();
        while (running.size() > 8) {
          end();
        }
      }
    }

    private void step() {
      List<Span> spans = new ArrayList<>();
      int rows = 0;
      for (int sequence : running) {
        if (random.nextInt(4) > 0 || spans.isEmpty()) {
          boolean decodes = random.nextInt(3) > 0;
          int count = decodes ? 1 : 1 + random.nextInt(5);
          spans.add(new Span(sequence, count, 5, decodes ? 3 : 0));
          rows += count;
        }
      }
      int[] tokens = random.ints(rows, 0, 40).toArray();
      rigs.forEach(rig -> rig.begin(tokens, spans.toArray(Span[]::new)));
      for (int place = 0; place < 4 && random.nextInt(50) > 0; place++) { // some break off
        for (int later = place + 1; later < 4; later++) {
          int layer = SHAPE.layers().get(later);
          int[] said = chosen(rows);
          float[] weights = weights(2 * rows);
          rigs.forEach(rig -> rig.gate(layer, said, weights));
        }
        int layer = SHAPE.layers().get(place);
        int[] chosen = chosen(rows);
        float[] weights = weights(2 * rows);
        rigs.forEach(rig -> rig.route(layer, chosen, weights));
      }
    }

    private int[] chosen(int rows) {
      int[] chosen = new int[2 * rows];
      for (int row = 0; row < rows; row++) {
        chosen[2 * row] = random.nextInt(8);
        chosen[2 * row + 1] = (chosen[2 * row] + 1 + random.nextInt(7)) % 8;
      }
      return chosen;
    }

    private float[] weights(int count) {
      float[] weights = new float[count];
      for (int i = 0; i < count; i++) {
        weights[i] = random.nextFloat();
      }
      return weights;
    }

    private void end() {
      int sequence = running.remove(random.nextInt(running.size()));
      rigs.forEach(rig -> rig.predictor.sequenceEnded(sequence));
    }

    void endAll() {
      while (!running.isEmpty()) {
        end();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void theSameEventsGiveTheSamePredictions(String name) {
    PredictorRig first = rig(name);
    PredictorRig second = rig(name);
    new Steps(1, 0, first, second).tell(STEPS);
    assertThat(first.said).isEqualTo(second.said);
    assertThat(first.said.isEmpty()).isEqualTo(name.equals("none"));
    assertThat(first.predictor.snapshot()).isEqualTo(second.predictor.snapshot());
  }

  @ParameterizedTest
  @MethodSource("names")
  void aRestoredPredictorGoesOnLikeTheOther(String name) {
    PredictorRig first = rig(name);
    Steps before = new Steps(2, 0, first);
    before.tell(STEPS);
    before.endAll();
    PredictorRig second = rig(name);
    new Steps(3, 0, second).tell(20); // is forgotten
    second.predictor.restore(first.predictor.snapshot());
    assertThat(second.predictor.snapshot()).isEqualTo(first.predictor.snapshot());

    List<String> saidBefore = List.copyOf(first.said);
    second.said.clear();
    second.goOnAfter(first);
    new Steps(4, 100_000, first, second).tell(STEPS);
    assertThat(first.said.subList(saidBefore.size(), first.said.size())).isEqualTo(second.said);
  }

  @ParameterizedTest
  @MethodSource("names")
  void whatIsLearntDoesNotGrow(String name) {
    PredictorRig rig = rig(name);
    int empty = rig.predictor.snapshot().length;
    new Steps(5, 0, rig).tell(STEPS);
    assertThat(rig.predictor.snapshot()).hasSize(empty);
  }

  @ParameterizedTest
  @MethodSource("names")
  void sequencesThatNeverEndAreForgottenInTheEnd(String name) {
    PredictorRig rig = rig(name);
    for (int sequence = 0; sequence < 3 * SequenceSlots.CAPACITY; sequence++) {
      rig.said.clear();
      for (int step = 0; step < 2; step++) {
        rig.begin(new int[] {1}, PredictorRig.decode(sequence));
        for (int layer : SHAPE.layers()) {
          SHAPE.layers().forEach(later -> rig.gate(later, new int[] {2, 3}, new float[] {1, 1}));
          rig.route(layer, 2, 3);
        }
      }
    }
    assertThat(rig.said.isEmpty()).isEqualTo(name.equals("none"));
  }

  @ParameterizedTest
  @MethodSource("names")
  void aSnapshotThatDoesNotFitIsRefusedAndChangesNothing(String name) {
    PredictorRig rig = rig(name);
    new Steps(6, 0, rig).tell(STEPS);
    ExpertPredictor predictor = rig.predictor;
    byte[] good = predictor.snapshot();
    if (good.length == 0) {
      refused(predictor, new byte[] {1}, "learns nothing");
      return;
    }
    byte[] damaged = good.clone();
    damaged[good.length / 2] ^= 4;
    refused(predictor, damaged, "is damaged: expected checksum");
    refused(predictor, new byte[3], "has only 3 bytes");
    refused(predictor, anotherVersion(good, name), "version 1 for");
    PredictorShape larger = new PredictorShape(List.of(1, 2, 3, 6), 8, 2, "digest");
    refused(predictor, Predictors.named(name, larger, OPTIONS).snapshot(), "does not fit");
    String other = name.equals("history.popularity") ? "random.uniform" : "history.popularity";
    refused(predictor, Predictors.named(other, SHAPE, OPTIONS).snapshot(), "'" + other + "'");
    assertThat(predictor.snapshot()).isEqualTo(good);
  }

  /** The version stands after the name; the checksum at the end is made to fit. */
  private static byte[] anotherVersion(byte[] snapshot, String name) {
    ByteBuffer bytes = ByteBuffer.wrap(snapshot.clone());
    bytes.putInt(Short.BYTES + name.length(), 2);
    CRC32 sum = new CRC32();
    sum.update(bytes.array(), 0, snapshot.length - Integer.BYTES);
    bytes.putInt(snapshot.length - Integer.BYTES, (int) sum.getValue());
    return bytes.array();
  }

  private static void refused(ExpertPredictor predictor, byte[] snapshot, String why) {
    assertThatThrownBy(() -> predictor.restore(snapshot))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why);
  }
}
