package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.Availability;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps OpenMP, with which oneDNN is built, at one thread: this device has its own threads, and
 * OpenMP's, spinning beside them, would make every product up to a thousand times slower.
 *
 * <p>OpenMP's runtime reads {@code OMP_NUM_THREADS} once, when it is loaded, and Java cannot set a
 * variable of its own process. So, unless the user has set it, the process's environment is
 * replaced before the library is loaded: by a copy with that variable in it, which then lives as
 * long as the process. The old one stays valid for whoever is reading it.
 */
final class OpenMp {
  private static final String NAME = "OMP_NUM_THREADS";
  private static final String WANTED = "1";
  private static final String LIBRARY = "libgomp";

  private OpenMp() {}

  /** Makes sure of one thread; must be called before the library is loaded. */
  static synchronized Availability ensureOneThread() {
    if (WANTED.equals(System.getenv(NAME))) {
      return Availability.usable(NAME + "=" + WANTED);
    }
    Loader.load(Pointer.class);
    Pointer variable = Loader.addressof("environ");
    if (variable == null || variable.isNull()) {
      return Availability.unusable(
          "OpenMP must run on one thread: set " + NAME + "=" + WANTED + " in the environment");
    }
    LongPointer environment = new LongPointer(variable);
    if (WANTED.equals(find(environment.get(0)))) {
      return Availability.usable(NAME + "=" + WANTED + ", set by this process");
    }
    if (isLoaded()) {
      return Availability.unusable(
          "another library has loaded OpenMP with more than one thread; set %s=%s in the environment"
              .formatted(NAME, WANTED));
    }
    environment.put(0, copyWithVariable(environment.get(0)));
    return Availability.usable(NAME + "=" + WANTED + ", set by this process");
  }

  private static @Nullable String find(long entries) {
    LongPointer entry = new LongPointer(new Address().at(entries));
    for (long i = 0; entries != 0 && entry.get(i) != 0; i++) {
      String text = text(entry.get(i));
      if (text.startsWith(NAME + "=")) {
        return text.substring(NAME.length() + 1);
      }
    }
    return null;
  }

  private static String text(long at) {
    return new BytePointer(new Address().at(at)).getString(StandardCharsets.ISO_8859_1);
  }

  private static long copyWithVariable(long entries) {
    LongPointer old = new LongPointer(new Address().at(entries));
    int count = 0;
    while (entries != 0 && old.get(count) != 0) {
      count++;
    }
    LongPointer copy = new LongPointer(Pointer.calloc(count + 2L, Long.BYTES));
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (!text(old.get(i)).startsWith(NAME + "=")) {
        copy.put(kept++, old.get(i));
      }
    }
    byte[] entry = (NAME + "=" + WANTED).getBytes(StandardCharsets.ISO_8859_1);
    BytePointer text = new BytePointer(Pointer.calloc(entry.length + 1L, 1));
    text.put(entry);
    copy.put(kept, text.address());
    return copy.address();
  }

  private static boolean isLoaded() {
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      return maps.anyMatch(line -> line.contains(LIBRARY));
    } catch (IOException e) {
      return false;
    }
  }
}
