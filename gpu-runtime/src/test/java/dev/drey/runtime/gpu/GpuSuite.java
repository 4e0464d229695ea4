package dev.drey.runtime.gpu;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.runtime.device.Availability;
import dev.drey.runtime.device.cuda.CudaDevice;
import dev.drey.runtime.device.cuda.TestGpu;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * Everything there is to find out on a machine with a GPU, as a program: the tests of the cuda
 * device on the machine's own driver, then measurements. One line per part that says PASS or FAIL,
 * tables, and {@code results.json}.
 *
 * <p>Arguments: the folder for results, then {@code small} for a run that proves the program rather
 * than the machine, or {@code conformance} for the conformance suite alone.
 */
public final class GpuSuite {
  private static final String DEVICE = "dev.drey.runtime.device.";
  private static final String VERIFY = "dev.drey.runtime.verify.";

  /** A part of the suite and the test classes in it. */
  private record Part(String name, String... classes) {}

  private static final List<Part> CONFORMANCE =
      List.of(
          new Part("conformance f32", DEVICE + "CudaF32Test"),
          new Part("conformance bf16", DEVICE + "CudaBF16Test"));

  private static final List<Part> ENGINE =
      List.of(
          new Part("golden models", VERIFY + "CudaGoldenTest"),
          new Part("bit identity", VERIFY + "CudaBitsTest"),
          new Part("host tier", DEVICE + "cuda.CudaHostTierTest"),
          new Part("20 restarts", DEVICE + "cuda.CudaRestartTest"));

  private final PrintStream out;
  private final ObjectNode results = new ObjectMapper().createObjectNode();
  private boolean failed;

  private GpuSuite(PrintStream out) {
    this.out = out;
  }

  /** Runs it; the exit status is 0 if every part passed. */
  @SuppressWarnings("SystemOut") // a program
  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    List<String> flags = Arrays.asList(args).subList(1, args.length);
    GpuSuite suite = new GpuSuite(System.out);
    suite.run(flags.contains("small"), flags.contains("conformance"));
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("results.json"), suite.results.toPrettyString());
    System.exit(suite.failed ? 1 : 0);
  }

  private void run(boolean small, boolean conformanceAlone) {
    System.setProperty(TestGpu.REAL, "true");
    Availability gpu = CudaDevice.availability(0);
    result("gpu", gpu.usable(), gpu.cause());
    if (!gpu.usable()) {
      return;
    }
    CONFORMANCE.forEach(this::test);
    if (!conformanceAlone) {
      ENGINE.forEach(this::test);
      measure(small);
    }
  }

  private void result(String part, boolean passed, String text) {
    failed |= !passed;
    out.printf("%s %-20s %s%n", passed ? "PASS" : "FAIL", part, text);
    ObjectNode node = results.withArray("parts").addObject();
    node.put("part", part).put("passed", passed).put("text", text);
  }

  private void test(Part part) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(Arrays.stream(part.classes).map(DiscoverySelectors::selectClass).toList())
            .build();
    SummaryGeneratingListener listener = new SummaryGeneratingListener();
    LauncherFactory.create().execute(request, listener);
    TestExecutionSummary summary = listener.getSummary();
    boolean passed =
        summary.getTestsSucceededCount() > 0
            && summary.getTestsSucceededCount() == summary.getTestsFoundCount()
            && summary.getTotalFailureCount() == 0;
    result(
        part.name,
        passed,
        "%d of %d tests, %.1f s"
            .formatted(
                summary.getTestsSucceededCount(),
                summary.getTestsFoundCount(),
                (summary.getTimeFinished() - summary.getTimeStarted()) / 1e3));
    ArrayNode failures = results.withArray("failures");
    for (TestExecutionSummary.Failure failure : summary.getFailures()) {
      TestIdentifier test = failure.getTestIdentifier();
      String text = "%s: %s".formatted(test.getLegacyReportingName(), failure.getException());
      out.println("     " + text.lines().limit(4).reduce("", (a, b) -> a + " " + b).strip());
      failures.add(text);
    }
  }

  private void measure(boolean small) {
    List<GpuMeasurement> measurements = new ArrayList<>();
    try {
      measurements.addAll(new GpuBenchmarks(small).run());
      result("measurements", true, measurements.size() + " numbers");
    } catch (RuntimeException e) {
      result("measurements", false, e.toString());
    }
    for (GpuMeasurement measurement : measurements) {
      out.printf(
          Locale.ROOT,
          "     %-44s %10.1f %s%n",
          measurement.name(),
          measurement.value(),
          measurement.unit());
      ObjectNode node = results.withArray("measurements").addObject();
      node.put("name", measurement.name());
      node.put("value", measurement.value()).put("unit", measurement.unit());
    }
    engine(small);
  }

  private void engine(boolean small) {
    try {
      EngineMeasurement measured = EngineMeasurement.run(small);
      result("engine benchmark", measured.identical(), "same tokens in all cases");
      out.println(measured.table());
      results.set("engine", new ObjectMapper().readTree(measured.json()));
    } catch (IOException | RuntimeException e) {
      result("engine benchmark", false, e.toString());
    }
  }
}
