package dev.drey.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackCommandTest {
  private static final String MODEL = "../gpu-runtime/src/test/resources/golden/qwen3_moe";

  @TempDir private Path directory;

  private final CommandRun cli = new CommandRun();

  private int pack(String compute) {
    return cli.drey("pack", "--model", MODEL, "--out", packed(), "--compute", compute, "--json");
  }

  private String packed() {
    return directory.resolve("packed").toString();
  }

  private int verify(String... more) {
    String[] arguments = new String[7 + more.length];
    String[] first = {"verify", "--model", MODEL, "--golden", MODEL + "/golden.json"};
    System.arraycopy(first, 0, arguments, 0, first.length);
    arguments[5] = "--packed";
    arguments[6] = packed();
    System.arraycopy(more, 0, arguments, 7, more.length);
    return cli.drey(arguments);
  }

  @Test
  void aPackedModelAgreesWithItsGoldenFile() throws IOException {
    assertThat(pack("f32")).as(cli.err()).isEqualTo(ExitCode.DONE);
    JsonNode result = new ObjectMapper().readTree(cli.out());
    assertThat(result.get("experts").asInt()).isEqualTo(48);
    assertThat(result.get("weights").asText()).startsWith("cpu: ");
    assertThat(cli.err()).contains("packed 48 of 48 experts");

    assertThat(verify("--compute", "f32")).as(cli.err()).isEqualTo(ExitCode.DONE);
  }

  @Test
  void packedExpertsOfAnotherDeviceAreRefused() {
    assertThat(pack("f32")).isEqualTo(ExitCode.DONE);

    assertThat(verify("--compute", "f32", "--device", "reference")).isEqualTo(ExitCode.REFUSED);
    assertThat(cli.err()).contains("metadata \"weights\"", "drey pack");
  }

  @Test
  void directReadsWithoutPackedExpertsAreRefused() {
    assertThat(cli.drey("verify", "--model", MODEL, "--golden", MODEL + "/golden.json", "--direct"))
        .isEqualTo(ExitCode.REFUSED);
    assertThat(cli.err()).contains("drey.store.direct (--direct)", "drey.store.packed");
  }
}
