package dev.drey.runtime.expertstore;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.device.Matrix;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.NetworkPart;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The blocks of the gate, up and down projection, one matrix after the other, packed on arrival.
 */
final class RowBlocks implements ExpertBlocks {
  private static final NetworkPart[] PARTS = NetworkPart.values();

  private final RowSource source;
  private final List<MatrixLayout> layouts;
  private final int count;

  RowBlocks(RowSource source, ExpertLayout layout) {
    this.source = source;
    this.layouts = List.of(layout.gate(), layout.up(), layout.down());
    this.count = firstBlockOf(layouts.size());
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public int bytes(int block) {
    int part = partOf(block);
    MatrixLayout layout = layouts.get(part);
    return Math.toIntExact(
        layout.shapeOf(block - firstBlockOf(part)).elements() * source.type().bytes());
  }

  @Override
  public void read(ExpertId expert, int block, ByteBuffer staging) throws IOException {
    int part = partOf(block);
    MatrixLayout layout = layouts.get(part);
    int index = block - firstBlockOf(part);
    source.readRows(
        expert, PARTS[part], index * layout.blockOutputs(), layout.outputsOf(index), staging);
  }

  @Override
  public void copy(int block, HostBuffer staging, int offset, CopyStream stream, Expert target) {
    int part = partOf(block);
    Matrix matrix =
        switch (PARTS[part]) {
          case GATE -> target.gate();
          case UP -> target.up();
          case DOWN -> target.down();
        };
    stream.copyBlock(
        staging, offset, source.type(), matrix.layout(), block - firstBlockOf(part), matrix.data());
  }

  private int partOf(int block) {
    int part = 0;
    int rest = block;
    while (rest >= layouts.get(part).blocks()) {
      rest -= layouts.get(part++).blocks();
    }
    return part;
  }

  private int firstBlockOf(int part) {
    int first = 0;
    for (int i = 0; i < part; i++) {
      first += layouts.get(i).blocks();
    }
    return first;
  }
}
