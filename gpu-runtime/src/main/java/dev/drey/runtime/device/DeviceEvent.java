package dev.drey.runtime.device;

/** A point in a stream. Once reached it stays reached. */
public interface DeviceEvent {
  /** An event of a device whose streams run synchronously: always reached. */
  DeviceEvent REACHED =
      new DeviceEvent() {
        @Override
        public boolean reached() {
          return true;
        }

        @Override
        public void await() {}
      };

  /** Whether everything before this point has finished. */
  boolean reached();

  /** Blocks the calling thread until the point is reached. */
  void await();
}
