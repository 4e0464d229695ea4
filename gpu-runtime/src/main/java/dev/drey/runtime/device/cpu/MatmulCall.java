package dev.drey.runtime.device.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_1;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_set_data_handle;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_success;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.stream;

/**
 * One thread's way to execute a kernel: arguments are built once, and only the addresses in them
 * change from call to call. Allocates nothing per call.
 */
final class MatmulCall implements AutoCloseable {
  private static final int SECOND_POST_OPERATION = 2 * DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE;

  private final MatmulKernel kernel;
  private final dnnl_primitive primitive;
  private final dnnl_stream stream;
  private final List<memory> memories = new ArrayList<>();
  private final dnnl_exec_arg_t arguments;
  private final int argumentCount;
  private final dnnl_memory source;
  private final dnnl_memory weights;
  private final dnnl_memory out;
  private final dnnl_memory multiplier;
  private final Address address = new Address();

  /**
   * @param scratchpad at least as long as the kernel's description asks for
   */
  MatmulCall(MatmulKernel kernel, engine cpu, stream queue, long scratchpad) {
    this.kernel = kernel;
    this.primitive = kernel.primitive().get();
    this.stream = queue.get();
    MatmulSpec spec = kernel.spec();
    boolean multiplies = spec.post() == MatmulSpec.Post.SILU_MULTIPLY;
    argumentCount = multiplies ? 5 : 4;
    arguments = new dnnl_exec_arg_t(argumentCount);
    source = bind(0, DNNL_ARG_SRC, OneDnn.source(spec), cpu, 0);
    weights = bind(1, DNNL_ARG_WEIGHTS, kernel.description().weights_desc(), cpu, 0);
    out = bind(2, DNNL_ARG_DST, OneDnn.out(spec), cpu, 0);
    bind(3, DNNL_ARG_SCRATCHPAD, kernel.description().scratchpad_desc(), cpu, scratchpad);
    multiplier =
        multiplies
            ? bind(4, SECOND_POST_OPERATION | DNNL_ARG_SRC_1, OneDnn.multiplier(spec), cpu, 0)
            : source;
    arguments.position(0);
  }

  private dnnl_memory bind(
      int position, int argument, memory.desc descriptor, engine cpu, long handle) {
    try (descriptor) {
      memory bound = new memory(descriptor, cpu, new Address().at(handle));
      memories.add(bound);
      arguments.position(position).arg(argument).memory(bound.get());
      return bound.get();
    }
  }

  /** Executes a kernel without a multiplier. All arguments are addresses. */
  void run(long sourceAt, long weightsAt, long outAt) {
    dnnl_memory_set_data_handle(source, address.at(sourceAt));
    dnnl_memory_set_data_handle(weights, address.at(weightsAt));
    dnnl_memory_set_data_handle(out, address.at(outAt));
    int status = dnnl_primitive_execute(primitive, stream, argumentCount, arguments);
    if (status != dnnl_success) {
      throw new IllegalStateException(
          "oneDNN failed with status " + status + " in a " + kernel.spec());
    }
  }

  /** Executes a kernel that multiplies its result. All arguments are addresses. */
  void run(long sourceAt, long weightsAt, long outAt, long multiplierAt) {
    dnnl_memory_set_data_handle(multiplier, address.at(multiplierAt));
    run(sourceAt, weightsAt, outAt);
  }

  @Override
  public void close() {
    arguments.close();
    memories.forEach(memory::close);
  }
}
