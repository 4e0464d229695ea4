package dev.drey.jobs.files;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A file that appears whole or not at all: written beside its name, forced, then renamed over it.
 * Closed without a commit it leaves nothing behind.
 */
public final class AtomicFile implements AutoCloseable {
  private final Path target;
  private final Path temporary;
  private final FileChannel channel;
  private final OutputStream out;

  private AtomicFile(Path target, Path temporary, FileChannel channel) {
    this.target = target;
    this.temporary = temporary;
    this.channel = channel;
    this.out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
  }

  /** A file that will be {@code target}; its directory exists. */
  public static AtomicFile beside(Path target) throws IOException {
    Path absolute = target.toAbsolutePath();
    Path temporary = absolute.resolveSibling("." + target.getFileName() + ".new");
    FileChannel channel =
        FileChannel.open(
            temporary,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    return new AtomicFile(absolute, temporary, channel);
  }

  /** Writes a whole file. */
  public static void write(Path target, byte[] content) throws IOException {
    try (AtomicFile file = beside(target)) {
      file.out().write(content);
      file.commit();
    }
  }

  /** Where the content goes. */
  public OutputStream out() {
    return out;
  }

  /** Makes the content appear under its name, whatever was there before. */
  public void commit() throws IOException {
    out.flush();
    channel.force(true);
    channel.close();
    Files.move(
        temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel directory =
        FileChannel.open(target.resolveSibling(".").normalize(), StandardOpenOption.READ)) {
      directory.force(true);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
    Files.deleteIfExists(temporary);
  }
}
