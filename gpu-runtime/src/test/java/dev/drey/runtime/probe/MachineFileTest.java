package dev.drey.runtime.probe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.reference.ReferenceDevice;
import dev.drey.runtime.expertstore.ExpertStore;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.plan.Machine;
import dev.drey.runtime.plan.Product;
import dev.drey.runtime.plan.ProductTimes;
import dev.drey.runtime.plan.SamplerTimes;
import dev.drey.runtime.plan.StepModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A machine is measured for a small model, and what was measured is kept. */
class MachineFileTest {
  private static final Path MODEL = Path.of("src/test/resources/golden/gpt_oss");
  private static Machine measured;

  @TempDir private Path directory;

  @BeforeAll
  static void measure() {
    try (Checkpoint checkpoint = Checkpoint.open(MODEL);
        Device device = new ReferenceDevice(ComputeType.F32);
        MemoryBudget budget = MemoryBudget.root("test", 64 << 20)) {
      measured =
          new MachineProbe(
                  checkpoint,
                  ExpertStore.open(checkpoint),
                  device,
                  new ProbeOptions(1, 1, 16, 5000),
                  budget)
              .measure();
      assertThat(budget.usedBytes()).isZero();
      assertThat(measured.layers().attention())
          .hasSameSizeAs(StepModel.attentions(checkpoint.config()));
      for (ProductTimes times : List.of(measured.products(), measured.streamed())) {
        assertThat(times.points())
            .extracting(point -> point.product())
            .containsAll(Product.of(checkpoint.config()).keySet());
      }
    }
  }

  @Test
  void everythingIsMeasured() {
    assertThat(measured.sampler().chooseNanos()).isPositive();
    assertThat(measured.sampler().scoreNanos()).isGreaterThan(measured.sampler().chooseNanos());
    assertThat(measured.memoryBytesPerSecond()).isPositive();
    assertThat(measured.loadBytesPerSecond()).isPositive();
    assertThat(measured.loadCores()).isPositive();
    assertThat(measured.hostBytesPerSecond()).as("there is no tier below").isZero();
    assertThat(measured.layers().rest().nanos(8)).isPositive();
    assertThat(measured.layers().attention())
        .allMatch(times -> times.decodeRow() + times.decodePosition() > 0)
        .allMatch(times -> times.prefillRow() + times.prefillPosition() > 0);
    assertThat(measured.transferBytesPerSecond()).isEqualTo(5000);
  }

  @Test
  void aMachineIsNoBetterThanItselfAndBetterThanOneThatWasBusy() {
    assertThat(measured.better(measured)).usingRecursiveComparison().isEqualTo(measured);
    Machine busy =
        new Machine(
            measured.products(),
            measured.streamed(),
            measured.layers(),
            new SamplerTimes(
                2 * measured.sampler().chooseNanos(), 2 * measured.sampler().scoreNanos()),
            measured.memoryBytesPerSecond() / 2,
            measured.memoryWorkingSetBytes(),
            measured.linkBytesPerSecond() / 2,
            measured.pacedBytesPerSecond(),
            measured.loadBytesPerSecond() / 2,
            0,
            0,
            -1,
            measured.probeNanos());
    assertThat(measured.better(busy)).usingRecursiveComparison().isEqualTo(measured);
    assertThat(busy.better(measured)).usingRecursiveComparison().isEqualTo(measured);
  }

  @Test
  void whatWasMeasuredIsReadBackAsItWas() throws IOException {
    MachineFile file = new MachineFile(directory.resolve("new"), "this machine");
    assertThat(file.read()).isEmpty();

    file.write(measured);
    Machine read = file.read().orElseThrow();

    assertThat(read.products().points()).isEqualTo(measured.products().points());
    assertThat(read.streamed().points()).isEqualTo(measured.streamed().points());
    assertThat(read.layers().attention()).isEqualTo(measured.layers().attention());
    assertThat(read.layers().rest().points()).isEqualTo(measured.layers().rest().points());
    assertThat(read.pacedBytesPerSecond()).isZero();
    assertThat(read.paced(5000))
        .usingRecursiveComparison()
        .ignoringFields("products", "streamed", "layers")
        .isEqualTo(measured);
  }

  @Test
  void whatWasSeenStandsBesideWhatWasMeasuredUntilThatIsMeasuredAnew() throws IOException {
    MachineFile file = new MachineFile(directory, "this machine");
    file.writeSeenArrival(12.5);
    assertThat(file.seenArrival()).as("nothing was measured").isEmpty();
    file.write(measured);
    assertThat(file.seenArrival()).isEmpty();

    file.writeSeenArrival(99);
    file.writeSeenArrival(12.5);

    assertThat(file.seenArrival()).hasValue(12.5);
    assertThat(file.read().orElseThrow().loadBytesPerSecond())
        .isEqualTo(measured.loadBytesPerSecond());
    assertThat(new MachineFile(directory, "another machine").seenArrival()).isEmpty();
    file.write(measured);
    assertThat(file.seenArrival()).isEmpty();
  }

  @Test
  void anotherMachinesFileADamagedOneAndAnOldFormatAreNotBelieved() throws IOException {
    MachineFile file = new MachineFile(directory, "this machine");
    file.write(measured);
    assertThat(new MachineFile(directory, "another machine").read()).isEmpty();
    String text = Files.readString(file.path());

    Files.writeString(file.path(), text.replace("this machine", "that machine"));
    assertThat(file.read()).isEmpty();
    Files.writeString(file.path(), text.replaceFirst("\"format\" : \\d+", "\"format\" : 99"));
    assertThat(file.read()).isEmpty();
    Files.writeString(file.path(), text.substring(0, text.length() / 2));
    assertThat(file.read()).isEmpty();
    Files.writeString(file.path(), text);
    assertThat(file.read()).isPresent();
  }
}
