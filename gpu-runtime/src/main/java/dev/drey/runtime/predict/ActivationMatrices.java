package dev.drey.runtime.predict;

import dev.drey.runtime.cache.SnapshotFormat;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * A bounded collection of matrices [layer][expert], kept so that all of them are compared with a
 * growing matrix at once: a column holds one cell of all matrices side by side, and adding to a
 * cell of the growing matrix adds a multiple of the cell's column to its products with all
 * matrices. Comparing costs the collection's size per cell that changes, not per cell there is.
 *
 * <p>Similarity is the cosine of the flattened matrices, of the layers so far alone if asked for.
 *
 * <p>A full collection gives up the matrix most like a new one if they are much alike, else the one
 * found least recently: it stays diverse, and what no traffic resembles any more makes room.
 */
final class ActivationMatrices {
  private static final long MOST_CELLS = 1L << 28;

  /** Likeness from which on one of two matrices is enough. */
  private static final float MUCH_ALIKE = 0.75f;

  private final int places;
  private final int experts;
  private final int capacity;
  private final float[] columns; // [cell][matrix]
  private final float[] rows; // [matrix][cell], every layer's sum is 1, or 0
  private final float[] squares; // [place][matrix]: sum of squares of the layers up to this one
  private final long[] lastFound;
  private int size;
  private long finds;

  ActivationMatrices(PredictorShape shape, int capacity) {
    this.places = shape.places();
    this.experts = shape.experts();
    this.capacity = capacity;
    if ((long) shape.totalExperts() * capacity > MOST_CELLS) {
      throw new IllegalArgumentException(
          "a predictor's collection of %d matrices for %d experts is too large; at most %d would do"
              .formatted(capacity, shape.totalExperts(), MOST_CELLS / shape.totalExperts()));
    }
    columns = new float[places * experts * capacity];
    rows = new float[columns.length];
    squares = new float[places * capacity];
    lastFound = new long[capacity];
  }

  int size() {
    return size;
  }

  int capacity() {
    return capacity;
  }

  /** Adds to the products with all matrices what an amount in one cell adds to them. */
  void addProducts(float[] products, int cell, float amount) {
    int from = cell * capacity;
    for (int matrix = 0; matrix < size; matrix++) {
      products[matrix] += amount * columns[from + matrix];
    }
  }

  /** Product of one matrix with another one. */
  float product(int matrix, float[] other) {
    float sum = 0;
    for (int cell = 0; cell < places * experts; cell++) {
      sum += other[cell] == 0 ? 0 : other[cell] * columns[cell * capacity + matrix];
    }
    return sum;
  }

  /**
   * Similarity of a matrix to a growing one.
   *
   * @param product of the two
   * @param square sum of the growing one's squares
   * @param place last layer that counts
   * @return from 0 to 1; 0 if either is empty
   */
  float similarity(int matrix, float product, float square, int place) {
    float both = square * squares[place * capacity + matrix];
    return both > 0 ? product / (float) Math.sqrt(both) : 0;
  }

  /** A prediction is made from a matrix. */
  void found(int matrix) {
    lastFound[matrix] = ++finds;
  }

  /**
   * Where to store a new matrix.
   *
   * @param likeness of each stored matrix to it
   */
  int placeFor(float[] likeness) {
    if (size < capacity) {
      return size;
    }
    int alike = 0;
    int oldest = 0;
    for (int matrix = 1; matrix < size; matrix++) {
      alike = likeness[matrix] > likeness[alike] ? matrix : alike;
      oldest = lastFound[matrix] < lastFound[oldest] ? matrix : oldest;
    }
    return likeness[alike] >= MUCH_ALIKE ? alike : oldest;
  }

  /** Appends a matrix, or puts it in the place of another one. */
  void store(int matrix, float[] cells) {
    size = Math.max(size, matrix + 1);
    found(matrix);
    float square = 0;
    for (int place = 0; place < places; place++) {
      float sum = 0;
      for (int cell = place * experts; cell < (place + 1) * experts; cell++) {
        columns[cell * capacity + matrix] = cells[cell];
        square += cells[cell] * cells[cell];
        sum += cells[cell];
      }
      squares[place * capacity + matrix] = square;
      float scale = sum > 0 ? 1 / sum : 0;
      for (int cell = place * experts; cell < (place + 1) * experts; cell++) {
        rows[matrix * places * experts + cell] = cells[cell] * scale;
      }
    }
  }

  /** Adds a multiple of a matrix's layer, its sum being 1. */
  void addRow(int matrix, int place, float factor, float[] into) {
    int from = (matrix * places + place) * experts;
    for (int expert = 0; expert < experts; expert++) {
      into[expert] += factor * rows[from + expert];
    }
  }

  void write(DataOutputStream out) throws IOException {
    out.writeInt(size);
    out.writeLong(finds);
    SnapshotFormat.writeAll(out, lastFound);
    SnapshotFormat.writeAll(out, columns);
    SnapshotFormat.writeAll(out, rows);
    SnapshotFormat.writeAll(out, squares);
  }

  void read(DataInputStream in) throws IOException {
    size = in.readInt();
    finds = in.readLong();
    SnapshotFormat.readAll(in, lastFound);
    SnapshotFormat.readAll(in, columns);
    SnapshotFormat.readAll(in, rows);
    SnapshotFormat.readAll(in, squares);
  }
}
