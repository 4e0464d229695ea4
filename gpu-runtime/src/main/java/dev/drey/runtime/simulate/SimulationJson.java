package dev.drey.runtime.simulate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.runtime.simulate.SimulationReport.Budget;
import dev.drey.runtime.simulate.SimulationReport.Cell;
import dev.drey.runtime.trace.RecallMetrics;

/** A report for machines: the records' fields in snake case, and what follows from them. */
public final class SimulationJson {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE);

  private SimulationJson() {}

  /** The report as one JSON object on several lines. */
  public static String of(SimulationReport report) {
    ObjectNode root = MAPPER.createObjectNode();
    root.set("trace", object(report.header()));
    root.put("missing_events", report.missing())
        .put("events", report.events())
        .put("steps", report.steps())
        .put("computed_tokens", report.rows())
        .put("output_tokens", report.outputs())
        .put("largest_event", report.largestEvent())
        .put("predictions", report.predictions())
        .put("bytes_per_second", report.bytesPerSecond())
        .put("layer_nanos", report.layerNanos());
    for (RecallMetrics recall : report.recall()) {
      root.withArray("recall")
          .addObject()
          .put("distance", recall.distance())
          .put("predictions", recall.predictions())
          .put("recall", recall.recall())
          .put("recall_of_as_many", recall.recallOfAsMany())
          .put("precision", recall.precision())
          .put("exact", recall.exactRate());
    }
    for (Budget budget : report.budgets()) {
      root.withArray("budgets").add(budget(report, budget));
    }
    return root.toPrettyString();
  }

  private static ObjectNode object(Object value) {
    JsonNode node = MAPPER.valueToTree(value);
    return (ObjectNode) node;
  }

  private static ObjectNode budget(SimulationReport report, Budget budget) {
    ObjectNode node = MAPPER.createObjectNode().put("share", budget.share());
    BeladyBound bound = budget.bound();
    double least = (double) bound.loads() * report.header().expertBytes();
    node.put("slots", bound.slots());
    node.set(
        "belady",
        object(bound).put("bytes", least).put("bytes_per_token", report.bytesPerRow(least)));
    for (Cell cell : budget.cells()) {
      ReplayResult result = cell.result();
      node.withArray("policies")
          .add(
              object(result)
                  .put("bytes_per_token", report.bytesPerRow((double) result.bytes()))
                  .put("loads_over_belady", (double) result.loads() / Math.max(1, bound.loads()))
                  .put("nanos_over_bound", (double) result.nanos() / Math.max(1, bound.nanos()))
                  .put("event_micros", cell.eventMicros()));
    }
    return node;
  }
}
