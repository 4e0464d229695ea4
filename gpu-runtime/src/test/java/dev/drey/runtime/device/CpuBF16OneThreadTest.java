package dev.drey.runtime.device;

import dev.drey.runtime.device.cpu.CpuDevice;
import dev.drey.runtime.model.ComputeType;

class CpuBF16OneThreadTest extends DeviceConformance {
  @Override
  public Device open() {
    return CpuDevice.open(compute(), 1);
  }

  @Override
  public ComputeType compute() {
    return ComputeType.BF16;
  }
}
