package dev.drey.runtime.memory;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A node in a tree of hard byte limits.
 *
 * <p><b>Ownership.</b> The budget owns no memory. Whoever allocates reserves first, under the node
 * named after what the bytes are for, and releases after freeing. A reservation counts at its node
 * and at every ancestor; it succeeds at all of them or at none.
 *
 * <p><b>Failure.</b> A reservation over any limit on the path throws {@link
 * MemoryBudgetExceededException} with the whole tree, so that the message alone tells which number
 * to raise. Closing a node with bytes outstanding throws: that is a leak.
 *
 * <p><b>Locking.</b> One lock for the whole tree, the root's; reservations are rare (start-up, not
 * steps).
 */
public final class MemoryBudget implements AutoCloseable {
  private final Object lock;
  private final String name;
  private final @Nullable MemoryBudget parent;
  private final List<MemoryBudget> children = new ArrayList<>();
  private final long limitBytes;
  private long usedBytes;
  private long peakBytes;
  private boolean closed;

  private MemoryBudget(String name, @Nullable MemoryBudget parent, long limitBytes) {
    if (limitBytes < 0) {
      throw new IllegalArgumentException(
          "budget '" + name + "' has a negative limit: " + limitBytes + " bytes");
    }
    this.name = name;
    this.parent = parent;
    this.limitBytes = limitBytes;
    this.lock = parent == null ? new Object() : parent.lock;
  }

  /** A new tree with a limit in bytes. */
  public static MemoryBudget root(String name, long limitBytes) {
    return new MemoryBudget(name, null, limitBytes);
  }

  /** A child with its own limit; its reservations also count here. */
  public MemoryBudget child(String childName, long childLimitBytes) {
    MemoryBudget child = new MemoryBudget(childName, this, childLimitBytes);
    synchronized (lock) {
      children.add(child);
    }
    return child;
  }

  /** A child limited only by its ancestors. */
  public MemoryBudget child(String childName) {
    return child(childName, limitBytes);
  }

  /**
   * Reserves bytes here and at every ancestor.
   *
   * @throws MemoryBudgetExceededException if a limit on the path would be exceeded; nothing is then
   *     reserved
   */
  public void reserve(long bytes) {
    synchronized (lock) {
      if (closed) {
        throw new IllegalStateException("budget '" + path() + "' is closed");
      }
      for (MemoryBudget node = this; node != null; node = node.parent) {
        if (bytes > node.limitBytes - node.usedBytes) {
          throw new MemoryBudgetExceededException(path(), bytes, node.path(), root().describe());
        }
      }
      for (MemoryBudget node = this; node != null; node = node.parent) {
        node.usedBytes += bytes;
        node.peakBytes = Math.max(node.peakBytes, node.usedBytes);
      }
    }
  }

  /** Gives reserved bytes back, here and at every ancestor. */
  public void release(long bytes) {
    synchronized (lock) {
      if (bytes > usedBytes) {
        throw new IllegalStateException(
            "budget '" + path() + "' holds " + usedBytes + " bytes, asked to release " + bytes);
      }
      for (MemoryBudget node = this; node != null; node = node.parent) {
        node.usedBytes -= bytes;
      }
    }
  }

  /** Name of this node. */
  public String name() {
    return name;
  }

  /** The hard limit of this node, in bytes. */
  public long limitBytes() {
    return limitBytes;
  }

  /** Bytes reserved here and below. */
  public long usedBytes() {
    synchronized (lock) {
      return usedBytes;
    }
  }

  /** Most bytes ever reserved here and below at one time. */
  public long peakBytes() {
    synchronized (lock) {
      return peakBytes;
    }
  }

  /** The direct children, in order of creation. */
  public List<MemoryBudget> children() {
    synchronized (lock) {
      return List.copyOf(children);
    }
  }

  /** The tree below this node, one line each: name, used, peak and limit in bytes. */
  public String describe() {
    StringBuilder text = new StringBuilder();
    synchronized (lock) {
      describe(text, 0);
    }
    return text.toString();
  }

  private void describe(StringBuilder text, int depth) {
    text.append("  ".repeat(depth))
        .append(name)
        .append(": used ")
        .append(usedBytes)
        .append(", peak ")
        .append(peakBytes)
        .append(", limit ")
        .append(limitBytes)
        .append(" bytes\n");
    for (MemoryBudget child : children) {
      child.describe(text, depth + 1);
    }
  }

  private MemoryBudget root() {
    MemoryBudget node = this;
    while (node.parent != null) {
      node = node.parent;
    }
    return node;
  }

  private String path() {
    return parent == null ? name : parent.path() + "/" + name;
  }

  /**
   * Removes this node from its parent. Closing twice is harmless.
   *
   * @throws IllegalStateException if bytes are still reserved here or below
   */
  @Override
  public void close() {
    synchronized (lock) {
      if (closed) {
        return;
      }
      if (usedBytes != 0) {
        throw new IllegalStateException(
            "budget '" + path() + "' closed with bytes outstanding:\n" + describe());
      }
      closed = true;
      if (parent != null) {
        parent.children.remove(this);
      }
    }
  }
}
