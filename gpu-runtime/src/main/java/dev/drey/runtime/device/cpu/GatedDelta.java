package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.device.DeltaInput;
import dev.drey.runtime.device.DeltaWeights;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.GatedDeltaRule;
import dev.drey.runtime.threads.ThreadTeam;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * The gated delta rule, in Java on the heap.
 *
 * <p><b>Contract.</b> Token by token, in float32, in prefill and decode alike; what a token does to
 * the state and to its output depends on its own numbers and the state before it.
 *
 * <p><b>Work.</b> A piece is one key head of one span with the value heads that share it; no two
 * pieces touch the same numbers of the state.
 */
final class GatedDelta implements ThreadTeam.Work {
  private final StreamState state;
  private final DeltaHead[] heads;
  private final RowNorm norm = new RowNorm();

  private CpuStateStore store;
  private int layer;
  private GatedDeltaRule shape;
  private List<AttentionBatch.Span> spans = List.of();
  private DeltaNumbers numbers;

  @SuppressWarnings("NullAway.Init") // set by every call
  GatedDelta(StreamState state) {
    this.state = state;
    this.heads = new DeltaHead[state.threads()];
  }

  void run(
      DeltaInput input,
      DeltaWeights weights,
      CpuStateStore from,
      int ofLayer,
      AttentionBatch batch,
      DeviceBuffer target) {
    prepare(weights.shape());
    if (from.numbers() != shape.stateNumbers()) {
      throw new IllegalArgumentException(
          "a state store of %d numbers for a %s of %d"
              .formatted(from.numbers(), shape, shape.stateNumbers()));
    }
    store = from;
    layer = ofLayer;
    spans = batch.spans();
    int rows = 0;
    for (AttentionBatch.Span span : spans) {
      rows = Math.max(rows, span.firstRow() + span.rows());
    }
    norm.load(weights.norm(), shape.valueWidth(), shape.valueWidth());
    numbers =
        new DeltaNumbers(
            floats(input.queries(), rows, shape.keyHeads() * shape.keyWidth()),
            floats(input.keys(), rows, shape.keyHeads() * shape.keyWidth()),
            floats(input.values(), rows, shape.values()),
            floats(input.gate(), rows, shape.values()),
            floats(input.strength(), rows, shape.valueHeads()),
            floats(input.decay(), rows, shape.valueHeads()),
            floats(weights.convolution(), shape.channels(), shape.kernel()),
            floats(weights.decayRate(), 1, shape.valueHeads()),
            floats(weights.decayBias(), 1, shape.valueHeads()),
            norm,
            NumberView.of(
                target,
                (long) rows * shape.values(),
                weights.floatOutput() ? DType.F32 : state.plan().activation()));
    state.run(spans.size() * shape.keyHeads(), this);
  }

  private void prepare(GatedDeltaRule newShape) {
    if (newShape.equals(shape)) {
      return;
    }
    shape = newShape;
    for (int i = 0; i < heads.length; i++) {
      heads[i] = new DeltaHead(state.worker(i), newShape);
    }
  }

  private static FloatBuffer floats(DeviceBuffer buffer, int rows, int width) {
    return NativeBuffer.of(buffer, 4L * rows * width).floats();
  }

  @Override
  public void run(int worker, int piece) {
    AttentionBatch.Span span = spans.get(piece / shape.keyHeads());
    if (span.rows() == 0) {
      return;
    }
    FloatBuffer slot = store.slot(layer, span.stateSlot());
    DeltaHead head = heads[worker];
    head.open(numbers, piece % shape.keyHeads(), slot, span.startPosition() == 0);
    for (int row = 0; row < span.rows(); row++) {
      head.token(span.firstRow() + row);
    }
    head.close(slot);
  }
}
