package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.DeviceEvent;
import jcuda.Pointer;
import jcuda.driver.CUstream;
import org.jspecify.annotations.Nullable;

/**
 * One stream of the driver's: launches and copies that happen in the order in which they are
 * issued, while the caller goes on.
 *
 * <p><b>Threading.</b> Used by one thread at a time; points that it marks may be asked by anyone.
 *
 * <p><b>Debugging.</b> A kernel's error surfaces at some later call. A synchronous queue waits
 * after everything it issues, so that the error names its origin.
 */
final class CommandQueue implements AutoCloseable {
  private final CudaContext context;
  private final boolean synchronous;
  private final CUstream stream;
  private final EventTimeline timeline;
  private @Nullable Launch launch;
  private boolean idle = true;
  private boolean closed;

  CommandQueue(CudaContext context, boolean synchronous) {
    this.context = context;
    this.synchronous = synchronous;
    this.timeline = new EventTimeline(context);
    context.enter();
    this.stream = Driver.newStream();
  }

  /** Makes the context the calling thread's; before any other call. */
  void enter() {
    if (closed) {
      throw new IllegalStateException("a stream of GPU " + context.index() + " used after close");
    }
    context.enter();
  }

  /** Starts a launch; the one before must have been run or is forgotten. */
  Launch launch(Kernel kernel) {
    Launch known = launch;
    if (known == null) {
      known = new Launch(this, kernel);
      launch = known;
    }
    return known.of(kernel);
  }

  void launch(Kernel kernel, Grid grid, Pointer arguments) {
    idle = false;
    Driver.launch(kernel, grid, stream, arguments);
    issued(kernel.name());
  }

  /** Copies from pinned memory, which must stay as it is until a later point is reached. */
  void copyToDevice(long target, Pointer source, long bytes) {
    if (bytes > 0) {
      idle = false;
      Driver.copyToDevice(target, source, bytes, stream);
      issued("a copy to the GPU");
    }
  }

  /** Copies into pinned memory, which holds the bytes once a later point is reached. */
  void copyToHost(Pointer target, long source, long bytes) {
    if (bytes > 0) {
      idle = false;
      Driver.copyToHost(target, source, bytes, stream);
      issued("a copy from the GPU");
    }
  }

  /** Copies from one place on the GPU to another. */
  void copyOnDevice(long target, long source, long bytes) {
    if (bytes > 0) {
      idle = false;
      Driver.copyOnDevice(target, source, bytes, stream);
      issued("a copy on the GPU");
    }
  }

  private void issued(String what) {
    if (synchronous) {
      Driver.synchronize(stream, what);
    }
  }

  /** What is issued from here on happens after this point, of whichever stream of the device. */
  void waitFor(DeviceEvent point) {
    if (point instanceof EventTimeline.Point other) {
      idle = false;
      other.holdBack(stream);
    } else {
      point.await();
    }
  }

  /** A point behind everything issued so far. */
  DeviceEvent mark() {
    return idle ? DeviceEvent.REACHED : timeline.mark(stream);
  }

  /** Waits for everything issued so far. */
  void synchronize() {
    if (!idle) {
      Driver.synchronize(stream);
      idle = true;
      timeline.allReached();
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    context.enter();
    closed = true;
    try {
      Driver.synchronize(stream);
      timeline.allReached();
    } finally {
      timeline.close();
      Driver.destroy(stream);
    }
  }
}
