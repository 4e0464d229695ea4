package dev.drey.runtime.device;

import dev.drey.runtime.model.DType;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * An ordered sequence of operations on a device. "Activation type" below is float32 or bfloat16 by
 * the compute type the device was opened with; everything else is float32. Row counts may be 0.
 * Matrices are row-major. Results do not depend on how rows are batched (see {@link Device}).
 *
 * <p>Calls may return before the work is done; {@link #routeTopK} and {@link #read} wait for what
 * they hand to the host.
 *
 * <p>Used by one thread at a time.
 */
public interface ComputeStream extends AutoCloseable {
  /** Most routings that may be under way at a time. */
  int MAX_PENDING_ROUTINGS = 4;

  /**
   * Looks embeddings up.
   *
   * @param table bfloat16 {@code [vocabulary, hidden]}, plain row-major
   * @param ids one id per row
   * @param out float32 {@code [rows, hidden]}
   */
  void embed(DeviceBuffer table, int[] ids, int rows, int hidden, DeviceBuffer out);

  /**
   * Normalises each row.
   *
   * @param x float32 {@code [rows, width]}
   * @param out activation type {@code [rows, width]}
   */
  void norm(DeviceBuffer x, int rows, int width, Norm norm, DeviceBuffer out);

  /**
   * As {@link #norm}, but the result stays float32 in both compute types.
   *
   * @param out float32 {@code [rows, width]}; may be {@code x}
   */
  void normFloat(DeviceBuffer x, int rows, int width, Norm norm, DeviceBuffer out);

  /**
   * Normalises each head in place.
   *
   * @param x float32 {@code [rows, heads * headDim]}
   * @param norm weights {@code [headDim]}
   */
  void headNorm(DeviceBuffer x, int rows, int heads, int headDim, Norm norm);

  /**
   * {@code out = x · Wᵀ + bias}, or {@code out += x · Wᵀ + bias}.
   *
   * @param x activation type {@code [rows, inputs]}
   * @param bias float32 {@code [outputs]}; null for none
   * @param out float32 {@code [rows, outputs]}
   */
  void matmul(
      DeviceBuffer x,
      int rows,
      Matrix weight,
      @Nullable DeviceBuffer bias,
      DeviceBuffer out,
      boolean accumulate);

  /**
   * Multiplies each head's part of a row by that head's own matrix.
   *
   * @param x float32 {@code [rows, heads * inputs]}, rounded to the activation type on the way
   * @param weights one matrix {@code [outputs, inputs]} per head
   * @param out float32 {@code [rows, heads * outStride]}; the first {@code outputs} numbers of each
   *     head's part are written
   * @param outStride numbers from one head's part to the next
   */
  void headMatmul(DeviceBuffer x, int rows, List<Matrix> weights, DeviceBuffer out, int outStride);

  /**
   * Copies each head's part of a row into a wider one.
   *
   * @param x float32 {@code [rows, heads * width]}
   * @param out float32 {@code [rows, heads * outStride]}
   * @param outStride numbers from one head's part to the next
   * @param outOffset where in it the numbers go
   */
  void copyHeads(
      DeviceBuffer x,
      int rows,
      int heads,
      int width,
      DeviceBuffer out,
      int outStride,
      int outOffset);

  /**
   * Rounds numbers to the activation type.
   *
   * @param x float32 {@code [rows, width]}
   * @param out activation type {@code [rows, width]}
   */
  void toActivations(DeviceBuffer x, int rows, int width, DeviceBuffer out);

  /**
   * What {@link #toActivations} loses, itself rounded to the activation type: with both terms a
   * product has about twice the digits.
   *
   * @param x float32 {@code [rows, width]}
   * @param out activation type {@code [rows, width]}
   */
  void remainders(DeviceBuffer x, int rows, int width, DeviceBuffer out);

  /**
   * Rotary embedding of the leading {@code table.dims()} numbers of each head, in place.
   *
   * @param x float32 {@code [rows, heads * headDim]}
   * @param tableRows one row of the table per row
   */
  void rotary(DeviceBuffer x, int rows, int heads, int headDim, int[] tableRows, RotaryTable table);

  /**
   * Limits numbers to plus or minus {@code limit}, in place.
   *
   * @param x float32 {@code [rows, width]}
   */
  void clamp(DeviceBuffer x, int rows, int width, float limit);

  /**
   * Multiplies each row by a factor, in place.
   *
   * @param x float32 {@code [rows, width]}
   * @param factors one per row
   */
  void scaleRows(DeviceBuffer x, int rows, int width, float[] factors);

  /**
   * {@code target += factor * x}.
   *
   * @param x float32 {@code [rows, width]}
   * @param target float32 {@code [rows, width]}
   */
  void addScaled(DeviceBuffer x, int rows, int width, float factor, DeviceBuffer target);

  /**
   * {@code x *= sigmoid(gate)}, in place.
   *
   * @param gate float32 {@code [rows, width]}
   * @param x {@code [rows, width]}
   * @param type of {@code x}: float32 or the activation type
   */
  void sigmoidGate(DeviceBuffer gate, int rows, int width, DeviceBuffer x, DType type);

  /**
   * Stores keys and values, rounded to the activation type. Storing the first token of a block
   * discards whatever the block held, so that nothing a former owner left there can show (a NaN
   * would, even where attention multiplies it by zero); tokens of a block are stored in order.
   *
   * @param layer place of the layer in the store
   * @param keys float32 {@code [rows, kvHeads * keyDim]}
   * @param values float32 {@code [rows, kvHeads * valueDim]}
   * @param batch which sequence and position each row is
   */
  void writeKv(
      KvStore store, int layer, DeviceBuffer keys, DeviceBuffer values, AttentionBatch batch);

  /**
   * Copies whole blocks of keys and values, of all layers, to the same place in another store.
   *
   * @param from a store of this device
   * @param to another one, of the same shape and with as many blocks
   * @param blocks which blocks, the first {@code count} entries
   */
  void copyKv(KvStore from, KvStore to, int[] blocks, int count);

  /**
   * Causal paged attention; always reads the stored keys and values, also for this step's own
   * tokens.
   *
   * @param queries float32 {@code [rows, heads * keyDim]}
   * @param layer place of the layer in the store
   * @param out {@code [rows, heads * valueDim]}, of the type that {@code spec} says
   */
  void attention(
      DeviceBuffer queries,
      AttentionSpec spec,
      KvStore store,
      int layer,
      AttentionBatch batch,
      DeviceBuffer out);

  /**
   * One layer of the gated delta rule, token by token: convolution and SiLU over queries, keys and
   * values; queries and keys to unit length, queries by {@code keyWidth^-0.5}; per value head
   * {@code S = S * exp(-exp(decayRate) * softplus(decay + decayBias))}, then {@code S += k ⊗
   * sigmoid(strength) * (v - Sᵀk)}, then {@code o = Sᵀq}; then {@code norm(o) * silu(gate)}.
   *
   * @param layer place of the layer in the store
   * @param out {@code [rows, valueHeads * valueWidth]}, of the type that {@code weights} says
   */
  void gatedDelta(
      DeltaInput input,
      DeltaWeights weights,
      StateStore store,
      int layer,
      AttentionBatch batch,
      DeviceBuffer out);

  /**
   * Routes tokens: logits = {@code x · Wᵀ} in float32, then the router's rule. Waits for the
   * result.
   *
   * @param x float32 {@code [rows, hidden]}
   * @param out receives the choice
   */
  void routeTopK(DeviceBuffer x, int rows, int hidden, Router router, Routing out);

  /** A choice of experts under way, see {@link #startRouting} and {@link #startRoutings}. */
  interface PendingRouting {
    /** Waits for the choice and writes it to the routings that were given. */
    void await();
  }

  /**
   * As {@link #routeTopK}, but nobody waits before {@link PendingRouting#await}: until then a
   * device may go on with other work, or put the routing off. Rows and router must not change
   * meanwhile. At most {@value #MAX_PENDING_ROUTINGS} may be under way; more overtake the oldest.
   */
  default PendingRouting startRouting(
      DeviceBuffer x, int rows, int hidden, Router router, Routing out) {
    return startRoutings(x, rows, hidden, List.of(router), List.of(out));
  }

  /**
   * As {@link #startRouting} for several routers over the same rows; counts as one under way, and a
   * device with memory of its own hands all of them to the host in one copy if it can.
   */
  default PendingRouting startRoutings(
      DeviceBuffer x, int rows, int hidden, List<Router> routers, List<Routing> out) {
    return () -> {
      for (int i = 0; i < routers.size(); i++) {
        routeTopK(x, rows, hidden, routers.get(i), out.get(i));
      }
    };
  }

  /**
   * How many experts to give to one call of {@link #experts}, if so many are ready: enough to use
   * the device well, and no more, so that slots become free soon.
   */
  default int expertsPerCall() {
    return 8;
  }

  /**
   * Runs experts: for each batch and each of its tokens, {@code out[outputRow] = down(unit(gate(x),
   * up(x)))} with {@code x = input[inputRow]} and the activation of the model that the stream was
   * opened for. The order of batches does not matter.
   *
   * @param input activation type {@code [*, hidden]}
   * @param out float32 {@code [*, hidden]}
   */
  void experts(DeviceBuffer input, Iterable<ExpertBatch> batches, DeviceBuffer out);

  /**
   * Adds the weighted expert outputs of each token to its hidden state, in rank order: {@code h +
   * (((w0·y0) + w1·y1) + ...)}.
   *
   * @param expertOut float32 {@code [rows * k, hidden]}, row {@code token * k + rank}
   * @param routing the weights
   * @param hidden float32 {@code [rows, hidden]}
   */
  void combine(DeviceBuffer expertOut, Routing routing, int rows, int width, DeviceBuffer hidden);

  /**
   * Copies rows of a float32 matrix together.
   *
   * @param x float32 {@code [*, width]}
   * @param rows which rows
   * @param count how many of them
   * @param out float32 {@code [count, width]}
   */
  void gather(DeviceBuffer x, int[] rows, int count, int width, DeviceBuffer out);

  /**
   * Hands float32 numbers to the host. Waits for the work before it. The view is valid until the
   * next call on this stream.
   *
   * @param offset first number, not byte
   */
  FloatBuffer read(DeviceBuffer buffer, long offset, int count);

  /** Writes float32 numbers from the host, for tests and tables. Waits until they are there. */
  void write(float[] values, DeviceBuffer target);

  /**
   * Installs a question asked between pieces of work: once it answers true, operations throw {@link
   * java.util.concurrent.CancellationException} as soon as they can.
   */
  void cancelWhen(BooleanSupplier cancelled);

  /** A point behind everything issued so far. */
  DeviceEvent record();

  /**
   * What is issued from here on happens after a point of another stream of the device. Only a
   * device that cannot order its streams makes the caller wait.
   */
  default void waitFor(DeviceEvent point) {
    point.await();
  }

  @Override
  void close();
}
