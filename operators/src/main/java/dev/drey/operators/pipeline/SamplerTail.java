package dev.drey.operators.pipeline;

import dev.drey.operators.slot.SlotEngine;
import dev.drey.operators.slot.SlotEngines;
import dev.drey.operators.slot.SlotKey;
import dev.drey.operators.slot.SlotLease;
import dev.drey.runtime.schedule.Step;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.jspecify.annotations.Nullable;

/**
 * The end of the chain: writes the next tokens into the step, where the head finds them when its
 * hand-over returns. Emits nothing.
 */
final class SamplerTail extends ProcessFunction<Step, Void> {
  // -- configuration
  private final SlotEngines engines;

  // -- runtime
  private transient @Nullable SlotLease lease;
  private transient @Nullable SlotEngine engine;

  SamplerTail(SlotEngines engines) {
    this.engines = engines;
  }

  @Override
  public void open(OpenContext openContext) throws Exception {
    SlotLease acquired = engines.acquire(SlotKey.of(getRuntimeContext()));
    lease = acquired;
    engine = acquired.engine();
  }

  @Override
  public void processElement(Step step, Context context, Collector<Void> out) {
    if (engine == null) {
      throw new IllegalStateException("step before open");
    }
    engine.sample(step);
  }

  @Override
  public void close() {
    if (lease != null) {
      lease.close();
      lease = null;
      engine = null;
    }
  }
}
