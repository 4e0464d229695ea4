package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.DeviceLostError;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * The calls of the driver API that the device makes, each checked: an error becomes a {@link
 * CudaException} with the call's and the error's names, or a {@link DeviceLostError} where the
 * context can never be used again. An error of a kernel surfaces at whichever call comes next.
 */
final class Driver {
  /** Errors after which a context answers every call with an error. */
  private static final Set<Integer> FATAL =
      Set.of(
          CUresult.CUDA_ERROR_DEINITIALIZED,
          CUresult.CUDA_ERROR_ECC_UNCORRECTABLE,
          CUresult.CUDA_ERROR_NVLINK_UNCORRECTABLE,
          CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
          CUresult.CUDA_ERROR_LAUNCH_TIMEOUT,
          CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED,
          CUresult.CUDA_ERROR_ASSERT,
          CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR,
          CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
          CUresult.CUDA_ERROR_MISALIGNED_ADDRESS,
          CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE,
          CUresult.CUDA_ERROR_INVALID_PC,
          CUresult.CUDA_ERROR_LAUNCH_FAILED,
          CUresult.CUDA_ERROR_EXTERNAL_DEVICE,
          CUresult.CUDA_ERROR_UNKNOWN);

  private static final int HOST_ALLOC_PORTABLE = 1;

  private Driver() {}

  private static void check(String call, int result) {
    if (result != CUresult.CUDA_SUCCESS) {
      throw failure(call, "", result);
    }
  }

  private static RuntimeException failure(String call, String detail, int result) {
    String[] meaning = {""};
    JCudaDriver.cuGetErrorString(result, meaning);
    String message =
        "%s failed%s: %s (%s)".formatted(call, detail, CUresult.stringFor(result), meaning[0]);
    if (FATAL.contains(result)) {
      throw new DeviceLostError(
          message + "; the GPU cannot be used any more by this process, which has to end");
    }
    return new CudaException(result, message);
  }

  // -- devices and contexts

  static int deviceCount() {
    int[] count = new int[1];
    int result = JCudaDriver.cuDeviceGetCount(count);
    if (result == CUresult.CUDA_ERROR_NO_DEVICE) {
      return 0;
    }
    check("cuDeviceGetCount", result);
    return count[0];
  }

  /** The newest CUDA version that the driver serves, e.g. {@code 12.4}. */
  static String driverVersion() {
    int[] version = new int[1];
    check("cuDriverGetVersion", JCudaDriver.cuDriverGetVersion(version));
    return version[0] / 1000 + "." + version[0] % 1000 / 10;
  }

  static CUdevice device(int index) {
    CUdevice device = new CUdevice();
    check("cuDeviceGet", JCudaDriver.cuDeviceGet(device, index));
    return device;
  }

  static String deviceName(CUdevice device) {
    byte[] name = new byte[256];
    check("cuDeviceGetName", JCudaDriver.cuDeviceGetName(name, name.length, device));
    int end = 0;
    while (end < name.length && name[end] != 0) {
      end++;
    }
    return new String(name, 0, end, StandardCharsets.UTF_8).strip();
  }

  static long totalBytes(CUdevice device) {
    long[] bytes = new long[1];
    check("cuDeviceTotalMem", JCudaDriver.cuDeviceTotalMem(bytes, device));
    return bytes[0];
  }

  static int attribute(int attribute, CUdevice device) {
    int[] value = new int[1];
    check("cuDeviceGetAttribute", JCudaDriver.cuDeviceGetAttribute(value, attribute, device));
    return value[0];
  }

  static CUcontext retainPrimaryContext(CUdevice device) {
    CUcontext context = new CUcontext();
    check("cuDevicePrimaryCtxRetain", JCudaDriver.cuDevicePrimaryCtxRetain(context, device));
    return context;
  }

  static void releasePrimaryContext(CUdevice device) {
    check("cuDevicePrimaryCtxRelease", JCudaDriver.cuDevicePrimaryCtxRelease(device));
  }

  static void setCurrent(CUcontext context) {
    check("cuCtxSetCurrent", JCudaDriver.cuCtxSetCurrent(context));
  }

  static void synchronizeContext() {
    check("cuCtxSynchronize", JCudaDriver.cuCtxSynchronize());
  }

  static long freeBytes() {
    long[] free = new long[1];
    check("cuMemGetInfo", JCudaDriver.cuMemGetInfo(free, new long[1]));
    return free[0];
  }

  // -- modules

  static CUmodule loadModule(String name, byte[] ptx) {
    CUmodule module = new CUmodule();
    byte[] terminated = Arrays.copyOf(ptx, ptx.length + 1);
    int result = JCudaDriver.cuModuleLoadData(module, terminated);
    if (result != CUresult.CUDA_SUCCESS) {
      throw failure("cuModuleLoadData", " for " + name, result);
    }
    return module;
  }

  static CUfunction function(CUmodule module, String name) {
    CUfunction function = new CUfunction();
    int result = JCudaDriver.cuModuleGetFunction(function, module, name);
    if (result != CUresult.CUDA_SUCCESS) {
      throw failure("cuModuleGetFunction", " for kernel " + name, result);
    }
    return function;
  }

