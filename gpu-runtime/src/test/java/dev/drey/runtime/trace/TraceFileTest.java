package dev.drey.runtime.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Recorder, file and reader together. */
@Timeout(60)
class TraceFileTest {
  private static final TraceHeader HEADER = Headers.of(5, 70);

  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path directory;

  /** A recorder whose clock begins at 0 and whose writer has not been started. */
  private TraceRecorder recorder(TraceHeader header, int chunks, int chunkBytes)
      throws IOException {
    TraceFile file = TraceFile.create(directory.resolve("trace"), header);
    return new TraceRecorder(file, header, chunks, chunkBytes, 0);
  }

  private Path write(TraceHeader header, int events) throws IOException {
    TraceRecorder recorder = recorder(header, TraceRecorder.CHUNKS, 4096);
    recorder.startWriting();
    try (recorder) {
      new RandomEvents(events, header).tell(recorder, events);
    }
    assertThat(recorder.stats().failure()).isNull();
    assertThat(recorder.stats().dropped()).isZero();
    return recorder.stats().file();
  }

  private static List<String> read(Path file) throws IOException {
    Told told = new Told();
    try (TraceReader reader = TraceReader.open(file)) {
      reader.read(told);
    }
    return told.events;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 20, 300})
  void everyEventComesBackAsItWasTold(int events) throws IOException {
    Told told = new Told();
    new RandomEvents(events, HEADER).tell(told, events);

    Path file = write(HEADER, events);

    assertThat(read(file)).isEqualTo(told.events);
    try (TraceReader reader = TraceReader.open(file)) {
      assertThat(reader.header()).isEqualTo(HEADER);
      assertThat(reader.totals().events()).isEqualTo(told.events.size());
      assertThat(reader.totals().dropped()).isZero();
    }
  }

  @Test
  void manyRowsBecomeSeveralEventsInOrder() throws IOException {
    int rows = 2 * TraceFormat.MAX_ROWS + 3;
    int[] experts = new int[rows * Headers.EXPERTS_PER_TOKEN];
    Arrays.setAll(experts, entry -> entry % HEADER.experts());
    float[] weights = new float[experts.length];
    Arrays.fill(weights, 0.5f);
    TraceRecorder recorder = recorder(HEADER, TraceRecorder.CHUNKS, 4096);
    recorder.startWriting();
    try (recorder) {
      recorder.rowsRouted(7, 9, 1, 0, rows, experts, weights);
    }

    List<Integer> firstRows = new ArrayList<>();
    List<Integer> read = new ArrayList<>();
    try (TraceReader reader = TraceReader.open(recorder.stats().file())) {
      reader.read(
          new TraceSink() {
            @Override
            public void rowsRouted(
                long nanos,
                long step,
                int layer,
                int firstRow,
                int count,
                int[] ids,
                float[] itsWeights) {
              firstRows.add(firstRow);
              Arrays.stream(ids, 0, count * Headers.EXPERTS_PER_TOKEN).forEach(read::add);
            }
          });
    }

    assertThat(firstRows).containsExactly(0, TraceFormat.MAX_ROWS, 2 * TraceFormat.MAX_ROWS);
    assertThat(read).containsExactlyElementsOf(Arrays.stream(experts).boxed().toList());
  }

  @Test
  void aNameThatIsTakenGetsANumberAndNothingIsOverwritten() throws IOException {
    Path first = write(HEADER, 1);
    byte[] before = Files.readAllBytes(first);

    Path second = write(HEADER, 2);
    Path third = write(HEADER, 3);

    assertThat(first.getFileName()).hasToString("trace");
    assertThat(second.getFileName()).hasToString("trace.2");
    assertThat(third.getFileName()).hasToString("trace.3");
    assertThat(Files.readAllBytes(first)).isEqualTo(before);
  }

  @Test
  void aChangedByteAnywhereIsRefusedWithWhatWasExpectedAndFound() throws IOException {
    byte[] whole = Files.readAllBytes(write(Headers.of(2, 3), 12));
    Path damaged = directory.resolve("damaged");

    for (int at = 0; at < whole.length; at++) {
      byte[] bytes = whole.clone();
      bytes[at] ^= 0x10;
      Files.write(damaged, bytes);
      assertThatThrownBy(() -> read(damaged))
          .as("byte %d of %d", at, whole.length)
          .isInstanceOf(TraceFileException.class)
          .hasMessageContaining(damaged.toString())
          .hasMessageMatching("(?s).*at byte \\d+: expected .*, found .*");
    }
  }

  @Test
  void aFileCutShortAnywhereIsRefused() throws IOException {
    byte[] whole = Files.readAllBytes(write(Headers.of(2, 3), 12));
    Path cut = directory.resolve("cut");

    for (int length = 0; length < whole.length; length++) {
      Files.write(cut, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> read(cut))
          .as("%d of %d bytes", length, whole.length)
          .isInstanceOf(TraceFileException.class);
    }
    Files.write(cut, Arrays.copyOf(whole, whole.length - TraceFormat.END_BYTES));
    assertThatThrownBy(() -> read(cut)).hasMessageContaining("expected an end record");
  }

  @Test
  void aChunkThatIsMissingIsRefusedByTheCount() throws IOException {
    byte[] whole = Files.readAllBytes(write(HEADER, 300));
    ByteBuffer bytes = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
    int first = TraceFormat.PREAMBLE_BYTES + bytes.getInt(12);
    int second = first + TraceFormat.CHUNK_HEADER_BYTES + bytes.getInt(first + 4);
    byte[] without = new byte[whole.length - (second - first)];
    System.arraycopy(whole, 0, without, 0, first);
    System.arraycopy(whole, second, without, first, whole.length - second);
    Path file = Files.write(directory.resolve("without"), without);

    assertThatThrownBy(() -> read(file)).hasMessageContaining("number of chunks");
  }

  @Test
  void anotherVersionAndNoTraceAtAllAreRefused() throws IOException {
    byte[] whole = Files.readAllBytes(write(HEADER, 1));
    ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).putInt(8, 3);
    Path newer = Files.write(directory.resolve("newer"), whole);

    assertThatThrownBy(() -> read(newer))
        .hasMessageContaining("version at byte 8: expected 2, found 3");
    Path text =
        Files.writeString(directory.resolve("text"), "{\"prompt\": \"not a trace at all\"}");
    assertThatThrownBy(() -> read(text)).hasMessageContaining("first bytes at byte 0");
    assertThatThrownBy(() -> read(directory.resolve("nowhere")))
        .isInstanceOf(TraceFileException.class)
        .hasMessageContaining("there is no such file");
  }

  @Test
  void withoutRoomEventsAreDroppedAndCountedAndTheEngineNeverWaits() throws IOException {
    TraceRecorder recorder = recorder(HEADER, 2, 1024);
    new RandomEvents(1, HEADER).tell(recorder, 500); // nobody writes: both chunks fill up
    TraceStats full = recorder.stats();
    assertThat(full.dropped()).isPositive();

    recorder.startWriting();
    recorder.close();

    List<String> read = read(full.file());
    assertThat(read).hasSize((int) full.events());
    Told all = new Told();
    new RandomEvents(1, HEADER).tell(all, 500);
    assertThat(read).isEqualTo(all.events.subList(0, read.size()));
    assertThat(full.events() + full.dropped()).isEqualTo(all.events.size());
    try (TraceReader reader = TraceReader.open(full.file())) {
      assertThat(reader.totals().dropped()).isEqualTo(full.dropped());
    }
  }

  @Test
  void aGapIsToldWhereItIs() throws Exception {
    TraceRecorder recorder = recorder(HEADER, 2, 1024);
    RandomEvents events = new RandomEvents(1, HEADER);
    events.tell(recorder, 500);
    recorder.startWriting();
    long before;
    do { // until there is room again
      before = recorder.stats().dropped();
      events.tell(recorder, 1);
    } while (recorder.stats().dropped() > before);
    recorder.close();

    long missing =
        read(recorder.stats().file()).stream()
            .filter(event -> event.startsWith("missing"))
            .mapToLong(gap -> Long.parseLong(gap.replaceAll(".*, (\\d+)\\]", "$1")))
            .sum();
    assertThat(missing).isPositive().isEqualTo(recorder.stats().dropped());
  }

  @Test
  void aDiskThatFailsCostsTheTraceAndNothingElse() throws IOException {
    TraceFile file = TraceFile.create(directory.resolve("trace"), HEADER);
    TraceRecorder recorder = new TraceRecorder(file, HEADER, 2, 1024, 0);
    file.close();
    recorder.startWriting();

    new RandomEvents(1, HEADER).tell(recorder, 500);
    recorder.close();

    assertThat(recorder.stats().failure()).isNotNull();
    assertThat(recorder.stats().events()).isZero();
    assertThatThrownBy(() -> read(recorder.stats().file())).isInstanceOf(TraceFileException.class);
  }

  @Test
  void closingTwiceAndTellingAfterwardsAreHarmless() throws IOException {
    TraceRecorder recorder = TraceRecorder.open(directory.resolve("a/b/trace"), HEADER);
    recorder.stepEnded(System.nanoTime(), 7);
    recorder.close();
    recorder.close();
    recorder.stepEnded(System.nanoTime(), 8);

    assertThat(read(recorder.stats().file())).hasSize(1).first().asString().endsWith(", 7]");
    assertThat(recorder.stats().dropped()).isEqualTo(1);
  }
}
