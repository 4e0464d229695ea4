package dev.drey.runtime;

import dev.drey.runtime.device.Availability;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.cpu.CpuDevice;
import dev.drey.runtime.device.cuda.CudaDevice;
import dev.drey.runtime.device.reference.ReferenceDevice;
import dev.drey.runtime.model.ComputeType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The devices by name. A device asked for by its name is opened or refused: nothing falls back to
 * another device but {@code auto}, which says what it picked.
 */
public final class Devices {
  private static final Logger LOG = LoggerFactory.getLogger(Devices.class);
  private static final String AUTO = "auto";

  private Devices() {}

  /**
   * What {@code auto} comes to on this machine.
   *
   * @param name of the device
   * @param reason why this one
   */
  public record Choice(String name, String reason) {}

  /** The names that {@link #open} knows. */
  public static String[] names() {
    return new String[] {"cpu", "cuda", AUTO, "reference"};
  }

  /**
   * Opens a device.
   *
   * @param name one of {@link #names}
   * @param index which GPU, for {@code cuda}
   * @param compute activations' type
   * @param threads compute threads, for {@code cpu}
   * @throws IllegalArgumentException if the name is unknown; the message lists the known ones
   * @throws IllegalStateException if the device cannot be used on this machine; says why
   */
  public static Device open(String name, int index, ComputeType compute, int threads) {
    return switch (name) {
      case "cpu" -> CpuDevice.open(compute, threads);
      case "cuda" -> CudaDevice.open(compute, index);
      case "reference" -> new ReferenceDevice(compute);
      case AUTO -> {
        Choice choice = choose(index);
        LOG.info("Device auto is {}: {}", choice.name(), choice.reason());
        yield open(choice.name(), index, compute, threads);
      }
      default ->
          throw new IllegalArgumentException(
              "unknown device '%s'; known devices: %s".formatted(name, String.join(", ", names())));
    };
  }

  /** Whether a device of this name computes on the GPU of this index. */
  public static boolean usesGpu(String name, int index) {
    return name.equals("cuda") || (name.equals(AUTO) && CudaDevice.availability(index).usable());
  }

  /** What {@code auto} is on this machine: the GPU of this index if it can be used, else cpu. */
  public static Choice choose(int index) {
    Availability gpu = CudaDevice.availability(index);
    return gpu.usable()
        ? new Choice("cuda", gpu.cause())
        : new Choice("cpu", "the cuda device cannot be used: " + gpu.cause());
  }
}
