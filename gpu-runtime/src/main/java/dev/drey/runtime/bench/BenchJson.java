package dev.drey.runtime.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.runtime.plan.Machine;
import dev.drey.runtime.plan.ProductTimes;

/** A report for machines: the records' fields in snake case, and what follows from them. */
public final class BenchJson {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE);

  private BenchJson() {}

  /** The report as one JSON object on several lines. */
  public static String of(BenchReport report) {
    ObjectNode root = MAPPER.createObjectNode();
    ObjectNode options = root.putObject("options");
    options.setAll(object(report.options()));
    ArrayNode groups = options.putArray("groups");
    report.options().groups().forEach(group -> groups.add(group.label()));
    options.put("model", report.options().model().toString());
    root.set("host", object(report.host()));
    root.set("machine", machine(report.machine()));
    root.set("model", object(report.model()));
    root.put("expert_bytes", report.expertBytes());
    root.put("identical", report.identical());
    for (CaseResult result : report.results()) {
      root.withArray("results").add(result(result));
    }
    for (Phase phase : report.options().phases()) {
      for (Ablation ablation : report.ablations(phase)) {
        root.withArray("ablations").add(ablation(ablation));
      }
    }
    return root.toPrettyString();
  }

  private static ObjectNode object(Object value) {
    JsonNode node = MAPPER.valueToTree(value);
    return (ObjectNode) node;
  }

  private static ObjectNode machine(Machine machine) {
    ObjectNode node = MAPPER.createObjectNode();
    put(machine.products(), node.putArray("products"));
    put(machine.streamed(), node.putArray("streamed"));
    node.put("peak_flops_per_second", machine.products().peakFlopsPerSecond())
        .put("choose_row_nanos", machine.sampler().chooseNanos())
        .put("score_row_nanos", machine.sampler().scoreNanos())
        .put("memory_bytes_per_second", machine.memoryBytesPerSecond())
        .put("memory_working_set_bytes", machine.memoryWorkingSetBytes())
        .put("link_bytes_per_second", machine.linkBytesPerSecond())
        .put("paced_bytes_per_second", machine.pacedBytesPerSecond())
        .put("load_bytes_per_second", machine.loadBytesPerSecond())
        .put("host_bytes_per_second", machine.hostBytesPerSecond())
        .put("storage_share", machine.storageShare())
        .put("probe_nanos", machine.probeNanos());
    return node;
  }

  private static void put(ProductTimes times, ArrayNode points) {
    for (ProductTimes.Point point : times.points()) {
      points.add(object(point).put("flops_per_second", point.flopsPerSecond()));
    }
  }

  private static ObjectNode ablation(Ablation ablation) {
    ObjectNode node = object(ablation).put("monotone", ablation.monotone());
    for (int i = 0; i < ablation.stages().size(); i++) {
      OverlapGain overlap = ablation.stages().get(i).overlap();
      if (overlap != null) {
        ((ObjectNode) node.at("/stages/" + i + "/overlap"))
            .put("bound_share", overlap.boundShare());
      }
    }
    return node;
  }

  private static ObjectNode result(CaseResult result) {
    ObjectNode node = object(result);
    ObjectNode group = node.putObject("group");
    group
        .put("asked", result.group().asked().label())
        .put("sequences", result.group().sequences())
        .put("step_tokens", result.group().stepTokens());
    return node.put("planned_share", result.plannedShare())
        .put("hit_rate", result.hitRate())
        .put("late_rate", result.lateRate())
        .put("miss_rate", result.missRate())
        .put("bytes_per_token", result.bytesPerToken())
        .put("stall_share", result.stallShare());
  }
}
