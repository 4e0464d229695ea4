package dev.drey.runtime.residency;

import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.Matrix;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.expertstore.RowSource;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.model.NetworkPart;
import dev.drey.runtime.transfer.FakeDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Experts whose every byte tells where it belongs. */
final class FakeExpertSource implements RowSource {
  /** Awkward on purpose: neither width is a multiple of the block or of the alignment. */
  static final ExpertShape SHAPE = new ExpertShape(6, 10);

  private final int layers;
  private final int experts;

  /** The first blocks of the experts read, in order. */
  final List<ExpertId> begun = Collections.synchronizedList(new ArrayList<>());

  /** How many reads of an expert fail before one succeeds. */
  final Map<ExpertId, Integer> failures = new HashMap<>();

  FakeExpertSource(int layers, int experts) {
    this.layers = layers;
    this.experts = experts;
  }

  @Override
  public int layers() {
    return layers;
  }

  @Override
  public int experts() {
    return experts;
  }

  @Override
  public DType type() {
    return DType.BF16;
  }

  @Override
  public void readRows(
      ExpertId expert, NetworkPart part, int firstOutputRow, int rows, ByteBuffer target)
      throws IOException {
    if (part == NetworkPart.GATE && firstOutputRow == 0) {
      begun.add(expert);
    }
    synchronized (failures) {
      int left = failures.getOrDefault(expert, 0);
      if (left > 0) {
        failures.put(expert, left - 1);
        throw new IOException("no luck with " + expert);
      }
    }
    for (int i = firstOutputRow * rowBytes(part); target.hasRemaining(); i++) {
      target.put(byteAt(expert, part, i));
    }
  }

  /** Which of the three matrices comes first, second, third. */
  static int place(NetworkPart part) {
    return switch (part) {
      case GATE -> 0;
      case UP -> 1;
      case DOWN -> 2;
    };
  }

  static int rowBytes(NetworkPart part) {
    int inputs = part == NetworkPart.DOWN ? SHAPE.intermediate() : SHAPE.hidden();
    return inputs * DType.BF16.bytes();
  }

  static byte byteAt(ExpertId expert, NetworkPart part, int i) {
    int mixed = (expert.layer() * 251 + expert.index()) * 0x9E3779B1 + place(part) * 7919 + i;
    return (byte) (mixed ^ mixed >>> 11 ^ mixed >>> 19);
  }

  /** Whether a slot holds this expert, byte for byte. */
  static boolean holds(Expert slot, ExpertId expert) {
    return holds(slot.gate(), expert, NetworkPart.GATE)
        && holds(slot.up(), expert, NetworkPart.UP)
        && holds(slot.down(), expert, NetworkPart.DOWN);
  }

  private static boolean holds(Matrix matrix, ExpertId expert, NetworkPart part) {
    byte[] found = FakeDevice.read(matrix.data());
    MatrixLayout layout = matrix.layout();
    for (int block = 0; block < layout.blocks(); block++) {
      int first = block * layout.blockOutputs() * rowBytes(part);
      byte[] expected = new byte[layout.outputsOf(block) * rowBytes(part)];
      for (int i = 0; i < expected.length; i++) {
        expected[i] = byteAt(expert, part, first + i);
      }
      int at = Math.toIntExact(block * layout.blockStride());
      if (!Arrays.equals(expected, Arrays.copyOfRange(found, at, at + expected.length))) {
        return false;
      }
    }
    return true;
  }
}
