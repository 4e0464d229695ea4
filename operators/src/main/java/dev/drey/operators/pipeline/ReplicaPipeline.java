package dev.drey.operators.pipeline;

import dev.drey.operators.flink.KeyGroups;
import dev.drey.operators.flink.SlotCoLocation;
import dev.drey.operators.flink.StepLoopOperatorFactory;
import dev.drey.operators.flink.ValueType;
import dev.drey.operators.prefetch.ExpertPrediction;
import dev.drey.operators.prefetch.ExpertPrefetch;
import dev.drey.operators.records.Outcome;
import dev.drey.operators.records.SourceRecord;
import dev.drey.runtime.schedule.Step;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Puts a replica together:
 *
 * <pre>
 *  source ─▶ parse ─▶ head ─▶ stage-1 … stage-n ─▶ sampler      one task, one thread
 *                       │         └────┴─ predictions ─▶ prefetch   its own task, same slot
 *                       └─ outcomes ─▶ returned; a sink put on them joins the chain
 * </pre>
 *
 * Each subtask is a replica of its own: no edge leaves it, so a failure restarts that replica only.
 */
public final class ReplicaPipeline {
  private static final TypeInformation<Step> STEPS = ValueType.chainOnly(Step.class);
  private static final String SLOT_GROUP = "replica";

  private ReplicaPipeline() {}

  /**
   * Adds the pipeline to a job and sets what it depends on.
   *
   * @param environment the job's environment; its parallelism is the number of replicas
   * @param source where records come from
   * @return one outcome per input record
   * @throws IllegalArgumentException if the environment is set in a way the pipeline cannot work
   *     with; names every such setting and the reason
   */
  public static <S extends SourceSplit, E> DataStream<Outcome> attach(
      StreamExecutionEnvironment environment,
      Source<SourceRecord, S, E> source,
      PipelineOptions options) {
    PipelineSettings.apply(environment);
    SingleOutputStreamOperator<Step> head = head(records(environment, source, options), options);
    DataStream<Outcome> outcomes = head.getSideOutput(DecodeHead.OUTCOMES);
    DataStream<ExpertPrediction> predictions = stages(head, options);
    prefetch(predictions, options);
    return outcomes;
  }

  private static <S extends SourceSplit, E> SingleOutputStreamOperator<SourceRecord> records(
      StreamExecutionEnvironment environment,
      Source<SourceRecord, S, E> source,
      PipelineOptions options) {
    GatedSource<SourceRecord, S, E> gated =
        new GatedSource<>(source, SourceRecord.TYPE, options.signalEndAfterRestore());
    SingleOutputStreamOperator<SourceRecord> records =
        environment
            .fromSource(gated, WatermarkStrategy.noWatermarks(), "source", SourceRecord.TYPE)
            .uid("source");
    SlotCoLocation.bind(records, SLOT_GROUP);
    return records;
  }

  private static SingleOutputStreamOperator<Step> head(
      DataStream<SourceRecord> records, PipelineOptions options) {
    return records
        .process(new RequestAdmission(options), Admission.TYPE)
        .name("parse")
        .uid("parse")
        .transform("head", STEPS, new StepLoopOperatorFactory<>(new DecodeHead(options)))
        .uid("head");
  }

  /** The stages and the sampler; returns all stages' predictions. */
  private static DataStream<ExpertPrediction> stages(
      SingleOutputStreamOperator<Step> head, PipelineOptions options) {
    SingleOutputStreamOperator<Step> last = head;
    DataStream<ExpertPrediction> predictions = null;
    for (int stage = 0; stage < options.stages(); stage++) {
      String name = "stage-" + (stage + 1);
      last =
          last.process(new LayerStage(options.engines(), stage, options.stages()), STEPS)
              .name(name)
              .uid(name)
              .setBufferTimeout(0);
      DataStream<ExpertPrediction> side = last.getSideOutput(LayerStage.PREDICTIONS);
      predictions = predictions == null ? side : predictions.union(side);
    }
    last.process(new SamplerTail(options.engines()), Types.VOID).name("sampler").uid("sampler");
    if (predictions == null) {
      throw new IllegalStateException("a pipeline has at least one stage");
    }
    return predictions;
  }

  /** Also without prefetch: Flink refuses state of an operator that a job no longer has. */
  private static void prefetch(DataStream<ExpertPrediction> predictions, PipelineOptions options) {
    SingleOutputStreamOperator<Void> prefetch =
        KeyGroups.keyedInPlace(predictions, ExpertPrediction::key)
            .process(new ExpertPrefetch(options.engines(), options.prefetch()), Types.VOID)
            .name("prefetch")
            .uid("prefetch")
            .disableChaining();
    SlotCoLocation.bind(prefetch, SLOT_GROUP);
  }
}
