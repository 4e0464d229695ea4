package dev.drey.jobs;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final JavaClasses MAIN =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.drey.jobs");

  @Test
  void kafkaIsKnownToOnePackage() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.drey.jobs.kafka..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.apache.kafka..", "kafka..", "org.apache.flink.connector.kafka.sink..")
        .check(MAIN);
  }

  @Test
  void thePackagesHaveNoCycles() {
    slices().matching("dev.drey.jobs.(*)..").should().beFreeOfCycles().check(MAIN);
  }

  @Test
  void theCommandLineIsKnownToTheMainClassOnly() {
    classes()
        .that()
        .resideInAPackage("dev.drey.jobs.cli..")
        .should()
        .onlyHaveDependentClassesThat()
        .resideInAnyPackage("dev.drey.jobs.cli..", "dev.drey.jobs")
        .check(MAIN);
  }

  @Test
  void settingsKnowNeitherKafkaNorCluster() {
    noClasses()
        .that()
        .resideInAPackage("dev.drey.jobs.options..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.apache.flink.runtime..",
            "org.apache.flink.connector..",
            "dev.drey.jobs.kafka..",
            "dev.drey.jobs.local..")
        .check(MAIN);
  }
}
