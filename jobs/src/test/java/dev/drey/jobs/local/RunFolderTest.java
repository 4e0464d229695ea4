package dev.drey.jobs.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.jobs.options.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.LocalDate;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
  private static final List<String> MEANING = List.of("generate", "model 1");

  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path parent;

  private Path checkpoint(RunFolder folder, String name, long millis) throws IOException {
    Path directory = Files.createDirectories(folder.checkpoints().resolve(name));
    Path metadata = Files.createFile(directory.resolve("_metadata"));
    Files.setLastModifiedTime(metadata, FileTime.fromMillis(millis));
    return directory;
  }

  @Test
  void theSameMeaningFindsTheSameFolderAndAnotherDoesNot() throws IOException {
    Path first;
    try (RunFolder folder = RunFolder.open(parent, MEANING, false)) {
      first = folder.path();
    }
    try (RunFolder again = RunFolder.open(parent, MEANING, false);
        RunFolder other = RunFolder.open(parent, List.of("generate", "model 2"), false)) {
      assertThat(again.path()).isEqualTo(first);
      assertThat(other.path()).isNotEqualTo(first);
    }
  }

  @Test
  void twoProcessesDoNotWorkOnOneRun() throws IOException {
    try (RunFolder folder = RunFolder.open(parent, MEANING, false)) {
      assertThatThrownBy(() -> RunFolder.open(parent, MEANING, false))
          .isInstanceOf(RefusedException.class)
          .hasMessageContaining(folder.path().toString());
    }
  }

  @Test
  void theNewestCheckpointOfAnyProcessIsFound() throws IOException {
    try (RunFolder folder = RunFolder.open(parent, MEANING, false)) {
      assertThat(folder.newestCheckpoint()).isEmpty();
      checkpoint(folder, "job1/chk-9", 1_000);
      Path newest = checkpoint(folder, "job2/chk-2", 2_000);
      Files.createDirectories(folder.checkpoints().resolve("job2/chk-3"));

      assertThat(folder.newestCheckpoint())
          .hasValueSatisfying(
              found -> {
                assertThat(found.path()).isEqualTo(newest);
                assertThat(found.taken().toEpochMilli()).isEqualTo(2_000);
              });
    }
  }

  @Test
  void startingOverForgetsEverything() throws IOException {
    try (RunFolder folder = RunFolder.open(parent, MEANING, false)) {
      checkpoint(folder, "job1/chk-1", 1_000);
      Files.writeString(folder.parts().resolve("a.part"), "x");
      folder.markFinished("12 tokens");
    }
    try (RunFolder fresh = RunFolder.open(parent, MEANING, true)) {
      assertThat(fresh.newestCheckpoint()).isEmpty();
      assertThat(fresh.parts()).isEmptyDirectory();
      assertThat(fresh.finished()).isEmpty();
    }
  }

  @Test
  void theDayOfTheFirstStartStaysAsLongAsThereIsACheckpointToGoOnFrom() throws IOException {
    LocalDate first = LocalDate.of(2026, 1, 31);
    try (RunFolder folder = RunFolder.open(parent, MEANING, false)) {
      assertThat(folder.started(first)).isEqualTo(first);
    }
    try (RunFolder again = RunFolder.open(parent, MEANING, false)) {
      assertThat(again.started(first.plusDays(1))).isEqualTo(first.plusDays(1));
      checkpoint(again, "job1/chk-1", 1_000);
    }
    try (RunFolder again = RunFolder.open(parent, MEANING, false)) {
      assertThat(again.started(first.plusDays(2))).isEqualTo(first.plusDays(1));
    }
  }

  @Test
  void theDoneMarkSurvivesTheProcess() throws IOException {
    try (RunFolder folder = RunFolder.open(parent, MEANING, false)) {
      folder.markFinished("12 tokens");
    }
    try (RunFolder again = RunFolder.open(parent, MEANING, false)) {
      assertThat(again.finished()).hasValue("12 tokens");
    }
  }

  @Test
  void deletingLeavesNothingAndClosingTwiceIsHarmless() throws IOException {
    RunFolder folder = RunFolder.open(parent, MEANING, false);
    folder.delete();
    folder.close();

    assertThat(parent).isEmptyDirectory();
  }
}
