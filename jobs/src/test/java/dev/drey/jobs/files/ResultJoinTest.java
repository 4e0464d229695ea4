package dev.drey.jobs.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.jobs.EchoPipeline;
import dev.drey.operators.records.SourceRecord;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultJoinTest {
  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path directory;

  private List<InputFile> inputs = List.of();

  @BeforeEach
  void writeInput() throws IOException {
    Files.createDirectory(directory.resolve("parts"));
    Files.createDirectory(directory.resolve("out"));
    Path first = Files.writeString(directory.resolve("a b.jsonl"), "a0\nbad\na2\n");
    Path second = Files.writeString(directory.resolve("c.jsonl"), "c0\nc1");
    inputs = InputFiles.resolve(List.of(first.toString(), second.toString()));
  }

  private void part(String name, String... places) throws IOException {
    PartFormat format = new PartFormat();
    try (OutputStream out = Files.newOutputStream(directory.resolve("parts").resolve(name))) {
      for (String place : places) {
        String file = place.substring(0, place.indexOf('#'));
        int line = Integer.parseInt(place.substring(place.indexOf('#') + 1));
        List<String> lines = Files.readAllLines(directory.resolve(file));
        String text = line < lines.size() ? lines.get(line) : "beyond";
        format.encode(
            EchoPipeline.answer(SourceRecord.of(text.getBytes(UTF_8), file, 0, line)), out);
      }
    }
  }

  private ResultJoin.Counts join() throws IOException {
    return ResultJoin.join(inputs, directory.resolve("parts"), directory.resolve("out"));
  }

  @Test
  void outcomesComeInTheOrderOfTheInputWhateverPartTheyLieIn() throws IOException {
    part("1.part", "c.jsonl#1", "a b.jsonl#2");
    part("2.part", "a b.jsonl#1", "c.jsonl#0", "a b.jsonl#0");

    ResultJoin.Counts counts = join();

    assertThat(counts).isEqualTo(new ResultJoin.Counts(5, 4, 1));
    assertThat(Files.readAllLines(directory.resolve("out/results.jsonl")))
        .extracting(line -> line.replaceAll(".*\"text\":\"([^\"]*)\".*", "$1"))
        .containsExactly("a0", "a2", "c0", "c1");
    assertThat(Files.readAllLines(directory.resolve("out/dead-letters.jsonl")))
        .singleElement()
        .asString()
        .contains("bad_record");
  }

  @Test
  void joiningAgainGivesTheSameFiles() throws IOException {
    part("1.part", "c.jsonl#1", "a b.jsonl#2", "a b.jsonl#1", "c.jsonl#0", "a b.jsonl#0");
    join();
    byte[] once = Files.readAllBytes(directory.resolve("out/results.jsonl"));

    join();

    assertThat(Files.readAllBytes(directory.resolve("out/results.jsonl"))).isEqualTo(once);
  }

  @Test
  void partsThatWereNeverCommittedDoNotCount() throws IOException {
    part("1.part", "c.jsonl#1", "a b.jsonl#2", "a b.jsonl#1", "c.jsonl#0", "a b.jsonl#0");
    part(".2.part.inprogress", "c.jsonl#1");

    assertThat(join().records()).isEqualTo(5);
  }

  @Test
  void aMissingOutcomeIsNamedAndNothingIsWritten() throws IOException {
    part("1.part", "c.jsonl#1", "a b.jsonl#2", "a b.jsonl#1", "a b.jsonl#0");

    assertThatThrownBy(this::join)
        .isInstanceOf(IncompleteRunException.class)
        .hasMessageContaining("1 of 2 lines of c.jsonl")
        .hasMessageContaining("line 0");
    assertThat(directory.resolve("out")).isEmptyDirectory();
  }

  @Test
  void aSecondOutcomeIsNamedAndNothingIsWritten() throws IOException {
    part("1.part", "c.jsonl#1", "a b.jsonl#2", "a b.jsonl#1", "c.jsonl#0", "a b.jsonl#0");
    part("2.part", "c.jsonl#1");

    assertThatThrownBy(this::join)
        .isInstanceOf(IncompleteRunException.class)
        .hasMessageContaining("line 1 of c.jsonl has a second outcome");
    assertThat(directory.resolve("out")).isEmptyDirectory();
  }

  @Test
  void anOutcomeOfNoLineIsNamed() throws IOException {
    part("1.part", "c.jsonl#2");

    assertThatThrownBy(this::join)
        .isInstanceOf(IncompleteRunException.class)
        .hasMessageContaining("line 2 of c.jsonl");
  }
}
