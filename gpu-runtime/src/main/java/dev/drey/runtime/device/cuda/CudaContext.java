package dev.drey.runtime.device.cuda;

import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUstream;

/**
 * The primary context of one GPU, retained while this is open. The driver counts who retains it and
 * takes it down with the last.
 *
 * <p><b>Threading.</b> The driver's calls go to the calling thread's current context, so whoever is
 * about to make some calls {@link #enter} first. That costs a fraction of a launch and needs no
 * memory of which thread was where.
 */
final class CudaContext implements AutoCloseable {
  private final int index;
  private final CUdevice device;
  private final CUcontext context;
  private final GpuFacts facts;
  private final CUstream clearing;
  private boolean closed;

  private CudaContext(int index, CUdevice device, CUcontext context, CUstream clearing) {
    this.index = index;
    this.device = device;
    this.context = context;
    this.facts = GpuFacts.of(index);
    this.clearing = clearing;
  }

  static CudaContext open(int index) {
    CUdevice device = Driver.device(index);
    CUcontext context = Driver.retainPrimaryContext(device);
    try {
      Driver.setCurrent(context);
      return new CudaContext(index, device, context, Driver.newStream());
    } catch (RuntimeException | Error e) {
      Driver.releasePrimaryContext(device);
      throw e;
    }
  }

  /** Makes this the calling thread's context. */
  void enter() {
    Driver.setCurrent(context);
  }

  /** Waits until the GPU has done everything that was asked of it in this context. */
  void synchronize() {
    enter();
    Driver.synchronizeContext();
  }

  /** Fills new memory with zeros and waits for it: other streams know nothing of this one. */
  synchronized void clear(long address, long bytes) {
    enter();
    Driver.clear(address, bytes, clearing);
    Driver.synchronize(clearing);
  }

  int index() {
    return index;
  }

  /** What the driver says about the GPU. */
  GpuFacts facts() {
    return facts;
  }

  /** Bytes of memory that nobody has allocated. */
  long freeBytes() {
    enter();
    return Driver.freeBytes();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      try {
        enter();
        Driver.destroy(clearing);
      } finally {
        Driver.releasePrimaryContext(device);
      }
    }
  }
}
