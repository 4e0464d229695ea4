package dev.drey.runtime.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.model.BFloat16;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.safetensors.ModelDirectory;
import dev.drey.runtime.safetensors.SafetensorsWriter;
import dev.drey.runtime.safetensors.TensorFiles;
import dev.drey.runtime.safetensors.TensorRegion;
import dev.drey.runtime.safetensors.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights are read as row-major matrices whatever their storage. */
class StoredMatrixTest {
  private final Path dir;
  private TensorFiles files;

  @SuppressWarnings("NullAway.Init") // every test opens a tensor first
  StoredMatrixTest(@TempDir Path dir) {
    this.dir = dir;
  }

  @AfterEach
  void close() {
    files.close();
  }

  /** Writes one tensor, and perhaps another, and opens them. */
  private TensorRegion open(DType type, long[] shape, byte[] content) throws IOException {
    return open(Map.of("t", content), List.of(new TensorSpec("t", type, shape)));
  }

  private TensorRegion open(Map<String, byte[]> contents, List<TensorSpec> specs)
      throws IOException {
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(dir.resolve("model.safetensors"), specs, Map.of())) {
      for (TensorSpec spec : specs) {
        writer.write(spec.name(), ByteBuffer.wrap(contents.get(spec.name())));
      }
      writer.finish();
    }
    files = TensorFiles.open(ModelDirectory.open(dir));
    return region("t");
  }

  private TensorRegion region(String name) {
    return Objects.requireNonNull(files.regions().get(name));
  }

  /** A matrix among the bfloat16 numbers 0, 1, 2, ... */
  private StoredMatrix counting(long[] shape, Placement placement, int rows, int columns)
      throws IOException {
    int count = 1;
    for (long dimension : shape) {
      count *= (int) dimension;
    }
    ByteBuffer bytes = ByteBuffer.allocate(2 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      bytes.putShort(BFloat16.toBits(i));
    }
    TensorRegion region = open(DType.BF16, shape, bytes.array());
    return new StoredMatrix(
        new PlainNumbers(files, region), placement, new MatrixShape(rows, columns));
  }

  private static float[] read(StoredMatrix matrix, int firstRow, int rows) throws IOException {
    int count = rows * matrix.shape().inputs();
    ByteBuffer target = ByteBuffer.allocate(2 * count + 6).order(ByteOrder.LITTLE_ENDIAN);
    target.position(6);
    matrix.read(firstRow, rows, target);
    assertThat(target.hasRemaining()).isFalse();
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = BFloat16.fromBits(target.getShort(6 + 2 * i));
    }
    return values;
  }

  @Test
  void rowsOfAPlainMatrixAreReadAsTheyLie() throws IOException {
    StoredMatrix matrix = counting(new long[] {4, 3}, Placement.rowMajor(3), 4, 3);
    assertThat(read(matrix, 1, 2)).containsExactly(3, 4, 5, 6, 7, 8);
    assertThat(matrix.floats()).startsWith(0, 1, 2).hasSize(12);
    assertThat(matrix.isExact()).isTrue();
  }

  @Test
  void groupsOfRowsAreCutOutOfALargerMatrix() throws IOException {
    StoredMatrix second = counting(new long[] {6, 2}, Placement.rowGroups(1, 2, 3, 2), 4, 2);
    assertThat(read(second, 0, 4)).containsExactly(2, 3, 4, 5, 8, 9, 10, 11);
    assertThat(read(second, 1, 2)).containsExactly(4, 5, 8, 9);
    assertThat(second.floats()).containsExactly(2, 3, 4, 5, 8, 9, 10, 11);
  }

  @Test
  void anExpertOfATurnedTensorIsTurnedBack() throws IOException {
    Placement ofSecond = Placement.transposed(6, 1, 3);
    StoredMatrix turned = counting(new long[] {2, 2, 3}, ofSecond, 3, 2);
    assertThat(read(turned, 0, 3)).containsExactly(6, 9, 7, 10, 8, 11);
    assertThat(read(turned, 1, 2)).containsExactly(7, 10, 8, 11);
    assertThat(turned.floats()).containsExactly(6, 9, 7, 10, 8, 11);
  }

  @Test
  void everyOtherColumnOfATurnedTensorIsARow() throws IOException {
    Placement odd = Placement.transposed(1, 2, 4);
    StoredMatrix up = counting(new long[] {2, 4}, odd, 2, 2);
    assertThat(read(up, 0, 2)).containsExactly(1, 5, 3, 7);
  }

  @Test
  void groupsThatAreTurnedStayApart() throws IOException {
    Placement heads = new Placement(0, 2, 6, 1, 2);
    StoredMatrix images = counting(new long[] {6, 2}, heads, 4, 2);
    assertThat(read(images, 0, 4)).containsExactly(0, 2, 1, 3, 6, 8, 7, 9);
    assertThat(read(images, 1, 2)).containsExactly(1, 3, 6, 8);
  }

  @Test
  void aTargetOfAnotherSizeIsRefused() throws IOException {
    StoredMatrix matrix = counting(new long[] {4, 3}, Placement.rowMajor(3), 4, 3);
    assertThatThrownBy(() -> matrix.read(0, 2, ByteBuffer.allocate(13)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("2 rows of t are 12 bytes, the target has room for 13");
  }

  @Test
  void halfPrecisionIsWidenedExactlyAndRoundedForMatrices() throws IOException {
    short[] bits = {0x3c00, (short) 0xc000, 0x0001, (short) 0x83ff, 0x7bff, 0x7c00, 0x3555, 0};
    ByteBuffer bytes = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    for (short value : bits) {
      bytes.putShort(value);
    }
    TensorRegion region = open(DType.F16, new long[] {8}, bytes.array());
    StoredMatrix vector =
        new StoredMatrix(
            new PlainNumbers(files, region), Placement.rowMajor(1), new MatrixShape(8, 1));
    assertThat(vector.floats())
        .containsExactly(
            1, -2, 0x1p-24f, -0x3ffp-24f, 65504, Float.POSITIVE_INFINITY, 0x1.554p-2f, 0);
    assertThat(read(vector, 6, 1)).containsExactly(BFloat16.round(0x1.554p-2f));
    assertThat(vector.isExact()).isFalse();
  }

  @Test
  void eightBitNumbersAreMultipliedByTheScaleOfTheirBlock() throws IOException {
    byte[] content = {0x38, 0x40, (byte) 0xb8, 0x01, 0x7e, 0x38, 0x38, 0x38, 0x38, 0x38};
    ByteBuffer scales = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    for (float scale : new float[] {2, 3, 5, 7, 11, 13}) {
      scales.putFloat(scale);
    }
    open(
        Map.of("t", content, "s", scales.array()),
        List.of(
            new TensorSpec("t", DType.F8_E4M3, new long[] {2, 5}),
            new TensorSpec("s", DType.F32, new long[] {2, 3})));
    Fp8Numbers numbers = new Fp8Numbers(files, region("t"), region("s"), 1, 2);
    StoredMatrix matrix = new StoredMatrix(numbers, Placement.rowMajor(5), new MatrixShape(2, 5));
    assertThat(matrix.floats()).containsExactly(2, 4, -3, 3 * 0x1p-9f, 5 * 448, 7, 7, 11, 11, 13);
    assertThat(read(matrix, 1, 1)).containsExactly(7, 7, 11, 11, 13);
    assertThat(numbers.storedBytes()).isEqualTo(10 + 24);
  }

  @Test
  void fourBitNumbersAreMultipliedByTheirBlocksPowerOfTwo() throws IOException {
    byte[] blocks = new byte[32];
    for (int i = 0; i < 8; i++) {
      blocks[i] = (byte) (2 * i | (2 * i + 1) << 4);
    }
    blocks[16] = 0x17;
    open(
        Map.of("t", blocks, "s", new byte[] {(byte) 128, 126}),
        List.of(
            new TensorSpec("t", DType.U8, new long[] {2, 1, 16}),
            new TensorSpec("s", DType.U8, new long[] {2, 1})));
    Mxfp4Numbers numbers = new Mxfp4Numbers(files, region("t"), region("s"));
    StoredMatrix matrix = new StoredMatrix(numbers, Placement.rowMajor(32), new MatrixShape(2, 32));
    float[] values = matrix.floats();
    assertThat(values).startsWith(0, 1, 2, 3, 4, 6, 8, 12, -0f, -1, -2, -3, -4, -6, -8, -12, 0);
    assertThat(values[32]).isEqualTo(3);
    assertThat(values[33]).isEqualTo(0.25f);
    assertThat(read(matrix, 1, 1)).startsWith(3, 0.25f, 0);
    assertThat(matrix.isExact()).isTrue();
  }
}
