package dev.drey.runtime.trace;

/** How the load of an expert ended. */
public enum LoadResult {
  /** The expert became resident. */
  LOADED(0),
  /** It was not wanted any more. */
  STOPPED(1),
  /** An error. */
  FAILED(2);

  private final int code;

  LoadResult(int code) {
    this.code = code;
  }

  /** Its bits in a trace. */
  int code() {
    return code;
  }
}
