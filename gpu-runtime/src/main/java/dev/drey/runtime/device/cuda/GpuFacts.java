package dev.drey.runtime.device.cuda;

import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;

/**
 * What the driver says about a GPU; needs no context.
 *
 * @param name what the vendor calls it
 * @param capability compute capability times ten, e.g. 90
 * @param processors multiprocessors
 * @param totalBytes memory
 */
record GpuFacts(String name, int capability, int processors, long totalBytes) {
  /** The facts of the GPU of this index. */
  static GpuFacts of(int index) {
    CUdevice device = Driver.device(index);
    int major =
        Driver.attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device);
    int minor =
        Driver.attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device);
    return new GpuFacts(
        Driver.deviceName(device),
        10 * major + minor,
        Driver.attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device),
        Driver.totalBytes(device));
  }
}
