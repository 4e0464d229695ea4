package dev.drey.operators.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.operators.slot.AdmissionGate;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests that run jobs; after each, no engine and no gate may be left. */
@ExtendWith(TestCluster.Extension.class)
public abstract class WithToyWorld {
  protected final ToyWorld world = ToyWorld.create();
  protected Path directory;

  @BeforeEach
  void place(@TempDir Path temporary) {
    directory = temporary;
  }

  @AfterEach
  void nothingIsLeft() throws InterruptedException {
    world.stepsTake(Duration.ZERO);
    world.awaitNoEngines();
    world.close();
    assertThat(AdmissionGate.openGates()).isZero();
  }

  /** A job on a source in this world. */
  protected ToyJob job(ListSource source) {
    return ToyJob.of(world, source, directory);
  }
}
