package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.model.GatedUnit;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.Network;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.jspecify.annotations.Nullable;

/**
 * Everything a stream for one model will compile and reserve, known before any of it is done.
 *
 * <p>Scratch memory is exact. A compiled primitive is counted as {@value #PRIMITIVE_BYTES} bytes,
 * an estimate: the library does not tell.
 */
final class StreamPlan {
  /** Estimated size of one compiled primitive with its arguments. */
  static final long PRIMITIVE_BYTES = 48 << 10;

  private static final int ATTENTION_ROWS = 32;
  private static final int MOST_ROUTER_ROWS = 32;
  private static final int LEAST_MEMBERS = 16;
  private static final int SCORES = 1 << 18;

  private final ModelConfig model;
  private final int maxRows;
  private final DType activation;
  private final Function<MatrixShape, MatrixLayout> layouts;
  private final @Nullable AttentionShape attention;
  private final Map<MatmulSpec, Integer> products = new LinkedHashMap<>();
  private final int scoreCapacity;
  private final long scratchpadBytes;

  StreamPlan(
      OneDnn library,
      ModelConfig model,
      int maxRows,
      DType activation,
      Function<MatrixShape, MatrixLayout> layouts) {
    if (maxRows < 1) {
      throw new IllegalArgumentException("a stream for operations of " + maxRows + " rows");
    }
    this.model = model;
    this.maxRows = maxRows;
    this.activation = activation;
    this.layouts = layouts;
    this.attention = AttentionShape.of(model);
    addProjections();
    networks().forEach(this::addGates);
    routerOutputs().forEach(outputs -> products.put(router(outputs), routerTiles()));
    if (attention != null) {
      addAttention(attention);
    }
    this.scoreCapacity = attention == null ? 0 : scoreCapacity(attention);
    this.scratchpadBytes = scratchpad(library);
  }

  ModelConfig model() {
    return model;
  }

  DType activation() {
    return activation;
  }

  int maxRows() {
    return maxRows;
  }

  /** Every feed-forward network of the model. */
  Set<ExpertShape> networks() {
    Set<ExpertShape> shapes = new LinkedHashSet<>();
    for (int layer = 0; layer < model.layers(); layer++) {
      if (model.isMoe(layer)) {
        shapes.add(model.networkShape(Network.EXPERT));
      }
      for (Network network : model.networks(layer)) {
        shapes.add(model.networkShape(network));
      }
    }
    return shapes;
  }

  /** Whether oneDNN applies the activation of the feed-forward networks. */
  boolean fusedUnit() {
    return model.moe().unit().equals(GatedUnit.SWIGLU) && !model.moe().expertBias();
  }

  /** Outputs of the model's routers: one per expert, and 1 of a shared expert's gate. */
  List<Integer> routerOutputs() {
    if (model.moeLayers() == 0) {
      return List.of();
    }
    int experts = model.moe().experts();
    return model.moe().sharedGate() && experts > 1 ? List.of(experts, 1) : List.of(experts);
  }

  MatrixLayout layout(MatrixShape shape) {
    return layouts.apply(shape);
  }

  /** The product of a block of {@code outputs} rows of a weight matrix. */
  MatmulSpec block(int inputs, int outputs) {
    return MatmulSpec.single(inputs, outputs, activation, DType.BF16);
  }

  /** As {@link #block} for the up projection, into rows as wide as the whole projection. */
  MatmulSpec up(ExpertShape shape, int outputs) {
    return block(shape.hidden(), outputs).withOutStride(shape.intermediate());
  }

  /** As {@link #up} for the gate projection, with the rest of the activation function. */
  MatmulSpec gate(ExpertShape shape, int outputs) {
    return up(shape, outputs).thenSiluMultiply(activation);
  }

  MatmulSpec router(int outputs) {
    return MatmulSpec.single(model.hidden(), outputs, DType.F32, DType.F32);
  }

  /** Shape of the model's softmax attention; null if it has none. */
  @Nullable AttentionShape attention() {
    return attention;
  }

  /** The product of queries and keys of so many key/value heads. */
  MatmulSpec scores(AttentionShape shape, int heads) {
    return KvFormat.scores(kvShape(shape), activation).withBatch(heads);
  }

  /** The product of probabilities and values of so many key/value heads. */
  MatmulSpec values(AttentionShape shape, int heads, MatmulSpec.Post post) {
    return MatmulSpec.batched(
        heads, shape.kvHeads(), KvFormat.BLOCK_TOKENS, shape.valueDim(), activation, post);
  }

  private KvShape kvShape(AttentionShape shape) {
    return new KvShape(
        model.kvLayers(), shape.kvHeads(), shape.keyDim(), shape.valueDim(), KvFormat.BLOCK_TOKENS);
  }

  /** All products, each with the number of row tiles it is needed for. */
  Map<MatmulSpec, Integer> products() {
    return products;
  }

  private void addProjections() {
    model.projections().forEach(this::addBlocks);
    model.headProjections().forEach(this::addBlocks);
    for (ExpertShape shape : networks()) {
      addBlocks(shape.down());
    }
  }

