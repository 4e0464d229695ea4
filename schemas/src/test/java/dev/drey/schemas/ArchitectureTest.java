package dev.drey.schemas;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.drey.schemas");

  @Test
  void everyPackageIsLookedAt() {
    assertThat(CLASSES.stream().map(each -> each.getPackageName()).distinct())
        .containsExactlyInAnyOrder(
            "dev.drey.schemas",
            "dev.drey.schemas.serde",
            "dev.drey.schemas.json",
            "dev.drey.schemas.format");
  }

  @Test
  void schemasDependOnTheJdkAvroAndJacksonCoreOnly() {
    classes()
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java..",
            "org.jspecify.annotations..",
            "org.apache.avro..",
            "com.fasterxml.jackson.core..",
            "dev.drey.schemas..")
        .check(CLASSES);
  }

  @Test
  void packagesDependInOneDirection() {
    noClasses()
        .that()
        .resideInAPackage("dev.drey.schemas.serde")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.drey.schemas.json", "dev.drey.schemas.format")
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage("dev.drey.schemas.json")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.drey.schemas.format")
        .check(CLASSES);
  }

  @Test
  void onlyTheJsonPackageKnowsJackson() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.drey.schemas.json")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.fasterxml..")
        .check(CLASSES);
  }
}
