package dev.drey.runtime.simulate;

import dev.drey.runtime.model.ExpertId;
import java.util.Arrays;

/**
 * Where each expert is in a simulated window, and who wants it. Slots are alike, so only their
 * number matters.
 */
final class SimulatedSlots {
  static final long NOT_PREDICTED = -1;

  /**
   * What an expert's slot is doing; the window's states, as far as a replay can tell them apart.
   */
  enum State {
    ABSENT,
    IN_FLIGHT,
    RESIDENT,
    LEASED
  }

  private final int total;
  private final State[] state;
  private final boolean[] owned;
  private final long[] predictedFor;
  private final boolean[] unusedPrefetch;
  private final boolean[] ahead;
  private final int[] predicted; // experts with a predictedFor, in no order
  private final int[] predictedAt;
  private final ExpertSet notNeeded;
  private final ExpertSet unasked;
  private int predictions;
  private final boolean[] serves;
  private int free;
  private int aheadCount;
  private int serving;

  SimulatedSlots(int total, ExpertId[] ids, int experts) {
    this.total = total;
    this.free = total;
    this.state = new State[ids.length];
    this.owned = new boolean[ids.length];
    this.predictedFor = new long[ids.length];
    this.unusedPrefetch = new boolean[ids.length];
    this.ahead = new boolean[ids.length];
    this.serves = new boolean[ids.length];
    this.predicted = new int[ids.length];
    this.predictedAt = new int[ids.length];
    this.notNeeded = new ExpertSet(ids, experts);
    this.unasked = new ExpertSet(ids, experts);
    Arrays.fill(state, State.ABSENT);
    Arrays.fill(predictedFor, NOT_PREDICTED);
  }

  int total() {
    return total;
  }

  int free() {
    return free;
  }

  /** Slots that are leased, or filled or being filled for the open demand. */
  int serving() {
    return serving;
  }

  /** Slots taken by prefetches for layers ahead. */
  int ahead() {
    return aheadCount;
  }

  State state(int expert) {
    return state[expert];
  }

  boolean isOwned(int expert) {
    return owned[expert];
  }

  boolean isUnusedPrefetch(int expert) {
    return unusedPrefetch[expert];
  }

  /** Residents that the open demand does not need, or not any more. */
  ExpertSet notNeeded() {
    return notNeeded;
  }

  /** Those of them that nothing predicts either. */
  ExpertSet unasked() {
    return unasked;
  }

  void become(int expert, State next) {
    free += (state[expert] == State.ABSENT ? -1 : 0) + (next == State.ABSENT ? 1 : 0);
    state[expert] = next;
    refresh(expert);
  }

  /** Says whether the open demand has yet to be handed this expert. */
  void own(int expert, boolean isOwned) {
    owned[expert] = isOwned;
    refresh(expert);
  }

  void predict(int expert, long position) {
    if (predictedFor[expert] == NOT_PREDICTED) {
      predictedAt[expert] = predictions;
      predicted[predictions++] = expert;
    }
    predictedFor[expert] = position;
    refresh(expert);
  }

  void forget(int expert) {
    if (predictedFor[expert] != NOT_PREDICTED) {
      int last = predicted[--predictions];
      predicted[predictedAt[expert]] = last;
      predictedAt[last] = predictedAt[expert];
      predictedFor[expert] = NOT_PREDICTED;
      refresh(expert);
    }
  }

  int predictions() {
    return predictions;
  }

  int predicted(int index) {
    return predicted[index];
  }

  long predictedFor(int expert) {
    return predictedFor[expert];
  }

  void prefetched(int expert) {
    unusedPrefetch[expert] = true;
    ahead[expert] = true;
    aheadCount++;
  }

  /** The prefetch is none any more; returns whether it had not been used before. */
  boolean settle(int expert) {
    boolean unused = unusedPrefetch[expert];
    unusedPrefetch[expert] = false;
    leaveShare(expert);
    return unused;
  }

  void leaveShare(int expert) {
    aheadCount -= ahead[expert] ? 1 : 0;
    ahead[expert] = false;
  }

  /** Empties the slot of an expert. */
  void release(int expert) {
    settle(expert);
    forget(expert);
    owned[expert] = false;
    become(expert, State.ABSENT);
  }

  private void refresh(int expert) {
    boolean candidate = state[expert] == State.RESIDENT && !owned[expert];
    boolean isServing = owned[expert] || state[expert] == State.LEASED;
    serving += (isServing ? 1 : 0) - (serves[expert] ? 1 : 0);
    serves[expert] = isServing;
    notNeeded.set(expert, candidate);
    unasked.set(expert, candidate && predictedFor[expert] == NOT_PREDICTED);
  }
}
