package dev.drey.operators;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.StreamTask;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final String OURS = "dev.drey.operators.";
  private static final JavaClasses MAIN =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.drey.operators");

  /** Classes of Flink that may change or vanish with any version. */
  private static final DescribedPredicate<JavaClass> UNSTABLE_FLINK =
      new DescribedPredicate<>("Flink's internal, experimental or unmarked classes") {
        @Override
        public boolean test(JavaClass type) {
          JavaClass top = type.getEnclosingClass().orElse(type);
          return top.getPackageName().startsWith("org.apache.flink.")
              && !isMarked(top, "Public")
              && !isMarked(top, "PublicEvolving")
              && !EXCEPTIONS.contains(top.getSimpleName());
        }
      };

  /** Unmarked interfaces and exceptions that Flink's public signatures consist of. */
  private static final java.util.Set<String> EXCEPTIONS = java.util.Set.of("MetricGroup");

  private static boolean isMarked(JavaClass type, String stability) {
    return type.isAnnotatedWith("org.apache.flink.annotation." + stability);
  }

  @Test
  void kafkaIsUnknownHere() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.apache.kafka..", "org.apache.flink.connector.kafka..")
        .check(MAIN);
  }

  @Test
  void onlyThePackageFlinkTouchesWhatFlinkMayChange() {
    noClasses()
        .that()
        .resideOutsideOfPackage(OURS + "flink..")
        .should()
        .dependOnClassesThat(UNSTABLE_FLINK)
        .check(MAIN);
  }

  @Test
  void whatFlinkMayChangeIsToldFromWhatItPromises() {
    JavaClasses flink =
        new ClassFileImporter()
            .importClasses(
                StreamRecord.class, Transformation.class, StreamTask.class, ProcessFunction.class);
    assertThat(flink.that(UNSTABLE_FLINK))
        .extracting(JavaClass::getSimpleName)
        .containsExactlyInAnyOrder("StreamRecord", "Transformation", "StreamTask");
  }

  @Test
  void ofTheEngineOnlyTheFrontDoorAndValuesAreUsed() {
    noClasses()
        .should()
        .dependOnClassesThat(
            JavaClass.Predicates.resideInAnyPackage(
                    "dev.drey.runtime.device..",
                    "dev.drey.runtime.layers..",
                    "dev.drey.runtime.kvcache..",
                    "dev.drey.runtime.residency..",
                    "dev.drey.runtime.hosttier..",
                    "dev.drey.runtime.transfer..",
                    "dev.drey.runtime.expertstore..",
                    "dev.drey.runtime.safetensors..")
                .and(DescribedPredicate.not(JavaClass.Predicates.simpleName("ResidencyStats")))
                .and(DescribedPredicate.not(JavaClass.Predicates.simpleName("HostTierStats"))))
        .check(MAIN);
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching(OURS + "(*)..").should().beFreeOfCycles().check(MAIN);
  }

  @Test
  void packagesImportInOneDirection() {
    noClasses()
        .that()
        .resideInAPackage(OURS + "flink..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.drey.runtime..", "dev.drey.schemas..", OURS + "pipeline..")
        .check(MAIN);
    noClasses()
        .that()
        .resideInAnyPackage(OURS + "records..", OURS + "slot..", OURS + "state..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(OURS + "pipeline..", OURS + "prefetch..", OURS + "metrics..")
        .check(MAIN);
  }

  @Test
  void onlyThePackageSlotHoldsSomethingForTheWholeProcess() {
    fields()
        .that()
        .areStatic()
        .and()
        .areDeclaredInClassesThat()
        .resideOutsideOfPackage(OURS + "slot..")
        .should()
        .beFinal()
        .andShould()
        .notHaveRawType(
            DescribedPredicate.describe(
                "a map, atomic or thread-local",
                type ->
                    type.isAssignableTo(java.util.concurrent.ConcurrentMap.class)
                        || type.isAssignableTo(ThreadLocal.class)
                        || type.getPackageName().equals("java.util.concurrent.atomic")))
        .check(MAIN);
  }

  @Test
  void everyOperatorLogicIsSerializableByDesign() {
    classes()
        .that()
        .areAssignableTo("dev.drey.operators.flink.StepLoop")
        .and()
        .doNotHaveModifier(JavaModifier.ABSTRACT)
        .should()
        .beAssignableTo(java.io.Serializable.class)
        .check(MAIN);
  }
}
