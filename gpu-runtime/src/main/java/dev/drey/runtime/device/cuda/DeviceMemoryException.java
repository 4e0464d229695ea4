package dev.drey.runtime.device.cuda;

/** The GPU or the host has less memory left than a budget allows for. */
public final class DeviceMemoryException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  DeviceMemoryException(String message, CudaException cause) {
    super(message, cause);
  }
}
