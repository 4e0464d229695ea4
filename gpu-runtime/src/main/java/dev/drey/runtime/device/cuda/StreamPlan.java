package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.GatedDeltaRule;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.LatentAttention;
import dev.drey.runtime.model.LayerConfig;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.Network;
import dev.drey.runtime.model.RotaryConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * The memory that a stream for one model reserves, from shapes alone: tables on their way to the
 * GPU, rows of rotary tables, a work area that every operation in turn has to itself, and pinned
 * memory for what is read back.
 */
final class StreamPlan {
  /** Tokens per key/value block. */
  static final int BLOCK_TOKENS = 64;

  /** Queries of an attention tile. */
  static final int TILE_QUERIES = 16;

  /** Most tiles of an attention launch that leave a partial result, times key/value heads. */
  static final int PARTIAL_TILES = 512;

  private static final int MAX_ROWS = 65_535;
  private static final int MAX_EXPERT_ROWS = 16_384;
  private static final int MAX_LOGIT_ROWS = 64;
  private static final int LEAST_TABLES = 512 << 10;
  private static final int LEAST_READ = 64 << 10;
  private static final int LEAST_CHOICE = 4 << 10;
  private static final int LEAST_ROTARY = 1 << 14;
  private static final int ALIGNMENT = 256;

  private final ModelConfig model;
  private final int maxRows;
  private final DType activation;
  private int group;
  private int partialNumbers;
  private long headNumbers;
  private long deltaNumbers;
  private int rotaryHalf;
  private int rotaryTables;

  StreamPlan(ModelConfig model, int maxRows, DType activation) {
    if (maxRows < 1 || maxRows > MAX_ROWS) {
      throw new IllegalArgumentException(
          "a stream for operations of %d rows; the cuda device takes 1 to %d"
              .formatted(maxRows, MAX_ROWS));
    }
    this.model = model;
    this.maxRows = maxRows;
    this.activation = activation;
    List<RotaryConfig> rotaries = new ArrayList<>();
    for (LayerConfig layer : model.decoder().stream().distinct().toList()) {
      add(layer.attention(), rotaries);
    }
    this.rotaryTables = (int) rotaries.stream().distinct().count();
  }

  private void add(AttentionConfig attention, List<RotaryConfig> rotaries) {
    if (attention instanceof GroupedQueryAttention grouped) {
      addSoftmax(grouped.heads(), grouped);
      if (grouped.rotary() != null) {
        rotaries.add(grouped.rotary());
        rotaryHalf = Math.max(rotaryHalf, grouped.rotary().dims() / 2);
      }
    } else if (attention instanceof LatentAttention latent) {
      addSoftmax(latent.heads(), latent);
      rotaries.add(latent.rotary());
      rotaryHalf = Math.max(rotaryHalf, latent.rotary().dims() / 2);
      long widest = Math.max(latent.plainDim(), latent.kvRank());
      headNumbers = Math.max(headNumbers, latent.heads() * widest);
    } else if (attention instanceof GatedDeltaRule delta) {
      deltaNumbers = Math.max(deltaNumbers, (long) delta.channels() + delta.values());
    }
  }

  private void addSoftmax(int heads, AttentionConfig attention) {
    group = Math.max(group, heads / attention.kvHeads());
    partialNumbers = Math.max(partialNumbers, attention.valueDim() + 2);
  }

  /**
   * Checks what the kernels ask of shapes.
   *
   * @throws IllegalArgumentException if the model has others, naming them
   */
  void requireSupported() {
    List<MatrixShape> shapes = new ArrayList<>(model.projections());
    shapes.addAll(model.headProjections());
    for (Network network : networks()) {
      shapes.add(model.networkShape(network).gateUp());
      shapes.add(model.networkShape(network).down());
    }
    for (MatrixShape shape : shapes) {
      if (shape.inputs() % 8 != 0) {
        throw new IllegalArgumentException(
            "a %s weight matrix; the cuda device takes multiples of 8 inputs only"
                .formatted(shape));
      }
    }
    for (LayerConfig layer : model.decoder().stream().distinct().toList()) {
      AttentionConfig attention = layer.attention();
      if (attention.keyDim() % 8 != 0 || attention.valueDim() % 8 != 0) {
        throw new IllegalArgumentException(
            "keys of %d and values of %d numbers; the cuda device takes multiples of 8 only"
                .formatted(attention.keyDim(), attention.valueDim()));
      }
    }
  }

