package dev.drey.operators.prefetch;

import dev.drey.operators.flink.KeyGroups;
import org.apache.flink.api.common.TaskInfo;

/**
 * Keys for (replica, layer, expert), salted so that Flink's own hash sends each to the replica it
 * stands for. A stream keyed by them needs no shuffle, and replicas stay independent. Computed for
 * the parallelism at hand, so that they are right after rescaling too.
 */
public final class ExpertKeys {
  private final int experts;
  private final int[] keys;

  private ExpertKeys(int experts, int[] keys) {
    this.experts = experts;
    this.keys = keys;
  }

  /**
   * The keys of one replica: the first {@code layers * experts} integers that belong to it.
   *
   * @param task the replica's subtask
   * @param layers decoder layers
   * @param experts experts per layer
   */
  public static ExpertKeys of(TaskInfo task, int layers, int experts) {
    return of(
        task.getIndexOfThisSubtask(),
        task.getMaxNumberOfParallelSubtasks(),
        task.getNumberOfParallelSubtasks(),
        layers,
        experts);
  }

  static ExpertKeys of(int replica, int maxParallelism, int replicas, int layers, int experts) {
    int[] keys = new int[layers * experts];
    int found = 0;
    for (int key = 0; found < keys.length; key++) {
      if (KeyGroups.subtaskOf(key, maxParallelism, replicas) == replica) {
        keys[found++] = key;
      }
    }
    return new ExpertKeys(experts, keys);
  }

  /** The key of an expert in this replica. */
  public int keyOf(int layer, int expert) {
    return keys[layer * experts + expert];
  }
}
