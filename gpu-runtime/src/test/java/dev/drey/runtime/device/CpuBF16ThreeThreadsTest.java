package dev.drey.runtime.device;

import dev.drey.runtime.device.cpu.CpuDevice;
import dev.drey.runtime.model.ComputeType;

class CpuBF16ThreeThreadsTest extends DeviceConformance {
  @Override
  public Device open() {
    return CpuDevice.open(compute(), 3);
  }

  @Override
  public ComputeType compute() {
    return ComputeType.BF16;
  }
}
