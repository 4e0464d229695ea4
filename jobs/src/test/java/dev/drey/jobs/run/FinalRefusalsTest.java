package dev.drey.jobs.run;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.operators.slot.SlotEngines;
import dev.drey.operators.slot.SlotKey;
import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.safetensors.ModelFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FinalRefusalsTest {
  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path directory;

  private static ThrowingCallable opening(Path model) {
    SlotEngines engines =
        slot -> {
          try (Checkpoint checkpoint = Checkpoint.open(model)) {
            throw new AssertionError("opened " + checkpoint.config());
          }
        };
    return () -> new EnginePipeline.FinalRefusals(engines).acquire(new SlotKey("job", "slot"));
  }

  @Test
  void aModelThatIsNotThereMayBeThereAfterARestart() {
    assertThatThrownBy(opening(directory.resolve("not-mounted")))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("nothing there");
    assertThatThrownBy(opening(directory))
        .isInstanceOf(ModelFileException.class)
        .hasMessageContaining("config.json");
  }

  @Test
  void aModelThatCannotBeReadMayBeReadAfterARestart() throws IOException {
    Path config = directory.resolve("config.json");
    Files.createSymbolicLink(config, config);

    assertThatThrownBy(opening(directory))
        .isInstanceOf(ModelFileException.class)
        .hasCauseInstanceOf(IOException.class);
  }

  @Test
  void aDamagedModelIsRefusedForGood() throws IOException {
    Files.writeString(directory.resolve("config.json"), "{\"model_type\": ");

    assertThatThrownBy(opening(directory))
        .isInstanceOf(SuppressRestartsException.class)
        .hasCauseInstanceOf(ModelFileException.class);
  }

  @Test
  void aFileInPlaceOfAModelIsRefusedForGood() throws IOException {
    Path file = Files.createFile(directory.resolve("model"));

    assertThatThrownBy(opening(file))
        .isInstanceOf(SuppressRestartsException.class)
        .hasRootCauseMessage(
            file
                + ": expected a model's directory, found something that is not a directory."
                + " Give the directory that holds config.json.");
  }
}
