package dev.drey.runtime.device;

import static dev.drey.runtime.device.Numbers.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.memory.MemoryBudgetExceededException;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.MatrixShape;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What every device owes for memory: exact accounting, checks, no leaks. */
interface MemoryConformance extends DeviceFactory {
  @Test
  default void memoryIsZeroedCountedAndGivenBack() {
    try (Device device = open()) {
      MemoryBudget budget = MemoryBudget.root("test", 10_000_000);
      try (ComputeStream stream = device.newComputeStream(budget, Rig.model(64, 64), 4)) {
        long before = budget.usedBytes();
        DeviceBuffer buffer = device.allocate(budget, 4096);
        assertThat(budget.usedBytes() - before).isEqualTo(4096);
        assertThat(stream.read(buffer, 0, 1024).get(1023)).isZero();
        HostBuffer host = device.allocateHost(budget, 100);
        assertThat(host.bytes().capacity()).isGreaterThanOrEqualTo(100);
        assertThat(host.bytes().isDirect()).isTrue();
        assertThat(budget.usedBytes() - before).isEqualTo(4196);
        host.close();
        host.close();
        buffer.close();
        buffer.close();
        assertThat(budget.usedBytes()).isEqualTo(before);
      }
      assertThat(budget.usedBytes()).isZero();
    }
  }