  /** Throws if the kernels cannot keep keys and values of this shape. */
  static void requireSupported(KvShape shape) {
    if (shape.blockTokens() != BLOCK_TOKENS) {
      throw new IllegalArgumentException(
          "key/value blocks of %d tokens; the cuda device has blocks of %d"
              .formatted(shape.blockTokens(), BLOCK_TOKENS));
    }
  }

  private List<Network> networks() {
    List<Network> found = new ArrayList<>();
    for (int layer = 0; layer < model.layers(); layer++) {
      if (model.isMoe(layer)) {
        found.add(Network.EXPERT);
      }
      found.addAll(model.networks(layer));
    }
    return found.stream().distinct().toList();
  }

  ModelConfig model() {
    return model;
  }

  DType activation() {
    return activation;
  }

  /** Most tokens of experts that are computed in one go. */
  int expertRows() {
    long entries = (long) maxRows * Math.max(1, model.moe().expertsPerToken());
    return (int) Math.max(maxRows, Math.min(entries, MAX_EXPERT_ROWS));
  }

  /** Bytes of the ring of tables. */
  int tableBytes() {
    long entries = (long) maxRows * Math.max(1, model.moe().expertsPerToken());
    long expertTables = Math.max(expertRows() * 28L, entries * Float.BYTES);
    long tiles = maxRows * ((long) group / TILE_QUERIES + 2) * 16;
    long longest = model.maxPositions() / BLOCK_TOKENS * 4L;
    return Math.toIntExact(2 * align(LEAST_TABLES + Math.max(expertTables, tiles + longest)));
  }

  /** Pairs of cosine and sine that are kept on the GPU. */
  int rotaryPairs() {
    return Math.max(
        LEAST_ROTARY, Math.toIntExact((long) maxRows * rotaryHalf * Math.max(1, rotaryTables)));
  }

  /** Bytes of the work area. */
  long workBytes() {
    long experts = 0;
    for (Network network : networks()) {
      long rows = network == Network.EXPERT ? expertRows() : maxRows;
      int width = model.networkShape(network).gateUp().outputs();
      boolean scaled = network == Network.EXPERT && model.moe().scaledInput();
      experts = Math.max(experts, rows * (width + (scaled ? model.hidden() : 0)));
    }
    long most = align(experts * activation.bytes());
    most = Math.max(most, align(maxRows * headNumbers * activation.bytes()));
    most = Math.max(most, (long) PARTIAL_TILES * TILE_QUERIES * partialNumbers * Float.BYTES);
    most = Math.max(most, maxRows * deltaNumbers * Float.BYTES);
    long routed = model.moe().experts() + 2L * Math.max(1, model.moe().expertsPerToken());
    return align(Math.max(most, maxRows * routed * Float.BYTES) + 2 * ALIGNMENT);
  }

  /** Bytes of pinned memory for what is read back. */
  int readBytes() {
    long logits = (long) Math.min(MAX_LOGIT_ROWS, maxRows) * model.vocabulary() * Float.BYTES;
    return (int) align(Math.min(Math.max(LEAST_READ, logits), PinnedMemory.MAX_BYTES / 2));
  }

  /** Bytes of pinned memory for the choice of a router. */
  int choiceBytes() {
    return (int) align(Math.max(LEAST_CHOICE, maxRows * 8L * model.moe().expertsPerToken()));
  }

  /** Bytes on the GPU. */
  long deviceBytes() {
    return tableBytes() + align(2L * rotaryPairs() * Float.BYTES) + workBytes();
  }

  /** Bytes of pinned memory. */
  int pinnedBytes() {
    int choices = Math.multiplyExact(ComputeStream.MAX_PENDING_ROUTINGS, choiceBytes());
    return Math.addExact(Math.addExact(tableBytes(), readBytes()), choices);
  }

  static long align(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
}
