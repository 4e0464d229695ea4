package dev.drey.runtime;

import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.cpu.CpuDevice;
import dev.drey.runtime.device.reference.ReferenceDevice;
import dev.drey.runtime.model.ComputeType;

/** The devices by name. Choosing is explicit: nothing falls back to another device. */
public final class Devices {
  private Devices() {}

  /**
   * Opens a device.
   *
   * @param name {@code cpu} or {@code reference}
   * @param compute activations' type
   * @param threads compute threads
   * @throws IllegalArgumentException if the name is unknown; the message lists the known ones
   * @throws IllegalStateException if the device cannot be used on this machine; says why
   */
  public static Device open(String name, ComputeType compute, int threads) {
    return switch (name) {
      case "cpu" -> CpuDevice.open(compute, threads);
      case "reference" -> new ReferenceDevice(compute);
      default ->
          throw new IllegalArgumentException(
              "unknown device '" + name + "'; known devices: cpu, reference");
    };
  }
}
