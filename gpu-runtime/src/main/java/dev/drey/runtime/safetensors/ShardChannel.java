package dev.drey.runtime.safetensors;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Positional, exact reads of one file that many threads share.
 *
 * <p><b>Failure.</b> An interrupted read closes a {@code FileChannel} for everybody. Here only the
 * interrupted reader fails; the others, and later reads, open the file again, after a check that it
 * is still the same one.
 *
 * <p><b>Change.</b> After every read the file must be as large and as old as when it was opened:
 * what is copied over a model in use would otherwise be mixed with it. A file that is gone or
 * replaced by another of its name changes nothing, as the open one lives on.
 *
 * <p><b>Locking.</b> Reads take no lock; opening and closing do.
 */
final class ShardChannel implements AutoCloseable {
  /** A read into a heap buffer goes through native memory of this size at most, per thread. */
  private static final int HEAP_CHUNK_BYTES = 1 << 20;

  /** Multiples of it satisfy the direct reads of all usual storage. */
  static final int DIRECT_ALIGNMENT = 4096;

  private static final Set<OpenOption> CACHED = Set.of(StandardOpenOption.READ);
  private static final Set<OpenOption> DIRECT =
      Set.of(StandardOpenOption.READ, ExtendedOpenOption.DIRECT);

  private final Path file;
  private final Set<OpenOption> options;
  private final long bytes;
  private final @Nullable Object identity;
  private final FileTime modified;
  private final Object lock = new Object();
  private volatile FileChannel channel;
  private volatile boolean closed;

  private ShardChannel(
      Path file,
      Set<OpenOption> options,
      long bytes,
      @Nullable Object identity,
      FileTime modified,
      FileChannel channel) {
    this.file = file;
    this.options = options;
    this.bytes = bytes;
    this.identity = identity;
    this.modified = modified;
    this.channel = channel;
  }

  /**
   * Opens a regular file.
   *
   * @throws ModelFileException if there is none or it cannot be opened
   */
  static ShardChannel open(Path file) {
    try {
      BasicFileAttributes attributes = attributes(file);
      if (!attributes.isRegularFile()) {
        throw ModelFileException.of(
            file, null, "a regular file", "a directory or device", "Fetch the file again.");
      }
      return new ShardChannel(
          file,
          CACHED,
          attributes.size(),
          attributes.fileKey(),
          attributes.lastModifiedTime(),
          FileChannel.open(file, CACHED));
    } catch (IOException e) {
      throw ModelFileException.unreadable(
          file, null, "a readable file", e.toString(), "Fetch it, or check its permissions.", e);
    }
  }

  /**
   * The same file, read past the page cache.
   *
   * @throws ModelFileException if the file system cannot do that, or the file has changed
   */
  ShardChannel reopenDirectly() {
    try {
      return new ShardChannel(file, DIRECT, bytes, identity, modified, reopen(DIRECT));
    } catch (IOException | UnsupportedOperationException e) {
      throw ModelFileException.of(
          file,
          null,
          "a file system with direct reads",
          e.toString(),
          "Use another one, or set drey.store.direct to false.",
          e);
    }
  }

  Path file() {
    return file;
  }

  /** Size when opened. */
  long bytes() {
    return bytes;
  }

  private static BasicFileAttributes attributes(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class);
  }

  /** Fills {@code dst} from this position of the file. */
  void read(ByteBuffer dst, long position) throws IOException {
    long shift = position - dst.position();
    while (dst.hasRemaining()) {
      try {
        if (readSome(dst, shift + dst.position()) < 0) {
          checkUnchanged();
          throw new EOFException("the end of the file came too early");
        }
      } catch (ClosedByInterruptException e) {
        InterruptedIOException interrupted =
            new InterruptedIOException("interrupted while reading " + file);
        interrupted.initCause(e);
        throw interrupted;
      } catch (ClosedChannelException e) {
        if (closed) {
          throw new IOException(file + " was closed before or during a read", e);
        }
      } catch (IOException e) {
        throw new IOException(
            "%s: reading %d bytes at %d failed: %s"
                .formatted(file, dst.remaining(), shift + dst.position(), e.getMessage()),
            e);
      }
    }
    checkUnchanged();
  }

  private int readSome(ByteBuffer dst, long position) throws IOException {
    int limit = dst.limit();
    if (!dst.isDirect()) {
      dst.limit(Math.min(limit, dst.position() + HEAP_CHUNK_BYTES));
    }
    try {
      return current().read(dst, position);
    } finally {
      dst.limit(limit);
    }
  }

  private void checkUnchanged() throws IOException {
    BasicFileAttributes now;
    try {
      now = attributes(file);
    } catch (NoSuchFileException e) {
      return;
    }
    if (Objects.equals(now.fileKey(), identity) && differs(now)) {
      throw changed(describe(now));
    }
  }

  private FileChannel current() throws IOException {
    FileChannel current = channel;
    if (current.isOpen()) {
      return current;
    }
    synchronized (lock) {
      if (!channel.isOpen()) {
        if (closed) {
          throw new ClosedChannelException();
        }
        channel = reopen(options);
      }
      return channel;
    }
  }

  private FileChannel reopen(Set<OpenOption> how) throws IOException {
    FileChannel reopened = FileChannel.open(file, how);
    try {
      BasicFileAttributes now = attributes(file);
      if (!Objects.equals(now.fileKey(), identity)) {
        throw changed("another file, " + describe(now));
      }
      if (differs(now)) {
        throw changed(describe(now));
      }
      return reopened;
    } catch (IOException | RuntimeException e) {
      reopened.close();
      throw e;
    }
  }

  private boolean differs(BasicFileAttributes now) {
    return now.size() != bytes || !now.lastModifiedTime().equals(modified);
  }

  private ModelFileException changed(String found) {
    return ModelFileException.of(
        file,
        null,
        "the " + bytes + " bytes modified at " + modified + " that it had when it was opened",
        found,
        "Something changed the file while it was in use; restore it and restart.");
  }

  private static String describe(BasicFileAttributes found) {
    return found.size() + " bytes modified at " + found.lastModifiedTime();
  }

  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      try {
        channel.close();
      } catch (IOException e) {
        throw new UncheckedIOException("closing " + file, e);
      }
    }
  }
}
