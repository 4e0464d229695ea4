package dev.drey.operators.pipeline;

import dev.drey.operators.slot.SlotEngine;
import dev.drey.operators.slot.SlotEngines;
import dev.drey.schemas.format.WireFormat;
import java.io.Serializable;
import java.time.LocalDateTime;
import java.util.Set;

/**
 * How a replica is put together. Travels with the job graph.
 *
 * @param engines where operators get the engine of their slot
 * @param stages operators the layers are divided among; a stage without layers passes steps on
 * @param prefetch whether predictions are offered to the engine; without it they are dropped
 * @param format how requests are written
 * @param limits what one request may ask for
 * @param breaker when too many bad records stop the job
 * @param modelNames names requests may give the model, besides the engine's own
 * @param jobSeed goes into the seeds of requests that bring none
 * @param time the time that chat templates are told
 * @param allowStateMismatch whether state of another model, compute type, numeric fingerprint,
 *     prompt or parameters is taken all the same; sequences of another model, prompt or parameters
 *     then start again
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
    RequestTime time,
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

  /** Options with defaults: four stages, prefetch, JSON, the default limits, no breaker. */
  public static Builder builder(SlotEngines engines) {
    return new Builder(engines);
  }

  /** These options, to be changed. */
  public Builder toBuilder() {
    return new Builder(engines)
        .stages(stages)
        .prefetch(prefetch)
        .format(format)
        .limits(limits)
        .breaker(breaker)
        .modelNames(modelNames)
        .jobSeed(jobSeed)
        .time(time)
        .allowStateMismatch(allowStateMismatch)
        .signalEndAfterRestore(signalEndAfterRestore);
  }

  /** Collects options; the meaning of each is that of the record's component. */
  public static final class Builder {
    private SlotEngines engines;
    private int stages = DEFAULT_STAGES;
    private boolean prefetch = true;
    private WireFormat format = WireFormat.JSON;
    private RequestLimits limits = RequestLimits.DEFAULT;
    private BreakerLimits breaker = BreakerLimits.NONE;
    private Set<String> modelNames = Set.of();
    private long jobSeed;
    private RequestTime time = new RequestTime(null, LocalDateTime.of(1970, 1, 1, 0, 0));
    private boolean allowStateMismatch;
    private boolean signalEndAfterRestore;

    private Builder(SlotEngines engines) {
      this.engines = engines;
    }

    /** Where operators get the engine of their slot. */
    public Builder engines(SlotEngines value) {
      engines = value;
      return this;
    }

    /** Operators the layers are divided among. */
    public Builder stages(int value) {
      stages = value;
      return this;
    }

    /** Whether predictions go to the prefetch operator. */
    public Builder prefetch(boolean value) {
      prefetch = value;
      return this;
    }

    /** How requests are written. */
    public Builder format(WireFormat value) {
      format = value;
      return this;
    }

    /** What one request may ask for. */
    public Builder limits(RequestLimits value) {
      limits = value;
      return this;
    }

    /** When too many bad records stop the job. */
    public Builder breaker(BreakerLimits value) {
      breaker = value;
      return this;
    }

    /** Names requests may give the model. */
    public Builder modelNames(Set<String> value) {
      modelNames = value;
      return this;
    }

    /** Seed behind requests that bring none. */
    public Builder jobSeed(long value) {
      jobSeed = value;
      return this;
    }

    /** The time that chat templates are told; unset: the record's, or 1970. */
    public Builder time(RequestTime value) {
      time = value;
      return this;
    }

    /** Whether state of another engine is taken. */
    public Builder allowStateMismatch(boolean value) {
      allowStateMismatch = value;
      return this;
    }

    /** Whether the source's enumerator is helped to announce its end. */
    public Builder signalEndAfterRestore(boolean value) {
      signalEndAfterRestore = value;
      return this;
    }

    /** The options. */
    public PipelineOptions build() {
      return new PipelineOptions(
          engines,
          stages,
          prefetch,
          format,
          limits,
          breaker,
          modelNames,
          jobSeed,
          time,
          allowStateMismatch,
          signalEndAfterRestore);
    }
  }

  /** As many stages as wanted, and at most one per layer. */
  public static int stagesFor(int wanted, int layers) {
    return Math.min(wanted, layers);
  }

  RequestReader reader(SlotEngine engine) {
    return new RequestReader(
        format.requests(limits.maxRecordBytes()), limits, modelNames, jobSeed, time, engine);
  }
}
