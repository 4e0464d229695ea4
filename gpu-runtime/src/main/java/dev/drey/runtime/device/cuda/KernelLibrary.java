package dev.drey.runtime.device.cuda;

import dev.drey.runtime.model.DType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUmodule;

/**
 * The kernels of this jar, compiled by the driver for one GPU: one module per file of PTX. The
 * driver keeps what it has compiled, so only the first start on a machine takes long.
 */
final class KernelLibrary implements AutoCloseable {
  private static final int FREE_SHARED_BYTES = 48 << 10;

  private final CudaContext context;
  private final List<CUmodule> modules = new ArrayList<>();
  private final Map<String, Kernel> kernels = new HashMap<>();
  private final Map<String, Integer> sharedBytes = new HashMap<>();

  private KernelLibrary(CudaContext context) {
    this.context = context;
  }

  /** Loads every module. */
  static KernelLibrary load(CudaContext context) {
    KernelLibrary library = new KernelLibrary(context);
    context.enter();
    try {
      for (KernelFile file : KernelFile.values()) {
        byte[] ptx = file.ptx();
        CUmodule module = Driver.loadModule(file.resource(), ptx);
        library.modules.add(module);
        for (String name : KernelFile.kernels(ptx)) {
          library.kernels.put(name, new Kernel(name, Driver.function(module, name)));
        }
      }
      library.allowSharedMemory(ProductKernel.matmul(DType.BF16));
      library.allowSharedMemory(ProductKernel.gateUp(DType.BF16));
      return library;
    } catch (RuntimeException | Error e) {
      try {
        library.close();
      } catch (RuntimeException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /** A kernel gets more than {@value #FREE_SHARED_BYTES} bytes only if that is said beforehand. */
  private void allowSharedMemory(List<ProductKernel> variants) {
    for (ProductKernel variant : variants) {
      allowSharedMemory(kernel(variant.name()), variant.sharedBytes());
    }
  }

  /** Lets a kernel be launched with so much dynamic shared memory, besides what it may have. */
  synchronized void allowSharedMemory(Kernel kernel, int bytes) {
    if (bytes > sharedBytes.getOrDefault(kernel.name(), FREE_SHARED_BYTES)) {
      Driver.setFunctionAttribute(
          kernel.function(),
          CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
          bytes);
      sharedBytes.put(kernel.name(), bytes);
    }
  }

  Kernel kernel(String name) {
    Kernel kernel = kernels.get(name);
    if (kernel == null) {
      throw new IllegalArgumentException("no kernel is called " + name);
    }
    return kernel;
  }

  @Override
  public void close() {
    context.enter();
    kernels.clear();
    modules.forEach(Driver::unloadModule);
    modules.clear();
  }
}
