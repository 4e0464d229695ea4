package dev.drey.jobs.topology;

import dev.drey.operators.records.Outcome;
import dev.drey.schemas.InferenceResult;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.accumulators.LongCounter;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeutils.base.array.LongPrimitiveArraySerializer;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.jspecify.annotations.Nullable;

/**
 * Counts what passes to the sink. The counts are state, so that they agree with the committed
 * output whatever restarts lie between; they are read as accumulators named by {@link Count}.
 */
final class OutcomeCounter extends RichMapFunction<Outcome, Outcome>
    implements CheckpointedFunction {
  private static final long serialVersionUID = 1L;

  private final Map<Count, LongCounter> counters = new EnumMap<>(Count.class);
  private transient @Nullable ListState<long[]> stored;

  OutcomeCounter() {
    for (Count count : Count.values()) {
      counters.put(count, new LongCounter());
    }
  }

  @Override
  public void open(OpenContext context) {
    counters.forEach((count, counter) -> getRuntimeContext().addAccumulator(count.name(), counter));
  }

  @Override
  public Outcome map(Outcome outcome) {
    InferenceResult result = outcome.result();
    if (result == null) {
      add(Count.DEAD_LETTERS, 1);
    } else {
      add(Count.RESULTS, 1);
      add(Count.PROMPT_TOKENS, result.getUsage().getPromptTokens());
      add(Count.GENERATED_TOKENS, result.getUsage().getCompletionTokens());
    }
    return outcome;
  }

  private void add(Count count, long value) {
    counters.computeIfAbsent(count, c -> new LongCounter()).add(value);
  }

  /** One array of counts per replica, in the order of {@link Count}; dealt out when rescaled. */
  @Override
  public void initializeState(FunctionInitializationContext context) throws Exception {
    ListState<long[]> state =
        context
            .getOperatorStateStore()
            .getListState(
                new ListStateDescriptor<>("counts", LongPrimitiveArraySerializer.INSTANCE));
    stored = state;
    for (long[] counts : state.get()) {
      int at = 0;
      for (LongCounter counter : counters.values()) {
        counter.add(counts[at++]);
      }
    }
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) throws Exception {
    ListState<long[]> state = stored;
    if (state == null) {
      throw new IllegalStateException("the counter's state is not initialized");
    }
    long[] counts =
        counters.values().stream().mapToLong(LongCounter::getLocalValuePrimitive).toArray();
    state.update(List.of(counts));
  }
}
