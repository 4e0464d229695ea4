package dev.drey.runtime.device;

import dev.drey.runtime.device.cpu.CpuDevice;
import dev.drey.runtime.model.ComputeType;

class CpuF32TwoThreadsTest extends DeviceConformance {
  @Override
  public Device open() {
    return CpuDevice.open(compute(), 2);
  }

  @Override
  public ComputeType compute() {
    return ComputeType.F32;
  }
}
