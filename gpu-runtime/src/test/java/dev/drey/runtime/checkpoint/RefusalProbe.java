package dev.drey.runtime.checkpoint;

import dev.drey.runtime.safetensors.ModelFileException;
import java.nio.file.Path;

/** Opens model directories, one after the other, and says how long each took to refuse. */
final class RefusalProbe {
  private RefusalProbe() {}

  /** Prints a line per directory: name, milliseconds, verdict, message. */
  public static void main(String[] directories) {
    for (String directory : directories) {
      Path path = Path.of(directory);
      long start = System.nanoTime();
      String verdict = "opened";
      String message = "";
      try (Checkpoint model = Checkpoint.open(path)) {
        message = model.summary().toString();
      } catch (ModelFileException e) {
        verdict = "refused";
        message = e.getMessage();
      } catch (RuntimeException | Error e) {
        verdict = "failed";
        message = e.toString();
      }
      long millis = (System.nanoTime() - start) / 1_000_000;
      System.out.printf("%s\t%d\t%s\t%s%n", path.getFileName(), millis, verdict, message);
    }
  }
}
