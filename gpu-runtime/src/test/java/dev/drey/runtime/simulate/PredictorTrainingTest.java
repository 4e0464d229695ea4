package dev.drey.runtime.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.predict.ExpertPredictor;
import dev.drey.runtime.predict.MlpSizes;
import dev.drey.runtime.predict.PredictorOptions;
import dev.drey.runtime.predict.PredictorShape;
import dev.drey.runtime.predict.Predictors;
import dev.drey.runtime.trace.Headers;
import dev.drey.runtime.trace.RecallMetrics;
import dev.drey.runtime.trace.TraceHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The learned predictor, from traces to predictions. */
class PredictorTrainingTest {
  private static final int LAYERS = 5;
  private static final int EXPERTS = 12;
  private static final MlpSizes SIZES = new MlpSizes(1, 2, 24);

  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path directory;

  /**
   * Each token's experts follow from those of the layer before: 5 e + 1 of the one, e + 3 of the
   * other (mod 12).
   */
  private static RoutingTrace lawful(long seed, int steps) {
    TraceHeader header = Headers.of(LAYERS, EXPERTS);
    RoutingTraceBuilder builder = new RoutingTraceBuilder(header);
    Random random = new Random(seed);
    for (int step = 0; step < steps; step++) {
      int rows = 1 + random.nextInt(3);
      builder.stepBegan(0, step, rows, rows);
      builder.sequenceRan(0, 0, rows, rows, 0);
      int[] chosen = new int[rows * 2];
      for (int row = 0; row < rows; row++) {
        chosen[2 * row] = random.nextInt(EXPERTS);
        chosen[2 * row + 1] = (chosen[2 * row] + 1 + random.nextInt(EXPERTS - 1)) % EXPERTS;
      }
      for (int layer = 0; layer < LAYERS; layer++) {
        route(builder, step, layer, rows, chosen);
        for (int row = 0; row < rows; row++) {
          int first = (5 * chosen[2 * row] + 1) % EXPERTS;
          int second = (chosen[2 * row + 1] + 3) % EXPERTS;
          chosen[2 * row] = first;
          chosen[2 * row + 1] = second == first ? (second + 1) % EXPERTS : second;
        }
      }
      builder.stepEnded(0, step);
    }
    return builder.build();
  }

