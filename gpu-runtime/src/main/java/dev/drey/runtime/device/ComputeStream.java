package dev.drey.runtime.device;

import java.nio.FloatBuffer;
import java.util.function.BooleanSupplier;

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
  /**
   * Looks embeddings up.
   *
   * @param table bfloat16 {@code [vocabulary, hidden]}, plain row-major
   * @param ids one id per row
   * @param out float32 {@code [rows, hidden]}
   */
  void embed(DeviceBuffer table, int[] ids, int rows, int hidden, DeviceBuffer out);

  /**
   * RMS norm of each row: {@code x / sqrt(mean(x²) + epsilon) * weight}.
   *
   * @param x float32 {@code [rows, width]}
   * @param weight float32 {@code [width]}
   * @param out activation type {@code [rows, width]}
   */
  void rmsNorm(
      DeviceBuffer x, int rows, int width, DeviceBuffer weight, float epsilon, DeviceBuffer out);

  /**
   * RMS norm for the router: as {@link #rmsNorm}, but the result stays float32 in both compute
   * types.
   *
   * @param out float32 {@code [rows, width]}
   */
  void rmsNormFloat(
      DeviceBuffer x, int rows, int width, DeviceBuffer weight, float epsilon, DeviceBuffer out);

  /**
   * {@code out = x · Wᵀ}, or {@code out += x · Wᵀ}.
   *
   * @param x activation type {@code [rows, inputs]}
   * @param out float32 {@code [rows, outputs]}
   */
  void matmul(DeviceBuffer x, int rows, Matrix weight, DeviceBuffer out, boolean accumulate);

  /**
   * RMS norm of each head in place.
   *
   * @param x float32 {@code [rows, heads * headDim]}
   * @param weight float32 {@code [headDim]}
   */
  void headNorm(
      DeviceBuffer x, int rows, int heads, int headDim, DeviceBuffer weight, float epsilon);

  /**
   * Rotary embedding of each head in place, halves rotated against each other (the "neox" form).
   *
   * @param x float32 {@code [rows, heads * headDim]}
   * @param positions one position per row
   */
  void rotary(DeviceBuffer x, int rows, int heads, int[] positions, RotaryTable table);

  /**
   * Stores keys and values, rounded to the activation type. Storing the first token of a block
   * discards whatever the block held, so that nothing a former owner left there can show (a NaN
   * would, even where attention multiplies it by zero); tokens of a block are stored in order.
   *
   * @param keys float32 {@code [rows, kvHeads * headDim]}
   * @param values float32, same shape
   * @param batch which sequence and position each row is
   */
  void writeKv(
      KvStore store, int layer, DeviceBuffer keys, DeviceBuffer values, AttentionBatch batch);

  /**
   * Causal paged attention; always reads the stored keys and values, also for this step's own
   * tokens.
   *
   * @param queries float32 {@code [rows, heads * headDim]}
   * @param scale factor on the scores
   * @param out activation type {@code [rows, heads * headDim]}
   */
  void attention(
      DeviceBuffer queries,
      int heads,
      KvStore store,
      int layer,
      AttentionBatch batch,
      float scale,
      DeviceBuffer out);

  /**
   * Routes tokens: logits = {@code x · Wᵀ} in float32, softmax, top-k. Waits for the result.
   *
   * @param x float32 {@code [rows, hidden]}
   * @param weight float32 {@code [experts, hidden]}, plain row-major
   * @param out receives the choice
   */
  void routeTopK(
      DeviceBuffer x, int rows, int hidden, DeviceBuffer weight, RouterSpec spec, Routing out);

  /**
   * Runs experts: for each batch and each of its tokens, {@code out[outputRow] = down(silu(gate(x))
   * * up(x))} with {@code x = input[inputRow]}. The order of batches does not matter.
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

  /** Writes float32 numbers from the host, for tests and tables. */
  void write(float[] values, DeviceBuffer target);

  /**
   * Installs a question asked between pieces of work: once it answers true, operations throw {@link
   * java.util.concurrent.CancellationException} as soon as they can.
   */
  void cancelWhen(BooleanSupplier cancelled);

  /** A point behind everything issued so far. */
  DeviceEvent record();

  @Override
  void close();
}
