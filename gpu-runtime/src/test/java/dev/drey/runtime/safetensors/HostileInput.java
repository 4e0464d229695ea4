package dev.drey.runtime.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * What every reader of bytes from strangers owes: within seconds, either it reads them, or it
 * refuses them with a message that says enough and cannot forge another. Any other exception is a
 * defect.
 *
 * <p>A fuzz target is a test class with a method from bytes to such a verdict and a folder of seeds
 * beside it among the resources, as Jazzer looks for them: {@code <class>Inputs}. Jazzer fuzzes it
 * under the profile {@code fuzz}; {@link #damageSeeds} does a little of the same in every build.
 */
public final class HostileInput {
  private static final long MAX_NANOS = 5_000_000_000L;
  private static final int MUTATIONS = Integer.getInteger("drey.fuzz.mutations", 3000);
  private static final long SEED = Long.getLong("drey.fuzz.seed", 20_261_122L);

  private HostileInput() {}

  /**
   * Reads something.
   *
   * @param named what the message must name: the file, or its directory
   * @return whether it was read; false if it was refused as it should be
   */
  public static boolean reads(Path named, Runnable read) {
    long start = System.nanoTime();
    boolean done = true;
    try {
      read.run();
    } catch (ModelFileException refusal) {
      done = false;
      assertThat(refusal.getMessage())
          .contains(named.toString(), ": expected ", ", found ")
          .hasSizeLessThan(2000)
          .doesNotContainPattern("[\\p{Cntrl}\\p{Cf}]");
    }
    assertThat(System.nanoTime() - start).as("nanoseconds").isLessThan(MAX_NANOS);
    return done;
  }

  /** Runs a target on its seeds and on many damaged copies of them, the same in every run. */
  public static void damageSeeds(Class<?> target, Consumer<byte[]> fuzz) {
    Random random = new Random(SEED);
    List<Path> seeds = seeds(target);
    for (Path seed : seeds) {
      byte[] sound = bytes(seed);
      run(fuzz, sound, seed + " itself");
      for (int i = 0; i < MUTATIONS / seeds.size(); i++) {
        byte[] damaged = damage(sound, random);
        run(fuzz, damaged, "%s, damage %d with -Ddrey.fuzz.seed=%d".formatted(seed, i, SEED));
      }
    }
  }

  private static void run(Consumer<byte[]> fuzz, byte[] input, String what) {
    try {
      fuzz.accept(input);
    } catch (RuntimeException | Error e) {
      throw new AssertionError(
          what + ", in Base64: " + Base64.getEncoder().encodeToString(input), e);
    }
  }

  private static List<Path> seeds(Class<?> target) {
    String folder = target.getSimpleName() + "Inputs";
    try (Stream<Path> files =
        Files.walk(Path.of(Objects.requireNonNull(target.getResource(folder), folder).toURI()))) {
      List<Path> seeds = files.filter(Files::isRegularFile).sorted().toList();
      assertThat(seeds).isNotEmpty();
      return seeds;
    } catch (IOException | URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] bytes(Path seed) {
    try {
      return Files.readAllBytes(seed);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Texts that readers of JSON and of names stumble over. */
  private static final List<String> TEXTS =
      List.of(
          "\"",
          "{",
          "}",
          "[",
          "]",
          ":",
          ",",
          "-",
          ".",
          "0",
          "1",
          "\\",
          "\\u0000",
          "\\ud800",
          "null",
          "true",
          "{}",
          "[]",
          "\"\"",
          "-1",
          "0.5",
          "1e999",
          "NaN",
          "2147483648",
          "4294967296",
          "9223372036854775807",
          "18446744073709551616",
          "../",
          "/",
          "\"a\":1,",
          "[[[[[[[[",
          "\u0000",
          "\u202e",
          "\ufeff");

  /** A copy with one to four damages: bits, pieces lost, moved, doubled, or put in. */
  public static byte[] damage(byte[] sound, Random random) {
    byte[] bytes = sound.clone();
    for (int left = 1 + random.nextInt(4); left > 0; left--) {
      int from = random.nextInt(bytes.length + 1);
      int to = Math.min(bytes.length, from + 1 + random.nextInt(1 + random.nextInt(40)));
      switch (random.nextInt(6)) {
        case 0 -> flip(bytes, random);
        case 1 -> bytes = join(bytes, from, new byte[0], to);
        case 2 -> bytes = join(bytes, to, slice(bytes, from, to), to);
        case 3 -> bytes = join(bytes, from, text(random), random.nextBoolean() ? from : to);
        case 4 -> bytes = slice(bytes, 0, from);
        default -> {
          int at = random.nextInt(bytes.length + 1);
          bytes = join(bytes, at, slice(bytes, from, to), at);
        }
      }
    }
    return bytes;
  }

  private static void flip(byte[] bytes, Random random) {
    if (bytes.length > 0) {
      int bit = random.nextInt(8 * bytes.length);
      bytes[bit / 8] ^= (byte) (1 << (bit % 8));
    }
  }

  private static byte[] text(Random random) {
    return TEXTS.get(random.nextInt(TEXTS.size())).getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] slice(byte[] bytes, int from, int to) {
    return Arrays.copyOfRange(bytes, from, to);
  }

  /** The bytes before {@code until}, a middle, and the bytes from {@code resume}. */
  private static byte[] join(byte[] bytes, int until, byte[] middle, int resume) {
    byte[] joined = new byte[until + middle.length + bytes.length - resume];
    System.arraycopy(bytes, 0, joined, 0, until);
    System.arraycopy(middle, 0, joined, until, middle.length);
    System.arraycopy(bytes, resume, joined, until + middle.length, bytes.length - resume);
    return joined;
  }
}
