package dev.drey.runtime.trace;

/**
 * Is told what an engine does, in one total order. The recorder is one, so are the metrics' folds,
 * and a file is read into one.
 *
 * <p>Times are nanoseconds; from an engine those of {@link System#nanoTime()}, from a file those
 * since it was begun. They never fall along the stream. Layers are decoder layers, experts are
 * numbered within their layer. Arrays belong to the caller: only the first {@code count} entries
 * count, and only during the call.
 *
 * <p>An implementation that an engine calls must be thread-safe, must not wait and must not throw.
 */
public interface TraceSink {
  /** Nobody listens. */
  TraceSink NONE =
      new TraceSink() {
        @Override
        public boolean isRecording() {
          return false;
        }
      };

  /** Whether there is a point in telling; if not, callers spare themselves the preparation. */
  default boolean isRecording() {
    return true;
  }

  /**
   * A forward pass begins.
   *
   * @param step its number; a lower one than before means that another run has begun
   * @param rows tokens it computes
   * @param logitRows rows of which a token is chosen or scored
   */
  default void stepBegan(long nanos, long step, int rows, int logitRows) {}

  /**
   * A sequence has rows in the step that has begun.
   *
   * @param sequence its number, from 0 in the order of appearance
   * @param rows rows in this step
   * @param promptTokens length of its prompt
   * @param outputs tokens produced or scored before this step
   */
  default void sequenceRan(long nanos, int sequence, int rows, int promptTokens, int outputs) {}

  /**
   * A sequence has got its last token.
   *
   * @param outputs tokens produced or scored
   */
  default void sequenceEnded(long nanos, int sequence, int outputs) {}

  /**
   * The router of a layer has chosen, row by row; told before {@link #routed}. Rows may come in
   * several calls, in order.
   *
   * @param firstRow number of the first row in the step
   * @param rows how many
   * @param experts expert of each rank of each row; the header says how many ranks there are
   * @param weights of each; a file keeps the upper 16 bits ({@link RecordedWeight})
   */
  default void rowsRouted(
      long nanos, long step, int layer, int firstRow, int rows, int[] experts, float[] weights) {}

  /**
   * The router of a layer has chosen.
   *
   * @param experts the union over all rows, rising
   * @param tokens rows sent to each
   * @param weights sum of the rows' weights for each
   */
  default void routed(
      long nanos, long step, int layer, int count, int[] experts, int[] tokens, float[] weights) {}

  /**
   * A predictor has spoken.
   *
   * @param issuedAtLayer layer whose router had just run; -1 if the step has just begun
   * @param targetLayer layer that was predicted
   * @param experts likeliest first
   * @param scores of each; comparable only within one call
   */
  default void predicted(
      long nanos,
      long step,
      int issuedAtLayer,
      int targetLayer,
      int count,
      int[] experts,
      float[] scores) {}

  /** The experts a router has chosen are demanded: one atomic event. */
  default void demanded(
      long nanos, long step, int layer, int count, int[] experts, DemandOutcome[] outcomes) {}

  /**
   * An expert has been given a slot and stands in the transfer queue.
   *
   * @param load number of the load, from 0
   * @param prefetch whether for a prediction
   */
  default void loadIssued(long nanos, long load, int layer, int expert, boolean prefetch) {}

  /**
   * A load is over.
   *
   * @param startedNanos when its bytes began to move; {@code nanos} if they never did
   * @param bytes bytes moved
   * @param prefetch whether nobody had come to wait for it
   */
  default void loadEnded(
      long nanos,
      long load,
      int layer,
      int expert,
      long startedNanos,
      long bytes,
      boolean prefetch,
      LoadResult result) {}

  /**
   * A resident expert has left the window.
   *
   * @param unused whether it was loaded for a prediction and never demanded
   */
  default void evicted(long nanos, int layer, int expert, boolean unused) {}

  /**
   * All experts of a demand have been computed.
   *
   * @param stallNanos time the forward pass waited for them
   */
  default void demandEnded(long nanos, long step, int layer, long stallNanos) {}

  /** A forward pass is over, its tokens are chosen. */
  default void stepEnded(long nanos, long step) {}

  /** So many events are missing here: the recorder had no room for them. */
  default void missing(long nanos, long events) {}
}
