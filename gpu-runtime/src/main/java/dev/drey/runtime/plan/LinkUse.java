package dev.drey.runtime.plan;

/**
 * What bringing experts in has come to so far.
 *
 * @param bytes moved
 * @param busyNanos time in which any were being moved, counted once
 * @param stallNanos time the forward pass waited for experts
 */
public record LinkUse(long bytes, long busyNanos, long stallNanos) {
  /** Nothing moved. */
  static final LinkUse NONE = new LinkUse(0, 0, 0);

  /** What came after an earlier moment. */
  LinkUse since(LinkUse earlier) {
    return new LinkUse(
        bytes - earlier.bytes, busyNanos - earlier.busyNanos, stallNanos - earlier.stallNanos);
  }
}
