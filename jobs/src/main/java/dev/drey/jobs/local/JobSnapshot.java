package dev.drey.jobs.local;

import dev.drey.jobs.topology.Count;
import java.util.Map;

/**
 * What is known of a job at some moment.
 *
 * @param counts outcomes so far; empty if the job has not reported any yet
 * @param checkpoints checkpoints completed in this process
 */
public record JobSnapshot(Map<Count, Long> counts, long checkpoints) {
  public JobSnapshot {
    counts = Map.copyOf(counts);
  }
}
