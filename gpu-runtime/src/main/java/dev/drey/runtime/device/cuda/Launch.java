package dev.drey.runtime.device.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;

/**
 * One launch in the making: arguments in the kernel's order, then {@link #run}. Each queue has one
 * and uses it over and over: arguments lie in one direct buffer whose pointers are made once, which
 * is the cheapest way through the binding.
 */
final class Launch {
  private static final int MOST_ARGUMENTS = 32;

  private final CommandQueue queue;
  private final ByteBuffer values =
      ByteBuffer.allocateDirect(MOST_ARGUMENTS * Long.BYTES).order(ByteOrder.nativeOrder());
  private final Pointer[] arguments = new Pointer[MOST_ARGUMENTS];
  private final Pointer[] lists = new Pointer[MOST_ARGUMENTS + 1];
  private Kernel kernel;
  private int count;

  Launch(CommandQueue queue, Kernel first) {
    this.queue = queue;
    this.kernel = first;
    Pointer base = Pointer.to(values);
    for (int i = 0; i < MOST_ARGUMENTS; i++) {
      arguments[i] = base.withByteOffset((long) i * Long.BYTES);
    }
    for (int i = 0; i <= MOST_ARGUMENTS; i++) {
      Pointer[] list = new Pointer[i];
      System.arraycopy(arguments, 0, list, 0, i);
      lists[i] = Pointer.to(list);
    }
  }

  Launch of(Kernel next) {
    kernel = next;
    count = 0;
    return this;
  }

  /** A device address. */
  Launch address(long value) {
    values.putLong(count++ * Long.BYTES, value);
    return this;
  }

  /** A 64-bit number. */
  Launch number(long value) {
    return address(value);
  }

  /** A 32-bit number. */
  Launch number(int value) {
    values.putInt(count++ * Long.BYTES, value);
    return this;
  }

  /** A float32 number. */
  Launch number(float value) {
    values.putFloat(count++ * Long.BYTES, value);
    return this;
  }

  /** Issues it over so many blocks of so many threads. */
  void run(long blocks, int threads) {
    run(new Grid(Math.toIntExact(blocks), 1, 1, threads, 1, 0));
  }

  /** Issues it. */
  void run(Grid grid) {
    queue.launch(kernel, grid, lists[count]);
  }
}
