package dev.drey.runtime.trace;

/** How the load of an expert ended. */
public enum LoadResult {
  /** The expert became resident. */
  LOADED,
  /** It was not wanted any more. */
  STOPPED,
  /** An error. */
  FAILED
}
