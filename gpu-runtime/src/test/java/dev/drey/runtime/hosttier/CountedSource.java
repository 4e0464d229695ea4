package dev.drey.runtime.hosttier;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.expertstore.ExpertBlocks;
import dev.drey.runtime.expertstore.ExpertSource;
import dev.drey.runtime.model.ExpertId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** One layer of experts in two blocks each, whose bytes tell where they belong; notes its reads. */
final class CountedSource implements ExpertSource {
  static final int EXPERTS = 8;
  static final int[] BLOCKS = {100, 5000};

  /** Experts whose first block was read. */
  final List<Integer> read = new ArrayList<>();

  /** Reads that fail before one succeeds. */
  int failures;

  static byte byteAt(int expert, int block, int i) {
    return (byte) (expert * 31 + block * 7 + i);
  }

  @Override
  public int layers() {
    return 1;
  }

  @Override
  public int experts() {
    return EXPERTS;
  }

  @Override
  public ExpertBlocks blocks(ExpertLayout layout) {
    return new ExpertBlocks() {
      @Override
      public int count() {
        return BLOCKS.length;
      }

      @Override
      public int bytes(int block) {
        return BLOCKS[block];
      }

      @Override
      public void read(ExpertId expert, int block, ByteBuffer staging) throws IOException {
        if (failures > 0) {
          failures--;
          throw new IOException("no luck with " + expert);
        }
        if (block == 0) {
          read.add(expert.index());
        }
        for (int i = 0; staging.hasRemaining(); i++) {
          staging.put(byteAt(expert.index(), block, i));
        }
      }

      @Override
      public void copy(
          int block, HostBuffer staging, int offset, CopyStream stream, Expert target) {
        long to = block == 0 ? 0 : BLOCKS[0];
        stream.copyBytes(staging, offset, target.slot(), to, BLOCKS[block]);
      }
    };
  }
}
