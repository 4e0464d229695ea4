package dev.drey.runtime.device;

import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.ModelConfig;

/** Makes the device under test. */
interface DeviceFactory {
  Device open();

  ComputeType compute();

  default Rig rig(ModelConfig model) {
    return new Rig(open(), compute().activation(), model);
  }
}
