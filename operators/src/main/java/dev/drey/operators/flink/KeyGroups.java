package dev.drey.operators.flink;

import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamUtils;
import org.apache.flink.streaming.api.datastream.KeyedStream;

/** Where Flink's key groups send a key, and streams whose records already lie where it says. */
public final class KeyGroups {
  private KeyGroups() {}

  /** The subtask that owns the integer key. */
  public static int subtaskOf(int key, int maxParallelism, int parallelism) {
    return KeyGroupRangeAssignment.assignKeyToParallelOperator(key, maxParallelism, parallelism);
  }

  /**
   * The stream keyed without a shuffle: subtask to subtask, so that replicas stay independent
   * failover regions. Each record's key must belong to the subtask that emits it.
   */
  public static <T> KeyedStream<T, Integer> keyedInPlace(
      DataStream<T> stream, KeySelector<T, Integer> key) {
    return DataStreamUtils.reinterpretAsKeyedStream(stream, key, Types.INT);
  }
}
