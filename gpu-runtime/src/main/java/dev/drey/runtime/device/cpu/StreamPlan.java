package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.KvShape;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.model.MatrixShape;
import dev.drey.runtime.model.ModelConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;

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
  private static final int SCORES = 1 << 18;

  private final ModelConfig model;
  private final int maxRows;
  private final DType activation;
  private final Function<MatrixShape, MatrixLayout> layouts;
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
    addProjections();
    experts().forEach(this::addGates);
    addRouter();
    addAttention();
    this.scoreCapacity = scoreCapacity();
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

  /** Every weight matrix of the model that is multiplied by {@code ComputeStream.matmul}. */
  Set<MatrixShape> projections() {
    AttentionConfig attention = model.attention();
    Set<MatrixShape> shapes = new LinkedHashSet<>();
    shapes.add(new MatrixShape(attention.queryWidth(), model.hidden()));
    shapes.add(new MatrixShape(attention.kvWidth(), model.hidden()));
    shapes.add(new MatrixShape(model.hidden(), attention.queryWidth()));
    shapes.add(new MatrixShape(model.vocabulary(), model.hidden()));
    return shapes;
  }

  /** Every feed-forward network of the model. */
  List<ExpertShape> experts() {
    List<ExpertShape> shapes = new ArrayList<>();
    if (model.moeLayers() > 0) {
      shapes.add(model.expertShape());
    }
    if (!model.denseLayers().isEmpty()) {
      ExpertShape dense = new ExpertShape(model.hidden(), model.denseIntermediate());
      if (!shapes.contains(dense)) {
        shapes.add(dense);
      }
    }
    return shapes;
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

  MatmulSpec router() {
    return MatmulSpec.single(model.hidden(), model.moe().experts(), DType.F32, DType.F32);
  }

  KvShape kvShape() {
    AttentionConfig attention = model.attention();
    return new KvShape(
        model.layers(), attention.kvHeads(), attention.headDim(), KvFormat.BLOCK_TOKENS);
  }

  MatmulSpec scores(int heads) {
    return KvFormat.scores(kvShape(), activation).withBatch(heads);
  }

  MatmulSpec values(int heads, MatmulSpec.Post post) {
    KvShape shape = kvShape();
    return MatmulSpec.batched(
        heads, shape.kvHeads(), KvFormat.BLOCK_TOKENS, shape.headDim(), activation, post);
  }

  /** Query heads per key/value head. */
  int group() {
    return model.attention().heads() / model.attention().kvHeads();
  }

  /** All products, each with the number of row tiles it is needed for. */
  Map<MatmulSpec, Integer> products() {
    return products;
  }

  private void addProjections() {
    projections().forEach(this::addBlocks);
    for (ExpertShape shape : experts()) {
      addBlocks(shape.down());
    }
  }

  private void addBlocks(MatrixShape shape) {
    MatrixLayout layout = layout(shape);
    products.put(block(shape.inputs(), layout.outputsOf(0)), rowTiles());
    products.put(block(shape.inputs(), layout.outputsOf(layout.blocks() - 1)), rowTiles());
  }

  private void addGates(ExpertShape shape) {
    MatrixLayout layout = layout(shape.gateUp());
    for (int block : new int[] {0, layout.blocks() - 1}) {
      products.put(up(shape, layout.outputsOf(block)), rowTiles());
      products.put(gate(shape, layout.outputsOf(block)), rowTiles());
    }
  }

  private void addRouter() {
    if (model.moeLayers() > 0) {
      products.put(router(), rowTiles());
    }
  }

  private void addAttention() {
    if (group() > RowTiles.LARGEST) {
      throw new IllegalArgumentException(
          "%d query heads per key/value head; the cpu device takes at most %d"
              .formatted(group(), RowTiles.LARGEST));
    }
    for (int heads : new int[] {1, model.attention().kvHeads()}) {
      products.put(scores(heads), attentionTiles());
      products.put(values(heads, MatmulSpec.Post.NONE), attentionTiles());
      products.put(values(heads, MatmulSpec.Post.ADD), attentionTiles());
    }
  }

  /** Row tiles of everything but attention. */
  int rowTiles() {
    return RowTiles.covering(maxRows) + 1;
  }

  /** Row tiles of attention, whose rows are tokens times {@link #group()}. */
  int attentionTiles() {
    return RowTiles.covering(Math.max(group(), ATTENTION_ROWS)) + 1;
  }

  /** Attention scores one worker can hold. */
  int scores() {
    return scoreCapacity;
  }

  private int scoreCapacity() {
    long positions =
        (model.maxPositions() + KvFormat.BLOCK_TOKENS - 1L)
            / KvFormat.BLOCK_TOKENS
            * KvFormat.BLOCK_TOKENS;
    long oneToken = positions * RowTiles.SIZES[RowTiles.covering(group())];
    return Math.toIntExact(Math.max(SCORES, oneToken));
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
    int widest = model.attention().queryWidth();
    for (MatmulSpec product : products.keySet()) {
      widest = Math.max(widest, product.inputs());
    }
    return (long) largestTile() * widest * Float.BYTES;
  }

  /** Numbers of one tile between the projections of the widest expert. */
  long betweenNumbers() {
    int widest = 0;
    for (ExpertShape shape : experts()) {
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

  /** Queries, or results, of one attention tile of all heads. */
  int queryFloats() {
    return model.attention().kvWidth() * RowTiles.SIZES[attentionTiles() - 1];
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
