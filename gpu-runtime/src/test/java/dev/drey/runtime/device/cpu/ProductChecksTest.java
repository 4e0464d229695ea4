package dev.drey.runtime.device.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.device.OpenResources;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.DType;
import java.util.HashSet;
import java.util.Set;
import org.bytedeco.dnnl.stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ProductChecksTest {
  private OneDnn library;
  private MemoryBudget budget;
  private NativeMemory scratchpad;
  private stream queue;

  @BeforeEach
  void open() {
    assertThat(CpuDevice.availability().usable()).isTrue();
    library = new OneDnn();
    budget = MemoryBudget.root("test", 1 << 24);
    scratchpad = new NativeMemory(budget, 1 << 22, "scratchpad", new OpenResources("test"));
    queue = new stream(library.engine());
  }

  @AfterEach
  void close() {
    queue.close();
    scratchpad.close();
    library.close();
    assertThat(budget.usedBytes()).isZero();
  }

  private Product product(MatmulSpec spec) {
    return new Product(library, spec, 6, new stream[] {queue}, new long[] {scratchpad.address()});
  }

  @Test
  void equalBitsInAllTilesPass() {
    MatmulSpec spec = MatmulSpec.single(96, 40, DType.F32, DType.BF16);
    try (Product product = product(spec)) {
      assertThatCode(() -> new TileCheck(library, wanted -> product).check(spec))
          .doesNotThrowAnyException();
    }
  }

  @Test
  void otherBitsThanTheReferenceAreFound() {
    MatmulSpec spec = values(2, MatmulSpec.Post.NONE);
    MatmulSpec other = values(1, MatmulSpec.Post.ADD);
    try (Product product = product(spec);
        Product wrongReference = product(other)) {
      assertThatThrownBy(
              () ->
                  new TileCheck(library, wanted -> wanted.batch() == 2 ? product : wrongReference)
                      .check(spec))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("other bits")
          .hasMessageContaining("K=64, N=40")
          .hasMessageContaining(OneDnn.isa());
    }
  }

  @Test
  void wrongNumbersAreFound() {
    MatmulSpec spec = MatmulSpec.single(96, 128, DType.F32, DType.BF16);
    WeightFormat format = library.format(spec.weights());
    int[][] offsets = ValueCheck.offsets(spec, format);
    assertThat(ValueCheck.isRight(library, spec, format, offsets)).isTrue();
    int first = offsets[1][0];
    offsets[1][0] = offsets[1][95];
    offsets[1][95] = first;
    assertThat(ValueCheck.isRight(library, spec, format, offsets)).isFalse();
  }

  @Test
  void formatsOfWideFloatProductsAreRight() {
    for (int inputs : new int[] {512, 768, 1024, 2048}) {
      MatmulSpec spec = MatmulSpec.single(inputs, 128, DType.F32, DType.BF16);
      assertThat(ValueCheck.isRight(library, spec, library.format(spec.weights())))
          .as("%d inputs", inputs)
          .isTrue();
    }
  }

  @Test
  void offsetsOfAFormatAreDistinctAndWithinIt() {
    MatmulSpec spec = values(2, MatmulSpec.Post.NONE);
    WeightFormat format = library.format(spec.weights());
    Set<Integer> seen = new HashSet<>();
    for (int product : format.offsets(0)) {
      for (int input : format.offsets(1)) {
        for (int output : format.offsets(2)) {
          assertThat(seen.add(product + input + output)).isTrue();
          assertThat(product + input + output).isBetween(0, (int) format.bytes() / 2 - 1);
        }
      }
    }
    assertThat(seen).hasSize(2 * 64 * 40);
  }

  /** A batched product as attention uses it. */
  private static MatmulSpec values(int batch, MatmulSpec.Post post) {
    return MatmulSpec.batched(batch, 2, 64, 40, DType.BF16, post);
  }
}
