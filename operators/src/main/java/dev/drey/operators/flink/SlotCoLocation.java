package dev.drey.operators.flink;

import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;

/** Binds subtask i of several tasks to one slot. */
public final class SlotCoLocation {
  private SlotCoLocation() {}

  /**
   * Puts the operator's task into the named group. Only the first operator of a chain counts, so
   * this belongs on the source as well as on whatever must lie beside it.
   */
  public static void bind(SingleOutputStreamOperator<?> operator, String group) {
    operator.getTransformation().setCoLocationGroupKey(group);
  }
}
