package dev.drey.runtime.layers;

import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.Matrix;
import dev.drey.runtime.device.Norm;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.model.Weight;
import org.jspecify.annotations.Nullable;

/**
 * How attention takes rows from the residual stream and gives its output back to it.
 *
 * <p>In {@link ComputeType#BF16} a model that {@linkplain ModelConfig#amplifiesErrors amplifies
 * errors} has its rows multiplied as two terms, their rounded value and what rounding lost: the
 * products then have about the digits of float32 at twice their cost.
 */
final class ResidualStream {
  private final ModelConfig model;
  private final ComputeStream stream;
  private final boolean twoTerms;

  ResidualStream(ModelConfig model, ComputeType compute, ComputeStream stream) {
    this.model = model;
    this.stream = stream;
    this.twoTerms = twoTerms(model, compute);
  }

  /** Whether rows are multiplied as two terms. */
  static boolean twoTerms(ModelConfig model, ComputeType compute) {
    return compute == ComputeType.BF16 && model.amplifiesErrors();
  }

  /** Normalises a micro-batch's rows into {@link Activations#normed}. */
  void normalise(LayerWeights weights, StepBatch.MicroBatch microBatch, Activations buffers) {
    int rows = microBatch.rows();
    int width = model.hidden();
    DeviceBuffer hidden = buffers.hiddenRows(microBatch.firstRow(), rows);
    Norm norm = weights.norm(Weight.ATTENTION_NORM, Weight.ATTENTION_NORM_BIAS);
    if (twoTerms) {
      stream.normFloat(hidden, rows, width, norm, buffers.routerInput);
      stream.toActivations(buffers.routerInput, rows, width, buffers.normed);
      stream.remainders(buffers.routerInput, rows, width, buffers.remainders);
    } else {
      stream.norm(hidden, rows, width, norm, buffers.normed);
    }
  }

  /** Projects the normalised rows, with a bias if the model has one. */
  void project(
      LayerWeights weights,
      Weight weight,
      Weight bias,
      int rows,
      Activations buffers,
      DeviceBuffer out) {
    project(weights.matrix(weight), weights.bufferIfAny(bias), rows, buffers, out);
  }

  /** Projects the normalised rows by weights that never have a bias. */
  void project(
      LayerWeights weights, Weight weight, int rows, Activations buffers, DeviceBuffer out) {
    project(weights.matrix(weight), null, rows, buffers, out);
  }

  private void project(
      Matrix matrix, @Nullable DeviceBuffer bias, int rows, Activations buffers, DeviceBuffer out) {
    stream.matmul(buffers.normed, rows, matrix, bias, out, false);
    if (twoTerms) {
      stream.matmul(buffers.remainders, rows, matrix, null, out, true);
    }
  }

  /** Where attention leaves its output: as float32 if that is multiplied as two terms. */
  DeviceBuffer output(Activations buffers) {
    return twoTerms ? buffers.attendedFloats : buffers.attended;
  }

  /** Whether {@link #output} is float32. */
  boolean floatOutput() {
    return twoTerms;
  }

  /** Projects {@link #output} and adds the result. */
  void add(
      LayerWeights weights,
      Weight projection,
      StepBatch.MicroBatch microBatch,
      Activations buffers) {
    int rows = microBatch.rows();
    DeviceBuffer hidden = buffers.hiddenRows(microBatch.firstRow(), rows);
    Matrix matrix = weights.matrix(projection);
    DeviceBuffer bias = weights.bufferIfAny(Weight.ATTENTION_OUTPUT_BIAS);
    boolean plain = model.multipliers().residual() == 1;
    DeviceBuffer target = plain ? hidden : buffers.routerInput;
    int width = matrix.layout().shape().inputs();
    if (twoTerms) {
      stream.toActivations(buffers.attendedFloats, rows, width, buffers.attended);
    }
    stream.matmul(buffers.attended, rows, matrix, bias, target, plain);
    if (twoTerms) {
      stream.remainders(buffers.attendedFloats, rows, width, buffers.attended);
      stream.matmul(buffers.attended, rows, matrix, null, target, true);
    }
    if (!plain) {
      float factor = model.multipliers().residual();
      stream.addScaled(buffers.routerInput, rows, model.hidden(), factor, hidden);
    }
  }
}
