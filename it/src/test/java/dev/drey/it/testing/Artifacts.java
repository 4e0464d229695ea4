package dev.drey.it.testing;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** Where the build's products and the sample model are, and which class path is whose. */
public final class Artifacts {
  /**
   * What a Flink distribution has in its {@code lib/}: Flink, what it depends on and its logging.
   */
  private static final Pattern FLINK =
      Pattern.compile(
          "/(flink-(?!connector-(base|files|kafka)|file-sink)|log4j-|slf4j-api|commons-(cli|codec|compress|io|lang3|math3|text)-"
              + "|kryo-|minlog-|objenesis-|reflectasm-|javassist-|jsr305-|snakeyaml-engine-|async-profiler-)[^/]*\\.jar$");

  private static final Pattern NEVER_IN_A_BROKER =
      Pattern.compile("/(flink-|drey-)[^/]*\\.jar$|/target/[^/]*classes/?$");

  private Artifacts() {}

  /** The root of the checkout. */
  static Path root() {
    return Path.of(System.getProperty("drey.root", "..")).toAbsolutePath().normalize();
  }

  /** The sample model's directory. */
  public static Path sampleModel() {
    return root().resolve("examples/sample-qwen3-moe");
  }

  /** The sample prompts, JSON lines. */
  public static Path samplePrompts() {
    return root().resolve("examples/sample-prompts.jsonl");
  }

  /** A file of the module that owns it, by its path from the root. */
  public static Path file(String path) {
    return root().resolve(path);
  }

  /** The jar that is submitted. */
  public static Path jobJar() {
    return built("jobs/target/drey-job.jar");
  }

  /** The jar for the cluster's {@code lib/}. */
  public static Path runtimeJar() {
    return built("gpu-runtime/target/drey-runtime.jar");
  }

  private static Path built(String path) {
    Path file = root().resolve(path);
    if (!Files.isRegularFile(file)) {
      throw new IllegalStateException(
          "%s is not there; it is made by: mvn -B -ntp -DskipTests package".formatted(file));
    }
    return file;
  }

  static Path forkedLogging() {
    return root().resolve("it/src/test/resources/forked-log4j2.properties");
  }

  /** What the launcher puts on the class path, and what only tests need. */
  static List<String> own() {
    return List.of(System.getProperty("java.class.path").split(File.pathSeparator));
  }

  /** Flink alone. */
  static List<String> flink() {
    return own().stream().filter(entry -> FLINK.matcher(entry).find()).toList();
  }

  /** Kafka with everything it needs; neither Flink nor anything of ours. */
  static List<String> kafka() {
    return own().stream().filter(entry -> !NEVER_IN_A_BROKER.matcher(entry).find()).toList();
  }
}
