package dev.drey.runtime.checkpoint;

import java.util.Arrays;

/**
 * What a checkpoint calls a weight and how it stores it.
 *
 * @param tensor name of the tensor, in the canonical form that begins with {@code model.} or {@code
 *     lm_head.}
 * @param shape its dimensions, outermost first, counted in numbers whatever the storage
 * @param placement where the weight lies in it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record StoredAs(String tensor, long[] shape, Placement placement) {
  /** A tensor that is just this matrix. */
  static StoredAs matrix(String tensor, int outputs, int inputs) {
    return new StoredAs(tensor, new long[] {outputs, inputs}, Placement.rowMajor(inputs));
  }

  /** A tensor that is just this vector. */
  static StoredAs vector(String tensor, int length) {
    return new StoredAs(tensor, new long[] {length}, Placement.rowMajor(1));
  }

  @Override
  public String toString() {
    return tensor + " " + Arrays.toString(shape);
  }
}
