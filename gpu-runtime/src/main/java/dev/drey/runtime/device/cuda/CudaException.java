package dev.drey.runtime.device.cuda;

/** The driver refused a call; the device goes on. */
public final class CudaException extends IllegalStateException {
  private static final long serialVersionUID = 1L;
  private final int result;

  CudaException(int result, String message) {
    super(message);
    this.result = result;
  }

  /** The driver's number of the error. */
  public int result() {
    return result;
  }
}
