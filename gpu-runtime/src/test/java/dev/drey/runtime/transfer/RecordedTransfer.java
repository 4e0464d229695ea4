package dev.drey.runtime.transfer;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.HostBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Moves blocks of recognisable bytes and writes down what happens to it in a common log. */
final class RecordedTransfer implements Transfer {
  /** Does something in place of a read that succeeds at once. */
  interface Hook {
    void beforeRead(int block) throws IOException;
  }

  static final int BLOCK_BYTES = 64;

  private final String name;
  private final int blocks;
  private final DeviceBuffer target;
  private final List<String> log;
  final List<Throwable> failures = new ArrayList<>();
  Hook hook = block -> {};

  RecordedTransfer(String name, int blocks, DeviceBuffer target, List<String> log) {
    this.name = name;
    this.blocks = blocks;
    this.target = target;
    this.log = log;
  }

  /** What the target must hold once complete. */
  byte[] expected() {
    byte[] bytes = new byte[blocks * BLOCK_BYTES];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = byteAt(i / BLOCK_BYTES, i % BLOCK_BYTES);
    }
    return bytes;
  }

  private byte byteAt(int block, int i) {
    return (byte) (name.hashCode() * 31 + block * 7 + i);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int blocks() {
    return blocks;
  }

  @Override
  public int blockBytes(int block) {
    return BLOCK_BYTES;
  }

  @Override
  public void read(int block, ByteBuffer staging) throws IOException {
    hook.beforeRead(block);
    log.add(name + block);
    for (int i = 0; i < BLOCK_BYTES; i++) {
      staging.put(byteAt(block, i));
    }
  }

  @Override
  public void copy(int block, HostBuffer staging, int offset, CopyStream stream) {
    stream.copyBytes(staging, offset, target, (long) block * BLOCK_BYTES, BLOCK_BYTES);
  }

  @Override
  public void completed(DeviceEvent copied) {
    log.add(name + " completed");
  }

  @Override
  public void cancelled() {
    log.add(name + " cancelled");
  }

  @Override
  public void failed(Throwable cause) {
    failures.add(cause);
    log.add(name + " failed");
  }
}
