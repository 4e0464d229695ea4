package dev.drey.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The image against the build that fills it. Nothing is built here. */
class DockerfileTest {

  private static final Path REPOSITORY = Path.of("..");
  private static final Path FOLDER = Path.of("docker");

  private static Dockerfile dockerfile;

  @BeforeAll
  static void readDockerfile() throws IOException {
    dockerfile = Dockerfile.read(FOLDER.resolve("Dockerfile"));
  }

  @Test
  void theBaseImageIsTheOfficialOneOfTheFlinkThatIsBuiltAgainst() {
    assertThat(dockerfile.all("ARG"))
        .containsExactly(
            List.of(
                "FLINK_IMAGE=flink:" + EnvironmentInformation.getVersion() + "-scala_2.12-java17"));
    assertThat(dockerfile.all("FROM")).containsExactly(List.of("${FLINK_IMAGE}"));
  }

  @Test
  void theEngineGoesToLibAndTheJobToUsrlib() {
    assertThat(dockerfile.copies())
        .isEqualTo(
            Map.of(
                "gpu-runtime/target/drey-runtime.jar", "/opt/flink/lib/drey-runtime.jar",
                "jobs/target/drey-job.jar", "/opt/flink/usrlib/drey-job.jar",
                "LICENSE", "/opt/flink/licenses/drey/",
                "NOTICE", "/opt/flink/licenses/drey/"));
  }

  @Test
  void everySourceIsAFileOfTheRepositoryOrTheTargetOfAModule() {
    for (String source : dockerfile.copies().keySet()) {
      int target = source.indexOf("/target/");
      Path origin =
          target < 0
              ? REPOSITORY.resolve(source)
              : REPOSITORY.resolve(source.substring(0, target)).resolve("pom.xml");
      assertThat(origin).as(source).isRegularFile();
    }
  }

  @Test
  void theBuildContextLetsThroughExactlyWhatIsCopied() throws IOException {
    List<String> lines =
        Files.readAllLines(FOLDER.resolve("Dockerfile.dockerignore")).stream()
            .filter(line -> !line.startsWith("#"))
            .toList();

    assertThat(lines.get(0)).isEqualTo("*");
    assertThat(lines.subList(1, lines.size()))
        .containsExactlyInAnyOrderElementsOf(
            dockerfile.copies().keySet().stream().map(source -> "!" + source).toList());
  }

  @Test
  void theProcessRunsAsTheNumberedFlinkUser() {
    List<List<String>> users = dockerfile.all("USER");

    assertThat(users.get(users.size() - 1)).containsExactly("9999:9999");
  }

  @Test
  void openMpStaysSingleThreadedAndTheTokenizerOffTheNetwork() {
    assertThat(dockerfile.environment())
        .containsEntry("OMP_NUM_THREADS", "1")
        .containsEntry("RUST_FLAVOR", "cpu")
        .containsEntry("DJL_OFFLINE", "true")
        .containsEntry("DJL_CACHE_DIR", "/var/cache/drey/djl");
  }
}
