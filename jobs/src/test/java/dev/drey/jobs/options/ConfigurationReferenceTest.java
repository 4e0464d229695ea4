package dev.drey.jobs.options;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ConfigurationReferenceTest {
  private static final Path FILE = Path.of("../docs/configuration.md");

  @Test
  void theReferenceIsCurrent() throws IOException {
    if (Boolean.getBoolean("drey.rewrite")) {
      Files.createDirectories(FILE.getParent());
      Files.writeString(FILE, ConfigurationReference.markdown());
    }

    assertThat(FILE)
        .as(
            "write it anew: mvn -pl jobs -am test -Dtest=ConfigurationReferenceTest"
                + " -Dsurefire.failIfNoSpecifiedTests=false -Ddrey.rewrite=true")
        .exists()
        .content()
        .isEqualTo(ConfigurationReference.markdown());
  }

  @Test
  void everySettingHasARow() {
    String reference = ConfigurationReference.markdown();

    for (Setting<?> setting : Settings.all()) {
      assertThat(reference).contains("| `" + setting.key() + "` |");
    }
  }
}