  private void addBlocks(MatrixShape shape) {
    MatrixLayout layout = layout(shape);
    products.put(block(shape.inputs(), layout.outputsOf(0)), rowTiles());
    products.put(block(shape.inputs(), layout.outputsOf(layout.blocks() - 1)), rowTiles());
  }

  private void addGates(ExpertShape shape) {
    if (!fusedUnit()) {
      addBlocks(shape.gateUp());
      return;
    }
    MatrixLayout layout = layout(shape.gateUp());
    for (int block : new int[] {0, layout.blocks() - 1}) {
      products.put(up(shape, layout.outputsOf(block)), rowTiles());
      products.put(gate(shape, layout.outputsOf(block)), rowTiles());
    }
  }

  private void addAttention(AttentionShape shape) {
    if (shape.group() > RowTiles.LARGEST) {
      throw new IllegalArgumentException(
          "%d query heads per key/value head; the cpu device takes at most %d"
              .formatted(shape.group(), RowTiles.LARGEST));
    }
    for (int heads : new int[] {1, shape.kvHeads()}) {
      products.put(scores(shape, heads), attentionTiles(shape));
      products.put(values(shape, heads, MatmulSpec.Post.NONE), attentionTiles(shape));
      products.put(values(shape, heads, MatmulSpec.Post.ADD), attentionTiles(shape));
    }
  }

  /** Row tiles of everything but attention. */
  int rowTiles() {
    return RowTiles.covering(maxRows) + 1;
  }

  /** Row tiles of routers. */
  int routerTiles() {
    return RowTiles.covering(Math.min(maxRows, MOST_ROUTER_ROWS)) + 1;
  }

  /** Row tiles of attention, whose rows are tokens times query heads per key/value head. */
  int attentionTiles(AttentionShape shape) {
    return RowTiles.covering(Math.max(shape.group(), ATTENTION_ROWS)) + 1;
  }

  /** Attention scores one worker can hold. */
  int scores() {
    return scoreCapacity;
  }

  /** So many that one token of the longest sequence fits with some of its query heads. */
  private int scoreCapacity(AttentionShape shape) {
    long positions =
        (model.maxPositions() + KvFormat.BLOCK_TOKENS - 1L)
            / KvFormat.BLOCK_TOKENS
            * KvFormat.BLOCK_TOKENS;
    int members = Math.min(shape.group(), LEAST_MEMBERS);
    long oneToken = positions * RowTiles.SIZES[RowTiles.covering(members)];
    return ExpKernels.padded(Math.toIntExact(Math.max(SCORES, oneToken)));
  }

  private long scratchpad(OneDnn library) {
    long most = 0;
    for (Map.Entry<MatmulSpec, Integer> product : products.entrySet()) {
      for (int tile = 0; tile < product.getValue(); tile++) {
        MatmulSpec tiled = product.getKey().withRows(RowTiles.SIZES[tile]);
        try (matmul.primitive_desc description = library.describe(tiled);
            memory.desc scratchpad = description.scratchpad_desc()) {
          most = Math.max(most, scratchpad.get_size());
        }
      }
    }
    return most;
  }

  long scratchpadBytes() {
    return scratchpadBytes;
  }

  private int largestTile() {
    return RowTiles.SIZES[rowTiles() - 1];
  }

  /** Activations of one tile, the widest input of any product. */
  long inputBytes() {
    int widest = 0;
    for (MatmulSpec product : products.keySet()) {
      widest = Math.max(widest, product.inputs());
    }
    return (long) largestTile() * widest * Float.BYTES;
  }

  /** Numbers of one tile between the projections of the widest expert. */
  long betweenNumbers() {
    int widest = 0;
    for (ExpertShape shape : networks()) {
      widest = Math.max(widest, shape.intermediate());
    }
    return (long) largestTile() * widest;
  }

  /** The same as bytes of activations. */
  long betweenBytes() {
    return betweenNumbers() * activation.bytes();
  }

  /** Float32 results of one tile, the widest block of any product. */
  int outputFloats() {
    int widest = 0;
    for (MatmulSpec product : products.keySet()) {
      widest = product.batch() == 0 ? Math.max(widest, product.outputs()) : widest;
    }
    return ExpKernels.padded(largestTile() * widest);
  }

  /** Rows of one attention tile of all key/value heads. */
  int attentionRows() {
    return attention == null
        ? 0
        : attention.kvHeads() * RowTiles.SIZES[attentionTiles(attention) - 1];
  }

  /** Queries of one attention tile of all key/value heads. */
  int queryFloats() {
    return attention == null ? 0 : attentionRows() * attention.keyDim();
  }

  /** Results of one attention tile of all key/value heads. */
  int attendedFloats() {
    return attention == null ? 0 : attentionRows() * attention.valueDim();
  }

  /** Bytes of scratch memory for so many workers. */
  long scratchBytes(int threads) {
    return Scratch.bytes(this, threads);
  }

  /** Estimated bytes of all compiled primitives. */
  long primitiveBytes() {
    long count = 0;
    for (int tiles : products.values()) {
      count += tiles;
    }
    return count * PRIMITIVE_BYTES;
  }
}
