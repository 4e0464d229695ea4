package dev.drey.runtime.threads;

/**
 * How threads that live as long as an engine are made: daemons that hold neither the class loader
 * nor the inheritable thread-locals of the caller, which may be a Flink job's and must be
 * collectable.
 */
public final class EngineThread {
  private EngineThread() {}

  /** A thread that has not been started. */
  public static Thread of(String name, Runnable body) {
    Thread thread = new Thread(null, body, name, 0, false);
    thread.setDaemon(true);
    thread.setContextClassLoader(EngineThread.class.getClassLoader());
    return thread;
  }
}
