package dev.drey.operators.pipeline;

import dev.drey.operators.flink.FormerUnionState;
import dev.drey.operators.flink.StepLoop;
import dev.drey.operators.flink.UnrecoverableFailure;
import dev.drey.operators.metrics.HeadMetrics;
import dev.drey.operators.records.Outcome;
import dev.drey.operators.slot.AdmissionGate;
import dev.drey.operators.slot.EngineIdentity;
import dev.drey.operators.slot.SlotKey;
import dev.drey.operators.slot.SlotLease;
import dev.drey.operators.state.StoredSequence;
import dev.drey.operators.state.TableIdentity;
import dev.drey.runtime.schedule.Step;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.util.OutputTag;
import org.jspecify.annotations.Nullable;

/**
 * The head of a replica: owns the table of sequences, and a step of it is a step of the whole
 * chain. How steps, records, barriers and cancellation take turns is written in {@link
 * dev.drey.operators.flink.StepLoopOperator}.
 *
 * <p><b>State.</b> Every record in the table with its progress, as a list that is dealt out anew
 * when the number of replicas changes, beside each the identity of the engine that made it; and
 * that of each replica's engine, so that it is compared even if no replica has a sequence. Keys and
 * values are not state: they are computed again. None of it is a union list, with which no
 * checkpoint would complete while one replica is finished and another is not; earlier versions had
 * one, see {@link FormerUnionState}.
 *
 * <p><b>Restore.</b> State of another model, compute type or numeric fingerprint, or with another
 * prompt or other parameters for the same record, is refused, because what it would produce is
 * neither the old result nor the new one.
 */
final class DecodeHead implements StepLoop<Admission, Step> {
  /** Results and dead letters. */
  static final OutputTag<Outcome> OUTCOMES = new OutputTag<>("outcomes", Outcome.TYPE);

  private static final String SEQUENCES = "sequences";
  private static final String ENGINES = "engines";
  private static final String FORMER_ENGINES = "identity";

  // -- configuration
  private final PipelineOptions options;

  // -- runtime
  private transient @Nullable Stored stored;
  private transient @Nullable Held held;

  private record Stored(
      ListState<StoredSequence> sequences,
      ListState<EngineIdentity> engines,
      List<EngineIdentity> formerEngines,
      boolean restored) {}

  private record Held(
      SlotLease lease, AdmissionGate.End gate, SequenceTable table, EngineIdentity identity) {}

  DecodeHead(PipelineOptions options) {
    this.options = options;
  }

  @Override
  public void initializeState(FunctionInitializationContext state) throws Exception {
    OperatorStateStore store = state.getOperatorStateStore();
    stored =
        new Stored(
            store.getListState(new ListStateDescriptor<>(SEQUENCES, StoredSequence.TYPE)),
            store.getListState(new ListStateDescriptor<>(ENGINES, TableIdentity.TYPE)),
            FormerUnionState.take(
                store, new ListStateDescriptor<>(FORMER_ENGINES, TableIdentity.TYPE)),
            state.isRestored());
  }

  @Override
  public void open(Context<Step> context) throws Exception {
    RuntimeContext runtime = context.runtime();
    AdmissionGate.End gate =
        AdmissionGate.open(GatedReader.attemptOf(runtime.getMetricGroup().getAllVariables()));
    SlotLease lease;
    try {
      lease = options.engines().acquire(SlotKey.of(runtime));
    } catch (Exception | Error failure) {
      gate.close();
      throw failure;
    }
    try {
      SequenceTable table =
          new SequenceTable(
              lease.engine(),
              options.reader(lease.engine()),
              gate.gate(),
              context,
              new HeadMetrics(runtime.getMetricGroup()));
      held = new Held(lease, gate, table, lease.engine().facts().identity());
    } catch (Exception | Error failure) {
      gate.close();
      lease.close();
      throw failure;
    }
    restore();
    held().table().report();
  }

  private void restore() throws Exception {
    if (!stored().restored()) {
      return;
    }
    stored().formerEngines().forEach(this::requireSame);
    stored().engines().get().forEach(this::requireSame);
    for (StoredSequence sequence : stored().sequences().get()) {
      if (sequence.engine() != null) {
        requireSame(sequence.engine());
      }
      restore(sequence, isOfThisModel(sequence));
    }
  }

  private void requireSame(EngineIdentity engine) {
    List<String> differences = TableIdentity.differences(engine, held().identity());
    if (!differences.isEmpty() && !options.allowStateMismatch()) {
      throw UnrecoverableFailure.of(new StateMismatchException(differences));
    }
  }

  private boolean isOfThisModel(StoredSequence sequence) {
    List<EngineIdentity> engines =
        sequence.engine() != null ? List.of(sequence.engine()) : stored().formerEngines();
    String current = held().identity().modelDigest();
    return engines.stream().allMatch(engine -> engine.modelDigest().equals(current));
  }

  private void restore(StoredSequence sequence, boolean keepProgress) {
    List<String> differences = held().table().restore(sequence, keepProgress);
    if (differences.isEmpty()) {
      return;
    }
    if (!options.allowStateMismatch()) {
      throw UnrecoverableFailure.of(new StateMismatchException(differences));
    }
    held().table().restore(sequence, false);
  }

  @Override
  public void admit(Admission admission) {
    held().table().admit(admission);
  }

  @Override
  public boolean hasRoom() {
    return held().table().hasRoom();
  }

  @Override
  public boolean isEmpty() {
    return held().table().isEmpty();
  }

  @Override
  public void step() {
    held().table().step();
  }

  @Override
  public void snapshotState() throws Exception {
    stored().sequences().update(new ArrayList<>(held().table().snapshot()));
    stored().engines().update(new ArrayList<>(List.of(held().identity())));
  }

  @Override
  public void close() {
    if (held != null) {
      Held closing = held;
      held = null;
      try {
        closing.table().close();
      } finally {
        closing.gate().close();
        closing.lease().close();
      }
    }
  }

  private Stored stored() {
    if (stored == null) {
      throw new IllegalStateException("the head's state is not initialized");
    }
    return stored;
  }

  private Held held() {
    if (held == null) {
      throw new IllegalStateException("the head is not open");
    }
    return held;
  }
}
