package dev.drey.jobs.run;

import dev.drey.jobs.options.EngineSettings;
import dev.drey.jobs.options.JobSettings;
import dev.drey.jobs.topology.RecordPipeline;
import dev.drey.operators.flink.UnrecoverableFailure;
import dev.drey.operators.pipeline.PipelineOptions;
import dev.drey.operators.pipeline.ReplicaPipeline;
import dev.drey.operators.slot.MoeSlotEngines;
import dev.drey.operators.slot.SlotEngines;
import dev.drey.operators.slot.SlotKey;
import dev.drey.operators.slot.SlotLease;
import dev.drey.runtime.plan.InsufficientMemoryException;
import dev.drey.runtime.safetensors.ModelFileException;
import dev.drey.schemas.format.WireFormat;
import java.time.LocalDate;
import java.time.ZoneOffset;
import org.apache.flink.configuration.Configuration;

/** The pipeline with real engines. */
public final class EnginePipeline {
  private EnginePipeline() {}

  /** The day, in UTC, of a run that is first started now. */
  public static LocalDate today() {
    return LocalDate.now(ZoneOffset.UTC);
  }

  /** As below, of a run that is first started today. */
  public static RecordPipeline of(
      Configuration settings, WireFormat format, boolean signalEndAfterRestore) {
    return of(settings, format, signalEndAfterRestore, today());
  }

  /**
   * Replicas as the settings, already validated, describe them.
   *
   * @param format how requests are written
   * @param signalEndAfterRestore whether the source needs help to end after a restore
   * @param started the day, in UTC, on which the run was first started
   */
  public static RecordPipeline of(
      Configuration settings, WireFormat format, boolean signalEndAfterRestore, LocalDate started) {
    SlotEngines engines =
        new FinalRefusals(
            new MoeSlotEngines(
                EngineSettings.engine(settings), EngineSettings.LINGER.in(settings)));
    PipelineOptions options =
        JobSettings.pipeline(settings, engines, format, signalEndAfterRestore, started);
    return (environment, source) -> ReplicaPipeline.attach(environment, source, options);
  }

  /**
   * Does not let a job restart again and again over what no restart can change. Storage that fails,
   * or is not there when a machine comes back, may do better at the next restart.
   */
  record FinalRefusals(SlotEngines engines) implements SlotEngines {
    @Override
    public SlotLease acquire(SlotKey slot) throws Exception {
      try {
        return engines.acquire(slot);
      } catch (ModelFileException e) {
        throw e.mayPass() ? e : UnrecoverableFailure.of(e);
      } catch (InsufficientMemoryException | IllegalArgumentException e) {
        throw UnrecoverableFailure.of(e);
      }
    }
  }
}