  @Test
  default void equalPiecesAreApartAndGoBackOneByOne() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      MemoryBudget budget = MemoryBudget.root("window", 1000 * 64);
      assertThat(rig.device.allocateEqual(budget, 64, 0)).isEmpty();
      assertThatThrownBy(() -> rig.device.allocateEqual(budget, 64, 1001))
          .isInstanceOf(MemoryBudgetExceededException.class);
      assertThat(budget.usedBytes()).isZero();
      List<DeviceBuffer> pieces = rig.device.allocateEqual(budget, 128, 3);
      assertThat(budget.usedBytes()).isEqualTo(3 * 128);
      assertThat(pieces).hasSize(3).allSatisfy(piece -> assertThat(piece.bytes()).isEqualTo(128));
      float[] ones = new float[32];
      Arrays.fill(ones, 1);
      rig.stream.write(ones, pieces.get(1));
      assertThat(rig.read(pieces.get(0), 32)).containsOnly(0);
      assertThat(rig.read(pieces.get(2), 32)).containsOnly(0);
      pieces.get(0).close();
      pieces.get(0).close();
      assertThatThrownBy(() -> rig.stream.read(pieces.get(0), 0, 1))
          .isInstanceOf(IllegalStateException.class);
      assertThat(rig.read(pieces.get(1), 32)).containsOnly(1);
      pieces.get(2).close();
      pieces.get(1).close();
      assertThat(budget.usedBytes()).isZero();
    }
  }

  @Test
  default void aStreamReservesWhatWasAnnounced() {
    try (Device device = open()) {
      for (int rows : new int[] {1, 33, 200}) {
        MemoryBudget budget = MemoryBudget.root("test", 1L << 30);
        long announced = device.computeStreamBytes(Rig.model(96, 320), rows);
        try (ComputeStream stream = device.newComputeStream(budget, Rig.model(96, 320), rows)) {
          assertThat(budget.usedBytes()).isEqualTo(announced);
          assertThat(stream.record().reached()).isTrue();
        }
        assertThat(budget.usedBytes()).isZero();
      }
    }
  }

  @Test
  default void aStoreReservesWhatWasAnnounced() {
    try (Device device = open()) {
      MemoryBudget budget = MemoryBudget.root("test", 1L << 30);
      KvShape shape = new KvShape(3, 2, 48, 40, 64);
      long announced = device.kvStoreBytes(shape, 5);
      assertThat(announced).isGreaterThanOrEqualTo(3 * 5 * shape.elementsPerLayerBlock() * 2);
      KvStore store = device.newKvStore(budget, shape, 5);
      assertThat(budget.usedBytes()).isEqualTo(announced);
      assertThat(store.shape()).isEqualTo(shape);
      assertThat(store.blocks()).isEqualTo(5);
      store.close();
      store.close();
      assertThat(budget.usedBytes()).isZero();
    }
  }

  @Test
  default void aStateStoreReservesWhatWasAnnounced() {
    try (Device device = open()) {
      MemoryBudget budget = MemoryBudget.root("test", 1L << 20);
      long announced = device.stateStoreBytes(3, 5, 77);
      assertThat(announced).isGreaterThanOrEqualTo(3 * 5 * 77 * 4);
      StateStore store = device.newStateStore(budget, 3, 5, 77);
      assertThat(budget.usedBytes()).isEqualTo(announced);
      assertThat(store.layers()).isEqualTo(3);
      assertThat(store.slots()).isEqualTo(5);
      assertThat(store.numbers()).isEqualTo(77);
      store.close();
      store.close();
      assertThat(budget.usedBytes()).isZero();
    }
  }

  @Test
  default void whatDoesNotFitIsRefusedAndNothingStaysReserved() {
    try (Device device = open()) {
      MemoryBudget budget = MemoryBudget.root("small", 1000);
      assertThatThrownBy(() -> device.allocate(budget, 1001))
          .isInstanceOf(MemoryBudgetExceededException.class)
          .hasMessageContaining("small");
      assertThatThrownBy(() -> device.allocateHost(budget, 1001))
          .isInstanceOf(MemoryBudgetExceededException.class);
      assertThatThrownBy(() -> device.newKvStore(budget, new KvShape(2, 2, 32, 32, 64), 8))
          .isInstanceOf(MemoryBudgetExceededException.class);
      assertThatThrownBy(() -> device.newStateStore(budget, 1, 1, 251))
          .isInstanceOf(MemoryBudgetExceededException.class);
      if (device.computeStreamBytes(Rig.model(64, 64), 4) > 1000) {
        assertThatThrownBy(() -> device.newComputeStream(budget, Rig.model(64, 64), 4))
            .isInstanceOf(MemoryBudgetExceededException.class);
      }
      assertThat(budget.usedBytes()).isZero();
    }
  }

  @Test
  default void closingTheDeviceNamesWhatIsStillOpen() {
    Device device = open();
    MemoryBudget budget = MemoryBudget.root("leaky", 1 << 20);
    DeviceBuffer buffer = device.allocate(budget, 4711);
    assertThatThrownBy(device::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("4711")
        .hasMessageContaining("leaky");
    buffer.close();
    device.close();
    device.close();
    assertThatThrownBy(() -> device.allocate(budget, 64))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  default void memoryIsNotUsedAfterClose() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      DeviceBuffer buffer = rig.device.allocate(rig.budget, 256);
      DeviceBuffer slice = buffer.slice(64, 64);
      buffer.close();
      assertThatThrownBy(() -> rig.stream.write(new float[1], buffer))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> rig.stream.read(slice, 0, 1))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  default void slicesAreViewsWithinTheirBuffer() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      DeviceBuffer buffer = rig.floats(new float[64]);
      DeviceBuffer slice = buffer.slice(64, 128);
      rig.stream.write(new float[] {1, 2}, slice.slice(64, 64));
      slice.close();
      assertThat(rig.read(buffer, 64)).containsSequence(0, 1, 2, 0);
      assertThat(rig.read(buffer, 64)[32]).isEqualTo(1);
      assertThatThrownBy(() -> buffer.slice(8, 64)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> buffer.slice(192, 128)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> rig.stream.write(new float[65], buffer))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  default void bytesAreCopiedToTheirPlaceAndNoFurther() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      DeviceBuffer target = rig.floats(1, 2, 3, 4, 5);
      try (HostBuffer host = rig.device.allocateHost(rig.budget, 16)) {
        host.bytes().putFloat(4, 40).putFloat(8, 50);
        rig.copies.copyBytes(host, 4, target, 4, 8);
        rig.copies.record().await();
        assertThat(rig.read(target, 5)).containsExactly(1, 40, 50, 4, 5);
        assertThatThrownBy(() -> rig.copies.copyBytes(host, 8, target, 0, 16))
            .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> rig.copies.copyBytes(host, 0, target, 60, 16))
            .isInstanceOf(IndexOutOfBoundsException.class);
      }
    }
  }

  @Test
  default void otherWeightTypesAreRefused() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      MatrixLayout layout = rig.device.matrixLayout(new MatrixShape(64, 64));
      DeviceBuffer target = rig.own(rig.device.allocate(rig.budget, layout.bytes()));
      try (HostBuffer host = rig.device.allocateHost(rig.budget, 64 * 64 * 4)) {
        assertThatThrownBy(() -> rig.copies.copyBlock(host, 0, DType.F16, layout, 0, target))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("F16")
            .hasMessageContaining("64x64");
      }
    }
  }

  @Test
  default void layoutsFollowFromTheShapeAndCoverIt() {
    try (Device device = open();
        Device other = open()) {
      for (MatrixShape shape :
          new MatrixShape[] {
            new MatrixShape(40, 64), new MatrixShape(4096, 2048), new MatrixShape(1000, 320)
          }) {
        MatrixLayout layout = device.matrixLayout(shape);
        assertThat(layout).isEqualTo(other.matrixLayout(shape));
        assertThat(layout.blockStride() % 64).isZero();
        int outputs = 0;
        for (int block = 0; block < layout.blocks(); block++) {
          outputs += layout.outputsOf(block);
          assertThat(layout.shapeOf(block).elements() * 2)
              .isLessThanOrEqualTo(layout.blockStride());
        }
        assertThat(outputs).isEqualTo(shape.outputs());
      }
      assertThat(device.numericFingerprint()).isEqualTo(other.numericFingerprint());
    }
  }

  @Test
  default void readingGivesPartOfABuffer() {
    try (Rig rig = rig(Rig.model(64, 64))) {
      DeviceBuffer buffer = rig.floats(1, 2, 3, 4, 5);
      FloatBuffer view = rig.stream.read(buffer, 1, 3);
      assertThat(view.remaining()).isEqualTo(3);
      float[] values = new float[3];
      view.get(values);
      assertSameBits(values, new float[] {2, 3, 4}, "part");
    }
  }
}
