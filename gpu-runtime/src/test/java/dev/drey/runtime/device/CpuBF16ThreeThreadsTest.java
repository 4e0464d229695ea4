package dev.drey.runtime.device;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.drey.runtime.device.cpu.CpuDevice;
import dev.drey.runtime.model.ComputeType;
import org.junit.jupiter.api.BeforeAll;

class CpuBF16ThreeThreadsTest extends DeviceConformance {
  @BeforeAll
  static void needsAProcessorThatCan() {
    Availability availability = CpuDevice.availability(ComputeType.BF16);
    assumeTrue(availability.usable(), availability.cause());
  }

  @Override
  public Device open() {
    return CpuDevice.open(compute(), 3);
  }

  @Override
  public ComputeType compute() {
    return ComputeType.BF16;
  }
}
