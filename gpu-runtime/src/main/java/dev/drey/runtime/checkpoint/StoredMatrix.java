package dev.drey.runtime.checkpoint;

import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.safetensors.TensorRegion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A weight where it lies in the files, read as a row-major matrix whatever its storage: converted,
 * cut out of a fused tensor, turned round. Thread-safe.
 */
public final class StoredMatrix {
  /** Numbers that take about as long to read as one: a read's own cost is that of 32 KiB. */
  private static final int READ_TOGETHER = 16_384;

  private final StoredNumbers numbers;
  private final Placement placement;
  private final MatrixShape shape;

  StoredMatrix(StoredNumbers numbers, Placement placement, MatrixShape shape) {
    this.numbers = numbers;
    this.placement = placement;
    this.shape = shape;
  }

  /** Its dimensions. */
  public MatrixShape shape() {
    return shape;
  }

  /** The tensor it is, or is part of; of quantised ones the one with the numbers. */
  public TensorRegion region() {
    return numbers.region();
  }

  /** Whether {@link #read} gives every stored number exactly. */
  public boolean isExact() {
    return numbers.isExact();
  }

  /**
   * Reads rows as bfloat16.
   *
   * @param target little-endian; receives {@code rows * inputs} numbers, exactly what remains in it
   * @throws IOException if reading fails and may succeed later
   * @throws dev.drey.runtime.safetensors.ModelFileException if a file has changed since the model
   *     was opened
   */
  public void read(int firstRow, int rows, ByteBuffer target) throws IOException {
    long bytes = (long) rows * shape.inputs() * Short.BYTES;
    if (target.remaining() != bytes) {
      throw new IllegalArgumentException(
          "%d rows of %s are %d bytes, the target has room for %d"
              .formatted(rows, region().name(), bytes, target.remaining()));
    }
    if (placement.columnStride() == 1) {
      readRows(firstRow, rows, target);
    } else {
      readTurned(firstRow, rows, target);
    }
  }

  private void readRows(int firstRow, int rows, ByteBuffer target) throws IOException {
    int row = firstRow;
    int end = firstRow + rows;
    while (row < end) {
      int count = (int) Math.min(end - row, placement.consecutive(row, shape.inputs()));
      numbers.readBf16(placement.row(row), Math.multiplyExact(count, shape.inputs()), target);
      row += count;
    }
  }

  /** Some columns at a time, with what lies between them. */
  private void readTurned(int firstRow, int rows, ByteBuffer target) throws IOException {
    int start = target.position();
    int together = (int) Math.max(1, READ_TOGETHER / placement.columnStride());
    int row = firstRow;
    int end = firstRow + rows;
    while (row < end) {
      int count = (int) Math.min(end - row, placement.inGroup(row));
      for (int input = 0; input < shape.inputs(); input += together) {
        int columns = Math.min(together, shape.inputs() - input);
        ByteBuffer stored = readColumns(row, count, input, columns);
        for (int i = 0; i < count; i++) {
          int to = start + ((row - firstRow + i) * shape.inputs() + input) * Short.BYTES;
          for (int column = 0; column < columns; column++) {
            long from = i * placement.rowStride() + column * placement.columnStride();
            target.putShort(to + column * Short.BYTES, stored.getShort((int) from * Short.BYTES));
          }
        }
      }
      row += count;
    }
    target.position(target.limit());
  }

  private ByteBuffer readColumns(int row, int count, int input, int columns) throws IOException {
    int span =
        Math.toIntExact(
            (count - 1) * placement.rowStride() + (columns - 1) * placement.columnStride() + 1);
    ByteBuffer stored =
        ByteBuffer.allocate(Math.multiplyExact(span, Short.BYTES)).order(ByteOrder.LITTLE_ENDIAN);
    numbers.readBf16(placement.row(row) + input * placement.columnStride(), span, stored);
    return stored;
  }

  /**
   * Reads everything as float32, row-major: for weights that keep their precision.
   *
   * @throws IOException if reading fails and may succeed later
   */
  public float[] floats() throws IOException {
    float[] values = new float[Math.toIntExact(shape.elements())];
    if (placement.columnStride() == 1
        && placement.consecutive(0, shape.inputs()) >= shape.outputs()) {
      numbers.readFloats(placement.row(0), values.length, values, 0);
      return values;
    }
    for (int row = 0; row < shape.outputs(); row++) {
      for (int column = 0; column < shape.inputs(); column++) {
        long from = placement.row(row) + column * placement.columnStride();
        numbers.readFloats(from, 1, values, row * shape.inputs() + column);
      }
    }
    return values;
  }
}
