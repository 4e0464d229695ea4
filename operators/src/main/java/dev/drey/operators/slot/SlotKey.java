package dev.drey.operators.slot;

import dev.drey.operators.flink.HandedGpus;
import java.util.List;
import org.apache.flink.api.common.functions.RuntimeContext;

/**
 * Names a task slot of a job: all operators of the job in that slot, and no others, have the same.
 *
 * @param job id of the job
 * @param allocation id of the slot's allocation to it; new when the slot is given out again
 * @param gpus indices of the GPUs that Flink handed to the slot's process; none if it knows of none
 */
public record SlotKey(String job, String allocation, List<Integer> gpus) {
  /** A slot without GPUs. */
  public SlotKey(String job, String allocation) {
    this(job, allocation, List.of());
  }

  /** The slot the calling operator runs in. */
  public static SlotKey of(RuntimeContext context) {
    return new SlotKey(
        context.getJobInfo().getJobId().toString(),
        context.getTaskInfo().getAllocationIDAsString(),
        HandedGpus.of(context));
  }

  @Override
  public String toString() {
    return job + "/" + allocation;
  }
}
