package dev.drey.runtime.device;

import dev.drey.runtime.device.cuda.CudaDevice;
import dev.drey.runtime.device.cuda.TestGpu;
import dev.drey.runtime.model.ComputeType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

class CudaF32Test extends DeviceConformance {
  @BeforeEach
  void needsTheDriver() {
    TestGpu.require();
  }

  @AfterEach
  void nothingIsAccessedWronglyOrLeft() {
    TestGpu.requireClean();
  }

  @Override
  public Device open() {
    return CudaDevice.open(compute(), 0);
  }

  @Override
  public ComputeType compute() {
    return ComputeType.F32;
  }
}
