package dev.drey.operators.pipeline;

import dev.drey.operators.slot.SlotEngine;
import dev.drey.operators.slot.SlotEngines;
import dev.drey.schemas.format.WireFormat;
import java.io.Serializable;
import java.util.Set;

/**
 * How a replica is put together. Travels with the job graph.
 *
 * @param engines where operators get the engine of their slot
 * @param stages operators the layers are divided among; a stage without layers passes steps on
 * @param prefetch whether predictions go to the prefetch operator; without it they are dropped
 * @param format how requests are written
 * @param limits what one request may ask for
 * @param breaker when too many bad records stop the job
 * @param modelNames names requests may give the model, besides the engine's own
 * @param jobSeed goes into the seeds of requests that bring none
 * @param allowStateMismatch whether state of another model, compute type or numeric fingerprint is
 *     taken all the same; sequences of another model then start again
 * @param signalEndAfterRestore whether a bounded source's enumerator has to be helped to announce
 *     its end after a restore; see {@link GatedSource}
 */
public record PipelineOptions(
    SlotEngines engines,
    int stages,
    boolean prefetch,
    WireFormat format,
    RequestLimits limits,
    BreakerLimits breaker,
    Set<String> modelNames,
    long jobSeed,
    boolean allowStateMismatch,
    boolean signalEndAfterRestore)
    implements Serializable {
  /** Stages unless configured otherwise. */
  public static final int DEFAULT_STAGES = 4;

  public PipelineOptions {
    modelNames = Set.copyOf(modelNames);
    if (stages < 1) {
      throw new IllegalArgumentException("stages: expected at least 1, found " + stages);
    }
  }

  /** The defaults: four stages, prefetch, JSON, the default limits, no circuit breaker. */
  public static PipelineOptions defaults(SlotEngines engines) {
    return new PipelineOptions(
        engines,
        DEFAULT_STAGES,
        true,
        WireFormat.JSON,
        RequestLimits.DEFAULT,
        BreakerLimits.NONE,
        Set.of(),
        0,
        false,
        false);
  }

  /** As many stages as wanted, and at most one per layer. */
  public static int stagesFor(int wanted, int layers) {
    return Math.min(wanted, layers);
  }

  RequestReader reader(SlotEngine engine) {
    return new RequestReader(
        format.requests(limits.maxRecordBytes()), limits, modelNames, jobSeed, engine);
  }
}
