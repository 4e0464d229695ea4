package dev.drey.runtime;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The map of the runtime as a test: packages stand in rows and import only from rows above. */
class ArchitectureTest {
  private static final String BASE = "dev.drey.runtime";

  /** Top row first. A package may import from rows before its own, never from its own row. */
  private static final List<List<String>> ROWS =
      List.of(
          List.of(".model", ".memory", ".jinja", ".threads"),
          List.of(".cache", ".sampling", ".safetensors", ".device", ".trace"),
          List.of(
              ".checkpoint",
              ".tokenizer",
              ".chat",
              ".device.reference",
              ".device.cpu",
              ".device.cuda",
              ".kvcache",
              ".predict",
              ".transfer",
              ".plan",
              ".synth"),
          List.of(".expertstore", ".simulate"),
          List.of(".residency", ".probe", ".hosttier"),
          List.of(".layers"),
          List.of(".schedule"),
          List.of(""),
          List.of(".slot", ".bench", ".verify", ".routing"));

  private static final JavaClasses RUNTIME =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(BASE);

  @Test
  void packagesImportOnlyFromRowsAbove() {
    classes().should(importOnlyFromRowsAbove()).check(RUNTIME);
  }

  @Test
  void onlyTheCpuDeviceKnowsOneDnn() {
    noClasses()
        .that()
        .resideOutsideOfPackage(BASE + ".device.cpu")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.bytedeco..")
        .check(RUNTIME);
  }

  @Test
  void onlyTheCudaDeviceKnowsJCuda() {
    noClasses()
        .that()
        .resideOutsideOfPackage(BASE + ".device.cuda")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jcuda..")
        .check(RUNTIME);
  }

  @Test
  void onlyTheTokenizerKnowsDjl() {
    noClasses()
        .that()
        .resideOutsideOfPackage(BASE + ".tokenizer")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("ai.djl..")
        .check(RUNTIME);
  }

  private static int row(JavaClass type) {
    String name = type.getPackageName().substring(BASE.length());
    for (int row = 0; row < ROWS.size(); row++) {
      if (ROWS.get(row).contains(name)) {
        return row;
      }
    }
    throw new AssertionError(
        "package " + type.getPackageName() + " stands in no row; add it to the map");
  }

  private static ArchCondition<JavaClass> importOnlyFromRowsAbove() {
    return new ArchCondition<>("import only from rows above") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
          JavaClass target = dependency.getTargetClass().getBaseComponentType();
          if (target.getPackageName().startsWith(BASE)
              && !target.getPackageName().equals(type.getPackageName())
              && row(target) >= row(type)) {
            events.add(SimpleConditionEvent.violated(type, dependency.getDescription()));
          }
        }
      }
    };
  }
}
