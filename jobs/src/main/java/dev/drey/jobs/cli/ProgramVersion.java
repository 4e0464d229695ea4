package dev.drey.jobs.cli;

import dev.drey.runtime.EngineVersion;
import org.apache.flink.runtime.util.EnvironmentInformation;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
final class ProgramVersion implements IVersionProvider {
  @Override
  public String[] getVersion() {
    return new String[] {
      "drey " + EngineVersion.read(),
      "Flink " + EnvironmentInformation.getVersion() + ", Java " + Runtime.version()
    };
  }
}
