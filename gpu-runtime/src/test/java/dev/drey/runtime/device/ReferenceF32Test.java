package dev.drey.runtime.device;

import dev.drey.runtime.device.reference.ReferenceDevice;
import dev.drey.runtime.model.ComputeType;

class ReferenceF32Test extends DeviceConformance {
  @Override
  public Device open() {
    return new ReferenceDevice(compute());
  }

  @Override
  public ComputeType compute() {
    return ComputeType.F32;
  }
}
