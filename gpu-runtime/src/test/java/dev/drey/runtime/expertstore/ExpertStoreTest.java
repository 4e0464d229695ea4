package dev.drey.runtime.expertstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.checkpoint.ExpertTensors;
import dev.drey.runtime.checkpoint.StoredMatrix;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.NetworkPart;
import dev.drey.runtime.safetensors.Fixtures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Against the golden model: 3 layers of 16 experts, hidden 64, intermediate 40. */
class ExpertStoreTest {
  private final Checkpoint checkpoint = Checkpoint.open(Fixtures.golden("qwen3_moe"));
  private final ExpertStore store = ExpertStore.open(checkpoint);

  @AfterEach
  void close() {
    checkpoint.close();
  }

  private static byte[] whole(StoredMatrix stored) throws IOException {
    int from = Math.toIntExact(stored.region().offset());
    int to = from + Math.toIntExact(stored.region().bytes());
    return Arrays.copyOfRange(Files.readAllBytes(stored.region().file()), from, to);
  }

  private byte[] inBlocks(ExpertId expert, NetworkPart part, int outputs, int inputs, int block)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(outputs * inputs * 2);
    for (int first = 0; first < outputs; first += block) {
      int rows = Math.min(block, outputs - first);
      bytes.limit(bytes.position() + rows * inputs * 2);
      store.readRows(expert, part, first, rows, bytes);
      assertThat(bytes.hasRemaining()).isFalse();
    }
    return bytes.array();
  }

  @Test
  void describesWhatItHolds() {
    assertThat(store.layers()).isEqualTo(3);
    assertThat(store.experts()).isEqualTo(16);
    assertThat(store.type()).isEqualTo(DType.BF16);
  }

  @Test
  void blocksPutTogetherAreTheTensorsOfTheCheckpoint() throws IOException {
    for (ExpertId id : new ExpertId[] {new ExpertId(0, 0), new ExpertId(2, 15)}) {
      ExpertTensors tensors = checkpoint.expert(id);
      assertThat(inBlocks(id, NetworkPart.GATE, 40, 64, 16)).isEqualTo(whole(tensors.gate()));
      assertThat(inBlocks(id, NetworkPart.UP, 40, 64, 7)).isEqualTo(whole(tensors.up()));
      assertThat(inBlocks(id, NetworkPart.DOWN, 64, 40, 64)).isEqualTo(whole(tensors.down()));
    }
    ExpertTensors one = checkpoint.expert(new ExpertId(0, 0));
    assertThat(whole(one.gate())).isNotEqualTo(whole(one.up()));
  }

  @Test
  void aTargetOfTheWrongSizeIsRefused() {
    assertThatThrownBy(
            () ->
                store.readRows(
                    new ExpertId(1, 3), NetworkPart.DOWN, 0, 4, ByteBuffer.allocate(4 * 64 * 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "4 rows of model.layers.1.mlp.experts.3.down_proj.weight are 320 bytes, the target has"
                + " room for 512");
  }

  @Test
  void aReadThatFailsNamesTheExpertAndTheFile() {
    checkpoint.close();
    assertThatThrownBy(
            () ->
                store.readRows(
                    new ExpertId(1, 3), NetworkPart.GATE, 8, 8, ByteBuffer.allocate(8 * 64 * 2)))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(
            "expert L1/E3: cannot read rows 8 to 15 of its GATE projection, in"
                + " model.layers.1.mlp.experts.3.gate_proj.weight of ")
        .hasMessageContaining("model")
        .hasMessageContaining(".safetensors: ");
  }
}
