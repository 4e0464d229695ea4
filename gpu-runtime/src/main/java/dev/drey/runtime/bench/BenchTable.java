package dev.drey.runtime.bench;

import dev.drey.runtime.plan.Floor;
import dev.drey.runtime.plan.Machine;
import dev.drey.runtime.plan.Product;
import dev.drey.runtime.plan.ProductTimes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A report for people. */
public final class BenchTable {
  private static final List<String> SPEED =
      List.of(
          "case",
          "sequences",
          "rows",
          "steps",
          "tokens/s",
          "min-max",
          "planned",
          "% of measured",
          "% of resident",
          "floor ms/step: compute",
          "memory",
          "transfer",
          "by operation",
          "efficiency %",
          "by operation %",
          "device MB",
          "% of all");

  private static final List<String> MOVEMENT =
      List.of(
          "",
          "experts/layer",
          "hit %",
          "late %",
          "miss %",
          "prefetch used/wasted",
          "moved KB/token",
          "stall %",
          "slot/queue/transfer %",
          "heap KB/step",
          "all threads");

  private final BenchReport report;
  private final StringBuilder text = new StringBuilder();

  private BenchTable(BenchReport report) {
    this.report = report;
  }

  /** The report as text. */
  public static String of(BenchReport report) {
    BenchTable table = new BenchTable(report);
    table.head();
    table.machine();
    report.options().phases().forEach(table::phase);
    return table.text.toString();
  }

  private void head() {
    Host host = report.host();
    line(
        "model    %s, experts %.1f MB, digest %.12s",
        report.model().name(), report.expertBytes() / 1e6, report.model().digest());
    line(
        "engine   %s, %d compute threads, %d I/O threads",
        report.model().fingerprint(), report.options().threads(), report.options().ioThreads());
    line(
        "machine  %s, %d cores, %.1f GiB, %s, Java %s, load %.1f at start",
        host.processor(),
        host.cores(),
        host.memoryBytes() / (double) (1 << 30),
        host.system(),
        host.java(),
        host.loadAtStart());
  }

  private void machine() {
    Machine machine = report.machine();
    line(
        "memory   %.1f GB/s over %.0f MB",
        machine.memoryBytesPerSecond() / 1e9, machine.memoryWorkingSetBytes() / 1e6);
    line(
        "link     %.2f GB/s (%s), %.2f GB/s with packing; paced %s",
        machine.linkBytesPerSecond() / 1e9,
        cache(machine.storageShare()),
        machine.loadBytesPerSecond() / 1e9,
        machine.pacedBytesPerSecond() == 0
            ? "not at all"
            : format("to %.3f GB/s", machine.pacedBytesPerSecond() / 1e9));
    line("probe    took %.1f s", machine.probeNanos() / 1e9);
    line("matmul   GFLOP/s by rows, weights near the cores");
    rates(machine.products());
    line("matmul   GFLOP/s by rows, weights from memory");
    rates(machine.streamed());
  }

  private void rates(ProductTimes times) {
    List<Integer> rows =
        times.points().stream().map(ProductTimes.Point::rows).distinct().sorted().toList();
    TextTable table = new TextTable();
    List<String> header = new ArrayList<>(List.of(""));
    rows.forEach(count -> header.add(String.valueOf(count)));
    table.row(header);
    List<Product> products =
        times.points().stream().map(ProductTimes.Point::product).distinct().sorted().toList();
    for (Product product : products) {
      List<String> cells = new ArrayList<>(List.of(product.toString().toLowerCase(Locale.ROOT)));
      for (int count : rows) {
        cells.add(rate(times, product, count));
      }
      table.row(cells);
    }
    text.append(table);
  }

  private static String cache(double storageShare) {
    if (storageShare < 0) {
      return "page cache unknown";
    }
    return storageShare == 0
        ? "page cache"
        : format("%.0f %% from storage, the rest from the page cache", storageShare * 100);
  }

  private static String rate(ProductTimes times, Product product, int rows) {
    return times.points().stream()
        .filter(point -> point.product().equals(product) && point.rows() == rows)
        .map(point -> format("%.1f", point.flopsPerSecond() / 1e9))
        .findFirst()
        .orElse("");
  }

  private void phase(Phase phase) {
    List<CaseResult> results =
        report.results().stream().filter(result -> result.phase() == phase).toList();
    BenchOptions options = report.options();
    CaseResult first = results.get(0);
    line("");
    line(
        "%s: %d sequences, prompts of %d random tokens; a round is %d tokens; %d rounds; outputs %s",
        phase.label(),
        options.sequences(),
        options.promptTokens(),
        first.tokens(),
        first.rounds(),
        report.identical(phase) ? "identical in all cases" : "DIFFER between cases");
    TextTable speed = new TextTable();
    speed.row(SPEED);
    TextTable movement = new TextTable();
    movement.row(MOVEMENT);
    for (CaseResult result : results) {
      speed.row(speed(result, resident(results, result.group().asked())));
      movement.row(movement(result));
    }
    text.append(speed).append(movement);
    report.ablations(phase).forEach(ablation -> text.append(AblationTable.of(ablation)));
  }

  /** Speed of the same group with everything resident; 0 if that was not measured. */
  private static double resident(List<CaseResult> results, Group group) {
    return results.stream()
        .filter(result -> result.memoryShare() == 1 && result.group().asked().equals(group))
        .mapToDouble(result -> result.tokensPerSecond().median())
        .findFirst()
        .orElse(0);
  }

  private static List<String> speed(CaseResult result, double resident) {
    Spread rate = result.tokensPerSecond();
    Double planned = result.plannedTokensPerSecond();
    Floor floor = result.floor();
    double perStep = 1e6 * result.steps();
    return List.of(
        result.name(),
        format("%d", result.group().sequences()),
        format("%.1f", (double) result.tokens() / result.steps()),
        format("%d", result.steps()),
        format("%.1f", rate.median()),
        format("%.1f-%.1f", rate.min(), rate.max()),
        planned == null ? "" : format("%.1f", planned),
        planned == null ? "" : percent(planned / rate.median()),
        resident == 0 ? "" : percent(rate.median() / resident),
        format("%.2f", floor.computeNanos() / perStep),
        format("%.2f", floor.memoryNanos() / perStep),
        format("%.2f", floor.transferNanos() / perStep),
        format("%.2f", floor.operationNanos() / perStep),
        percent(result.efficiency().median()),
        percent(result.efficiencyInTurn().median()),
        format("%.1f", result.memoryBytes() / 1e6),
        percent(result.memoryShare()));
  }

  private static List<String> movement(CaseResult result) {
    Moves moves = result.moves();
    return List.of(
        result.name(),
        format("%.1f", result.touchedPerLayer()),
        percent(result.hitRate()),
        percent(result.lateRate()),
        percent(result.missRate()),
        format("%d/%d", moves.prefetchUsed(), moves.prefetchWasted()),
        format("%.1f", result.bytesPerToken() / 1e3),
        percent(result.stallShare()),
        format(
            "%s/%s/%s",
            percent(moves.stallSlotNanos(), result),
            percent(moves.stallQueueNanos(), result),
            percent(moves.stallTransferNanos(), result)),
        format("%.1f", result.allocatedPerStep() / 1e3),
        format("%.1f", result.allocatedByAllPerStep() / 1e3));
  }

  private static String percent(long nanos, CaseResult result) {
    return percent((double) nanos / result.measuredNanos());
  }

  private static String percent(double share) {
    return format("%.1f", share * 100);
  }

  private void line(String format, Object... values) {
    text.append(format(format, values)).append('\n');
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
