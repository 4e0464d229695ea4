package dev.drey.runtime.model;

/**
 * Which earlier positions a query sees besides its own: all of them, the latest few, or those of
 * its own chunk.
 *
 * @param window most positions seen, the query's own included; 0 for no limit
 * @param chunk positions per chunk, counted from position 0; 0 for no chunks
 */
public record KeyRange(int window, int chunk) {
  /** Every position up to the query's. */
  public static final KeyRange ALL = new KeyRange(0, 0);

  public KeyRange {
    if (window < 0 || chunk < 0 || (window > 0 && chunk > 0)) {
      throw new IllegalArgumentException("window " + window + " and chunk " + chunk);
    }
  }

  /** The latest {@code window} positions. */
  public static KeyRange sliding(int window) {
    return new KeyRange(window, 0);
  }

  /** The positions of the query's own chunk. */
  public static KeyRange chunked(int chunk) {
    return new KeyRange(0, chunk);
  }

  /** The first position that the query at {@code position} sees. */
  public int first(int position) {
    if (window > 0) {
      return Math.max(0, position - window + 1);
    }
    return chunk > 0 ? position / chunk * chunk : 0;
  }
}
