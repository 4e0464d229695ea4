package dev.drey.runtime.transfer;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.HostBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Another transfer, to be changed in one respect. */
abstract class DelegatingTransfer implements Transfer {
  private final Transfer other;

  DelegatingTransfer(Transfer other) {
    this.other = other;
  }

  @Override
  public String name() {
    return other.name();
  }

  @Override
  public int blocks() {
    return other.blocks();
  }

  @Override
  public int blockBytes(int block) {
    return other.blockBytes(block);
  }

  @Override
  public void read(int block, ByteBuffer staging) throws IOException {
    other.read(block, staging);
  }

  @Override
  public void copy(int block, HostBuffer staging, int offset, CopyStream stream) {
    other.copy(block, staging, offset, stream);
  }

  @Override
  public void completed(DeviceEvent copied) {
    other.completed(copied);
  }

  @Override
  public void cancelled() {
    other.cancelled();
  }

  @Override
  public void failed(Throwable cause) {
    other.failed(cause);
  }
}