  private static void route(
      RoutingTraceBuilder builder, int step, int layer, int rows, int[] chosen) {
    float[] weights = new float[2 * rows];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = i % 2 == 0 ? 0.75f : 0.25f;
    }
    builder.rowsRouted(0, step, layer, 0, rows, chosen.clone(), weights);
    int[] distinct = IntStream.of(chosen).distinct().sorted().toArray();
    int[] tokens =
        IntStream.of(distinct)
            .map(e -> (int) IntStream.of(chosen).filter(c -> c == e).count())
            .toArray();
    builder.routed(0, step, layer, distinct.length, distinct, tokens, new float[distinct.length]);
  }

  private static PredictorTraining.Result train(long seed, RoutingTrace... traces) {
    return PredictorTraining.train(List.of(traces), SIZES, 6, seed, line -> {});
  }

  private Path trained() throws IOException {
    return Files.write(directory.resolve("predictor"), train(1, lawful(1, 2000)).model().toBytes());
  }

  private static PredictorShape shape() {
    return Predictions.shape(Headers.of(LAYERS, EXPERTS));
  }

  private static ExpertPredictor named(Path file) {
    return named(file, shape());
  }

  private static ExpertPredictor named(Path file, PredictorShape shape) {
    return Predictors.named("learned.mlp", shape, new PredictorOptions(0, 0, file.toString()));
  }

  @Test
  void whatFollowsFromTheLayersBeforeIsLearnt() throws IOException {
    PredictorTraining.Result untrained =
        PredictorTraining.train(List.of(lawful(1, 20)), SIZES, 1, 1, line -> {});
    PredictorTraining.Result result = train(1, lawful(1, 2000));
    assertThat(untrained.recall()).isLessThan(0.6);
    assertThat(result.recall()).isGreaterThan(0.95);
    assertThat(result.rows() + result.heldOutRows()).isEqualTo(lawful(1, 2000).rows());

    Path file = Files.write(directory.resolve("predictor"), result.model().toBytes());
    RoutingTrace other = lawful(2, 300);
    List<RecallMetrics> recall = PredictionRecall.of(other, Predictions.by(other, named(file)));
    assertThat(recall).hasSize(1);
    assertThat(recall.get(0).distance()).isEqualTo(1);
    assertThat(recall.get(0).recall()).isGreaterThan(0.95);
    assertThat(recall.get(0).precision()).isGreaterThan(0.9);
  }

  @Test
  void theSameSeedGivesTheSameBytesAndAnotherSeedOthers() {
    byte[] first = train(1, lawful(1, 50), lawful(2, 50)).model().toBytes();
    assertThat(train(1, lawful(1, 50), lawful(2, 50)).model().toBytes()).isEqualTo(first);
    assertThat(train(2, lawful(1, 50), lawful(2, 50)).model().toBytes()).isNotEqualTo(first);
  }

  @Test
  void aFileThatDoesNotFitIsRefusedWithWhatWasExpectedAndFound() throws IOException {
    Path file = trained();
    assertThat(named(file).name()).isEqualTo("learned.mlp");
    PredictorShape elsewhere = new PredictorShape(shape().layers(), EXPERTS, 2, "another");
    assertThatThrownBy(() -> named(file, elsewhere))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("does not fit: expected model another, ")
        .hasMessageContaining("found model digest, ");

    byte[] good = Files.readAllBytes(file);
    byte[] damaged = good.clone();
    damaged[good.length / 2] ^= 1;
    Files.write(file, damaged);
    assertThatThrownBy(() -> named(file)).hasMessageContaining("is damaged: expected checksum");
    Files.write(file, new byte[100]);
    assertThatThrownBy(() -> named(file)).hasMessageContaining("does not begin with DREYMLP");
    Files.delete(file);
    assertThatThrownBy(() -> named(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cannot be read")
        .hasMessageEndingWith("make one with: drey train-predictor");
  }

  @Test
  void sizesThatTheFileDoesNotHoldAreRefusedBeforeMemoryIsTakenForThem() throws IOException {
    Path file = trained();
    byte[] good = Files.readAllBytes(file);
    Files.write(file, withHidden(good, 4096));
    assertThatThrownBy(() -> named(file))
        .hasMessageContaining("does not fit its sizes: expected ")
        .hasMessageContaining(" bytes of weights, found ");
    Files.write(file, withHidden(good, 4097));
    assertThatThrownBy(() -> named(file))
        .hasMessageContaining("cannot be used: hidden of a learned predictor: expected 1 to 4096");
  }

  /** The file with another number of hidden units in its head, and a checksum that is right. */
  private static byte[] withHidden(byte[] file, int hidden) {
    ByteBuffer bytes = ByteBuffer.wrap(file.clone());
    int text = "DREYMLP\n".length() + Integer.BYTES;
    int sizes = text + Short.BYTES + bytes.getShort(text);
    bytes.putInt(sizes + 2 * Integer.BYTES, hidden);
    CRC32 sum = new CRC32();
    sum.update(bytes.array(), 0, file.length - Integer.BYTES);
    bytes.putInt(file.length - Integer.BYTES, (int) sum.getValue());
    return bytes.array();
  }

  @Test
  void aPredictorWithoutItsFileOrForAnotherDistanceIsRefused() throws IOException {
    assertThatThrownBy(() -> Predictors.named("learned.mlp", shape(), PredictorOptions.DEFAULT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("needs the file it was trained to (drey.prediction.file)");
    String file = trained().toString();
    assertThatThrownBy(
            () -> Predictors.named("learned.mlp", shape(), new PredictorOptions(2, 0, file)))
        .hasMessageContaining("was trained to look 1 layers ahead, but 2 are asked for");
  }

  @Test
  void tracesOfDifferentModelsAndTracesWithoutRowsAreRefused() {
    RoutingTrace without = Traces.random(1, LAYERS, EXPERTS, 3, 20);
    assertThatThrownBy(() -> train(1, without))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no routing row by row");
    RoutingTrace larger = Traces.random(1, LAYERS + 1, EXPERTS, 3, 20);
    assertThatThrownBy(() -> train(1, without, larger))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("traces are of different models");
  }
}