  static void setFunctionAttribute(CUfunction function, int attribute, int value) {
    check("cuFuncSetAttribute", JCudaDriver.cuFuncSetAttribute(function, attribute, value));
  }

  static void unloadModule(CUmodule module) {
    check("cuModuleUnload", JCudaDriver.cuModuleUnload(module));
  }

  // -- memory

  /** A pointer to a device address: base null, offset the address. */
  static CUdeviceptr pointer(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  /** Tells the number behind a pointer, which the binding keeps to itself. */
  private static final class Allocation extends CUdeviceptr {
    long address() {
      return getNativePointer() + getByteOffset();
    }
  }

  /** Address of new device memory, not cleared. */
  static long allocate(long bytes) {
    Allocation allocation = new Allocation();
    int result = JCudaDriver.cuMemAlloc(allocation, bytes);
    if (result != CUresult.CUDA_SUCCESS) {
      throw failure("cuMemAlloc", " for %d bytes".formatted(bytes), result);
    }
    return allocation.address();
  }

  static void free(long address) {
    check("cuMemFree", JCudaDriver.cuMemFree(pointer(address)));
  }

  /** New pinned host memory; less than 2 GiB, else the binding fails and loses it. */
  static Pointer allocateHost(long bytes) {
    Pointer pointer = new Pointer();
    int result = JCudaDriver.cuMemHostAlloc(pointer, bytes, HOST_ALLOC_PORTABLE);
    if (result != CUresult.CUDA_SUCCESS) {
      throw failure("cuMemHostAlloc", " for %d bytes".formatted(bytes), result);
    }
    return pointer;
  }

  static ByteBuffer view(Pointer host, long bytes) {
    return host.getByteBuffer(0, bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  static void freeHost(Pointer host) {
    check("cuMemFreeHost", JCudaDriver.cuMemFreeHost(host));
  }

  // -- streams

  static CUstream newStream() {
    CUstream stream = new CUstream();
    check(
        "cuStreamCreate",
        JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
    return stream;
  }

  static void destroy(CUstream stream) {
    check("cuStreamDestroy", JCudaDriver.cuStreamDestroy(stream));
  }

  static void synchronize(CUstream stream) {
    check("cuStreamSynchronize", JCudaDriver.cuStreamSynchronize(stream));
  }

  /**
   * As {@link #synchronize(CUstream)}.
   *
   * @param after what was issued last, for the message
   */
  static void synchronize(CUstream stream, String after) {
    int result = JCudaDriver.cuStreamSynchronize(stream);
    if (result != CUresult.CUDA_SUCCESS) {
      throw failure("cuStreamSynchronize", " after " + after, result);
    }
  }

  static void clear(long address, long bytes, CUstream stream) {
    check(
        "cuMemsetD8Async", JCudaDriver.cuMemsetD8Async(pointer(address), (byte) 0, bytes, stream));
  }

  static void copyToDevice(long target, Pointer source, long bytes, CUstream stream) {
    check(
        "cuMemcpyHtoDAsync", JCudaDriver.cuMemcpyHtoDAsync(pointer(target), source, bytes, stream));
  }

  static void copyToHost(Pointer target, long source, long bytes, CUstream stream) {
    check(
        "cuMemcpyDtoHAsync", JCudaDriver.cuMemcpyDtoHAsync(target, pointer(source), bytes, stream));
  }

  static void copyOnDevice(long target, long source, long bytes, CUstream stream) {
    check(
        "cuMemcpyDtoDAsync",
        JCudaDriver.cuMemcpyDtoDAsync(pointer(target), pointer(source), bytes, stream));
  }

  static void launch(Kernel kernel, Grid grid, CUstream stream, Pointer arguments) {
    int result =
        JCudaDriver.cuLaunchKernel(
            kernel.function(),
            grid.x(),
            grid.y(),
            grid.z(),
            grid.threadsX(),
            grid.threadsY(),
            1,
            grid.sharedBytes(),
            stream,
            arguments,
            null);
    if (result != CUresult.CUDA_SUCCESS) {
      throw failure("cuLaunchKernel", " for %s, %s".formatted(kernel.name(), grid), result);
    }
  }

  // -- events

  static CUevent newEvent() {
    CUevent event = new CUevent();
    check("cuEventCreate", JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DISABLE_TIMING));
    return event;
  }

  static void record(CUevent event, CUstream stream) {
    check("cuEventRecord", JCudaDriver.cuEventRecord(event, stream));
  }

  /** What is issued to the stream from here on waits for where the event was last recorded. */
  static void waitFor(CUstream stream, CUevent event) {
    check("cuStreamWaitEvent", JCudaDriver.cuStreamWaitEvent(stream, event, 0));
  }

  static boolean isReached(CUevent event) {
    int result = JCudaDriver.cuEventQuery(event);
    if (result == CUresult.CUDA_ERROR_NOT_READY) {
      return false;
    }
    check("cuEventQuery", result);
    return true;
  }

  static void await(CUevent event) {
    check("cuEventSynchronize", JCudaDriver.cuEventSynchronize(event));
  }

  static void destroy(CUevent event) {
    check("cuEventDestroy", JCudaDriver.cuEventDestroy(event));
  }
}
