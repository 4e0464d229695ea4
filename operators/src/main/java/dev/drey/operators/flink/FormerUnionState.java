package dev.drey.operators.flink;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;

/**
 * Takes out of restored state a union list that an earlier version kept. Flink registers again
 * whatever it restores, and as long as a union list is registered, even an empty one, it aborts
 * every checkpoint while some subtasks are finished and others are not. It offers no way to give a
 * state up; but the names it shows are those of its table, and what is removed there is gone.
 */
public final class FormerUnionState {
  private FormerUnionState() {}

  /**
   * The elements of all subtasks; afterwards the state is not part of any checkpoint.
   *
   * @return nothing if there is no state of that name
   * @throws IllegalStateException if the state cannot be given up
   */
  public static <T> List<T> take(OperatorStateStore store, ListStateDescriptor<T> former)
      throws Exception {
    List<T> elements = new ArrayList<>();
    String name = former.getName();
    if (store.getRegisteredStateNames().contains(name)) {
      store.getUnionListState(former).get().forEach(elements::add);
      if (!store.getRegisteredStateNames().remove(name)
          || store.getRegisteredStateNames().contains(name)) {
        throw new IllegalStateException(
            "the union state '%s' of an earlier version stays registered; checkpoints would not"
                    .formatted(name)
                + " complete once a replica is finished");
      }
    }
    return elements;
  }
}
