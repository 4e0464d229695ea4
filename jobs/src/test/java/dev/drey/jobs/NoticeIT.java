package dev.drey.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** NOTICE names exactly the artifacts that lie in the two jars of a cluster. */
class NoticeIT {
  private static final Path NOTICE = Path.of("../NOTICE");

  @ParameterizedTest
  @CsvSource({
    "drey-runtime, ../gpu-runtime/target/drey-runtime.jar",
    "drey-job, target/drey-job.jar"
  })
  void noticeNamesWhatAJarHolds(String name, Path jar) throws IOException {
    assertThat(named(name)).isNotEmpty().isEqualTo(held(jar));
  }

  @ParameterizedTest
  @CsvSource({"../gpu-runtime/target/drey-runtime.jar", "target/drey-job.jar"})
  void aJarCarriesLicenceAndNotice(Path jar) throws IOException {
    try (JarFile file = new JarFile(jar.toFile())) {
      assertThat(text(file, "META-INF/LICENSE")).isEqualTo(Files.readString(Path.of("../LICENSE")));
      assertThat(text(file, "META-INF/drey/NOTICE")).isEqualTo(Files.readString(NOTICE));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "../gpu-runtime/target/drey-runtime.jar, GPL-3.0.txt," + " GNU GENERAL PUBLIC LICENSE",
    "../gpu-runtime/target/drey-runtime.jar, GCC-RUNTIME-LIBRARY-EXCEPTION-3.1.txt,"
        + " additional permission under section 7",
    "target/drey-job.jar, zstd.txt, Meta Platforms",
    "target/drey-job.jar, zstd-jni.txt, Luben Karavelov",
    "target/drey-job.jar, lz4.txt, Yann Collet",
    "target/drey-job.jar, snappy.txt, Google Inc.",
    "target/drey-job.jar, protobuf.txt, Protocol Buffers"
  })
  void aJarCarriesTheLicencesThatMustAccompanyWhatItHolds(Path jar, String name, String phrase)
      throws IOException {
    try (JarFile file = new JarFile(jar.toFile())) {
      assertThat(text(file, "META-INF/licenses/" + name).replaceAll("\\s+", " ")).contains(phrase);
    }
  }

  private static String text(JarFile jar, String entry) throws IOException {
    return new String(jar.getInputStream(jar.getJarEntry(entry)).readAllBytes(), UTF_8);
  }

  /** Artifacts of a section: what stands before the first gap of a line that is no continuation. */
  private static Set<String> named(String section) throws IOException {
    Set<String> artifacts = new TreeSet<>();
    boolean inside = false;
    for (String line : Files.readAllLines(NOTICE)) {
      if (!line.startsWith("  ")) {
        inside = line.equals("in " + section);
      } else if (inside && !line.startsWith("   ")) {
        artifacts.addAll(List.of(line.strip().split(" {2,}")[0].split(", ")));
      }
    }
    return artifacts;
  }

  /** Artifacts of this test's class path, ours aside, with code in the jar. */
  private static Set<String> held(Path jar) throws IOException {
    Set<String> inJar = content(jar);
    Set<String> artifacts = new TreeSet<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      Path path = Path.of(entry);
      if (entry.endsWith(".jar") && !path.getFileName().toString().startsWith("drey-")) {
        if (content(path).stream().anyMatch(inJar::contains)) {
          // in a repository: .../artifact/version/artifact-version.jar
          artifacts.add(path.getName(path.getNameCount() - 3).toString());
        }
      }
    }
    return artifacts;
  }

  /** Classes, libraries and scripts. */
  private static Set<String> content(Path jar) throws IOException {
    try (JarFile file = new JarFile(jar.toFile())) {
      return file.stream()
          .map(ZipEntry::getName)
          .filter(name -> name.matches(".*\\.(class|js)") || name.contains(".so"))
          .filter(name -> !name.matches("META-INF/(?!resources/).*|.*module-info\\.class"))
          .collect(Collectors.toCollection(HashSet::new));
    }
  }
}
