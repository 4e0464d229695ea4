package dev.drey.runtime.device.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_set_data_handle;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_success;

import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.eltwise_forward;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.stream;

/**
 * The exponential function of one worker: each element in place, by oneDNN, whose result for {@code
 * -infinity} is exactly 0 and for 0 exactly 1. Compiled for powers of two, from which any multiple
 * of {@value #UNIT} elements is put together.
 */
final class ExpKernels implements AutoCloseable {
  static final int UNIT = 256;
  private static final int SIZES = 9;

  private final stream queue;
  private final eltwise_forward[] primitives = new eltwise_forward[SIZES];
  private final memory[] memories = new memory[SIZES];
  private final dnnl_memory[] handles = new dnnl_memory[SIZES];
  private final dnnl_exec_arg_t[] arguments = new dnnl_exec_arg_t[SIZES];
  private final Address address = new Address();

  ExpKernels(engine cpu, stream queue) {
    this.queue = queue;
    for (int i = 0; i < SIZES; i++) {
      try (memory.desc row =
              new memory.desc(new long[] {(long) UNIT << i}, memory.data_type.f32, new long[] {1});
          primitive_attr attributes = new primitive_attr();
          eltwise_forward.primitive_desc description =
              new eltwise_forward.primitive_desc(
                  cpu,
                  prop_kind.forward_inference,
                  algorithm.eltwise_exp,
                  row,
                  row,
                  0,
                  0,
                  attributes,
                  false)) {
        primitives[i] = new eltwise_forward(description);
        memories[i] = new memory(row, cpu, new Address());
      }
      handles[i] = memories[i].get();
      arguments[i] = new dnnl_exec_arg_t(2);
      arguments[i].position(0).arg(DNNL_ARG_SRC).memory(handles[i]);
      arguments[i].position(1).arg(DNNL_ARG_DST).memory(handles[i]);
      arguments[i].position(0);
    }
  }

  /** Rounds up to what {@link #run} takes. */
  static int padded(int count) {
    return (count + UNIT - 1) / UNIT * UNIT;
  }

  /**
   * Replaces float32 numbers by their exponential.
   *
   * @param at address
   * @param count a multiple of {@link #UNIT}
   */
  void run(long at, int count) {
    if (count % UNIT != 0) {
      throw new IllegalArgumentException(
          "an exponential of " + count + " numbers, expected a multiple of " + UNIT);
    }
    long from = at;
    int left = count / UNIT;
    while (left > 0) {
      int size = Math.min(SIZES - 1, 31 - Integer.numberOfLeadingZeros(left));
      dnnl_memory_set_data_handle(handles[size], address.at(from));
      int status = dnnl_primitive_execute(primitives[size].get(), queue.get(), 2, arguments[size]);
      if (status != dnnl_success) {
        throw new IllegalStateException(
            "oneDNN failed with status " + status + " in an exponential of " + count + " numbers");
      }
      from += ((long) UNIT * Float.BYTES) << size;
      left -= 1 << size;
    }
  }

  @Override
  public void close() {
    for (int i = 0; i < SIZES; i++) {
      arguments[i].close();
      memories[i].close();
      primitives[i].close();
    }
  }
}
