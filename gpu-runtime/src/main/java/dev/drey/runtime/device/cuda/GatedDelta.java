package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.device.DeltaInput;
import dev.drey.runtime.device.DeltaWeights;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.GatedDeltaRule;

/**
 * One layer of the gated delta rule: the convolution, queries and keys to unit length, the rule
 * token by token with a column of the state per thread, then norm and gate.
 */
final class GatedDelta {
  private static final int CONVOLUTION_THREADS = 128;
  private static final int WARP = 32;

  private final StreamState state;

  GatedDelta(StreamState state) {
    this.state = state;
  }

  /** See {@link dev.drey.runtime.device.ComputeStream#gatedDelta}. */
  void run(
      DeltaInput input,
      DeltaWeights weights,
      CudaStateStore store,
      int layer,
      AttentionBatch batch,
      DeviceBuffer out) {
    for (AttentionBatch.Span span : batch.spans()) {
      if (span.stateSlot() < 0 || span.stateSlot() >= store.slots()) {
        throw new IndexOutOfBoundsException(
            "state slot %d of %d".formatted(span.stateSlot(), store.slots()));
      }
    }
    SpanTables.forEach(
        state,
        batch,
        0,
        0,
        part -> {
          state.checkCancelled();
          new Call(input, weights, store, layer, part, out).run();
        });
  }

  /** One call's arguments. */
  private final class Call {
    private final DeltaInput input;
    private final DeltaWeights weights;
    private final GatedDeltaRule shape;
    private final CudaStateStore store;
    private final long states;
    private final SpanTables part;
    private final DeviceBuffer out;
    private final DType type;
    private final int rows;
    private final long mixed;
    private final long attended;

    Call(
        DeltaInput input,
        DeltaWeights weights,
        CudaStateStore store,
        int layer,
        SpanTables part,
        DeviceBuffer out) {
      this.input = input;
      this.weights = weights;
      this.shape = weights.shape();
      this.store = store;
      this.states = store.layer(layer);
      this.part = part;
      this.out = out;
      this.type = weights.floatOutput() ? DType.F32 : state.activation();
      this.rows = part.rows();
      this.mixed = state.work();
      this.attended = mixed + StreamPlan.align((long) rows * shape.channels() * Float.BYTES);
      long needed = attended - mixed + (long) rows * shape.values() * Float.BYTES;
      if (needed > state.plan().workBytes()) {
        throw new IllegalArgumentException(
            "%d rows of %s; this stream was not opened for so many".formatted(rows, shape));
      }
    }

    void run() {
      convolve();
      for (AttentionBatch.Span span : part.spans()) {
        toUnit(span);
      }
      rule();
      for (AttentionBatch.Span span : part.spans()) {
        gate(span);
      }
    }

    private long floats(DeviceBuffer buffer, long width) {
      return CudaBuffer.address(buffer, rows * width * Float.BYTES);
    }

    private void convolve() {
      int keys = shape.keyHeads() * shape.keyWidth();
      int channels = shape.channels();
      state
          .launch(state.kernel("delta_convolution"))
          .address(floats(input.queries(), keys))
          .address(floats(input.keys(), keys))
          .address(floats(input.values(), shape.values()))
          .address(
              CudaBuffer.address(
                  weights.convolution(), (long) channels * shape.kernel() * Float.BYTES))
          .address(states)
          .number((long) store.numbers())
          .address(part.table())
          .number(keys)
          .number(shape.values())
          .number(shape.kernel())
          .address(mixed)
          .run(
              Grid.of(
                  (channels + CONVOLUTION_THREADS - 1) / CONVOLUTION_THREADS,
                  part.spans().size(),
                  CONVOLUTION_THREADS));
    }

    private void toUnit(AttentionBatch.Span span) {
      state
          .launch(state.kernel("delta_unit"))
          .address(mixed + (long) span.firstRow() * shape.channels() * Float.BYTES)
          .number(span.rows())
          .number(shape.keyHeads())
          .number(shape.keyWidth())
          .number(shape.channels())
          .run(Grid.of(span.rows(), 2 * shape.keyHeads(), WARP));
    }

    private void rule() {
      int heads = shape.valueHeads();
      state
          .launch(state.kernel("delta_rule"))
          .address(mixed)
          .address(floats(input.strength(), heads))
          .address(floats(input.decay(), heads))
          .address(RowOperations.addressOrNull(weights.decayRate(), heads))
          .address(RowOperations.addressOrNull(weights.decayBias(), heads))
          .address(states)
          .number((long) store.numbers())
          .address(part.table())
          .number(shape.keyHeads())
          .number(heads)
          .number(shape.keyWidth())
          .number(shape.valueWidth())
          .number(shape.channels() * (shape.kernel() - 1))
          .address(attended)
          .run(
              new Grid(
                  (shape.valueWidth() + WARP - 1) / WARP,
                  heads,
                  part.spans().size(),
                  WARP,
                  (shape.keyWidth() + WARP - 1) / WARP,
                  0));
    }

    private void gate(AttentionBatch.Span span) {
      int width = shape.valueWidth();
      long first = (long) span.firstRow() * shape.values();
      int parts = Math.multiplyExact(span.rows(), shape.valueHeads());
      long to = CudaBuffer.address(out, (long) rows * shape.values() * type.bytes());
      RowOperations.NormWeights norm = RowOperations.NormWeights.of(weights.norm(), width);
      state
          .launch(state.typedKernel("delta_gate", type))
          .address(attended + first * Float.BYTES)
          .address(floats(input.gate(), shape.values()) + first * Float.BYTES)
          .number(parts)
          .number(width)
          .number(norm.layerNorm())
          .address(norm.weight())
          .address(norm.bias())
          .number(weights.norm().epsilon())
          .address(to + first * type.bytes())
          .run(parts, RowOperations.threads(width));
    }
  }
}
