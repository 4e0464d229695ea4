package dev.drey.operators.slot;

import org.apache.flink.api.common.functions.RuntimeContext;

/**
 * Names a task slot of a job: all operators of the job in that slot, and no others, have the same.
 *
 * @param job id of the job
 * @param allocation id of the slot's allocation to it; new when the slot is given out again
 */
public record SlotKey(String job, String allocation) {
  /** The slot the calling operator runs in. */
  public static SlotKey of(RuntimeContext context) {
    return new SlotKey(
        context.getJobInfo().getJobId().toString(),
        context.getTaskInfo().getAllocationIDAsString());
  }

  @Override
  public String toString() {
    return job + "/" + allocation;
  }
}
