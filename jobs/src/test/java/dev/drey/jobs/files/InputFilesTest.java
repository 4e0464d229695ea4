package dev.drey.jobs.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.jobs.options.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputFilesTest {
  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path directory;

  @Test
  void aDirectoryMeansItsJsonLinesFilesInTheOrderOfTheirNames() throws IOException {
    Files.writeString(directory.resolve("b.jsonl"), "1\n");
    Files.writeString(directory.resolve("a.jsonl"), "22\n");
    Files.writeString(directory.resolve("notes.txt"), "3\n");

    assertThat(InputFiles.resolve(List.of(directory.toString())))
        .extracting(InputFile::name, InputFile::length)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("a.jsonl", 3L),
            org.assertj.core.groups.Tuple.tuple("b.jsonl", 2L));
  }

  @Test
  void everythingThatIsNotThereIsNamed() throws IOException {
    Path empty = Files.createDirectory(directory.resolve("empty"));

    assertThatThrownBy(
            () ->
                InputFiles.resolve(
                    List.of(directory.resolve("none.jsonl").toString(), empty.toString())))
        .isInstanceOfSatisfying(
            RefusedException.class,
            refused ->
                assertThat(refused.problems())
                    .satisfiesExactly(
                        p -> assertThat(p).contains("none.jsonl").contains("no such"),
                        p -> assertThat(p).contains("empty").contains("no *.jsonl file")));
  }

  @Test
  void filesOfOneNameAreRefusedBecauseRecordsCouldNotBeToldApart() throws IOException {
    Path one = Files.createDirectory(directory.resolve("1"));
    Path two = Files.createDirectory(directory.resolve("2"));
    Files.writeString(one.resolve("a.jsonl"), "1\n");
    Files.writeString(two.resolve("a.jsonl"), "2\n");

    assertThatThrownBy(() -> InputFiles.resolve(List.of(one.toString(), two.toString())))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("both a.jsonl");
  }

  @Test
  void aFileThatChangedIsNotOpened() throws IOException {
    Path path = Files.writeString(directory.resolve("a.jsonl"), "1\n");
    InputFile file = InputFiles.resolve(List.of(path.toString())).get(0);
    Files.setLastModifiedTime(path, FileTime.fromMillis(file.modifiedMillis() + 1000));

    assertThatThrownBy(() -> file.open(0))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("changed while the job was using it");
  }
}
