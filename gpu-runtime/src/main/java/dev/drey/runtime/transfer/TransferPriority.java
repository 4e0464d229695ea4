package dev.drey.runtime.transfer;

/** Who goes first. */
public enum TransferPriority {
  /** Somebody waits for it. */
  DEMAND,
  /** It may be needed soon; gives way to every demand between two blocks. */
  PREFETCH
}
