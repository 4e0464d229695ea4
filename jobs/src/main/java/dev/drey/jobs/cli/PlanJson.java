package dev.drey.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.runtime.plan.FixedMemory;
import dev.drey.runtime.plan.GroupPlan;
import dev.drey.runtime.plan.Machine;
import dev.drey.runtime.plan.MeanStep;
import dev.drey.runtime.plan.MemoryPlan;
import dev.drey.runtime.plan.OverlapRule;
import dev.drey.runtime.plan.StepForecast;

/** A plan for machines. */
final class PlanJson {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private PlanJson() {}

  /** The plan as one JSON object on several lines. */
  static String of(PlanReport report) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("architecture", report.model().architecture());
    root.put("budget_bytes", report.budgetBytes());
    root.put("least_bytes", report.leastBytes());
    root.put("prompt_tokens", report.plan().workload().promptTokens());
    root.put("max_tokens", report.plan().workload().maxTokens());
    root.put("host_experts", report.hostExperts());
    root.put("records", report.records());
    machine(root.putObject("machine"), report.machine());
    plan(root.putObject("plan"), report.plan(), report.records());
    for (OverlapRule rule : report.rules()) {
      root.withArray("overlap")
          .addObject()
          .put("rule", rule.name())
          .put("compute_ms", rule.computeNanos() / 1e6)
          .put("arrival_ms", rule.arrivalNanos() / 1e6)
          .put("holds", rule.holds());
    }
    plan(root.putObject("with_one_gib_more"), report.larger(), report.records());
    root.put("gain_of_one_gib", report.gain());
    return root.toPrettyString();
  }

  private static void machine(ObjectNode node, Machine machine) {
    node.put("peak_flops_per_second", machine.products().peakFlopsPerSecond())
        .put("memory_bytes_per_second", machine.memoryBytesPerSecond())
        .put("link_bytes_per_second", machine.linkBytesPerSecond())
        .put("arrival_bytes_per_second", machine.arrivalBytesPerSecond())
        .put("load_cores", machine.loadCores())
        .put("storage_share", machine.storageShare());
  }

  private static void plan(ObjectNode node, GroupPlan plan, long records) {
    MemoryPlan memory = plan.memory();
    node.put("sequences", plan.sequences())
        .put("step_tokens", plan.stepTokens())
        .put("kv_blocks", plan.kvBlocks())
        .put("policy", plan.policy().policy())
        .put("expert_slots", memory.slots())
        .put("experts", memory.totalExperts());
    FixedMemory fixed = memory.fixed();
    node.putObject("device_bytes")
        .put("dense", fixed.dense())
        .put("kv", fixed.kv())
        .put("states", fixed.states())
        .put("staging", fixed.staging())
        .put("activations", fixed.activations())
        .put("scratch", fixed.scratch())
        .put("sampling", fixed.sampling())
        .put("shadow", fixed.shadow())
        .put("experts", memory.windowBytes())
        .put("total", memory.totalBytes());
    node.put("disk_expert_bytes", (memory.totalExperts() - memory.slots()) * memory.slotBytes());
    step(node.putObject("step"), plan.forecast());
    node.put("tokens_per_second", plan.tokensPerSecond())
        .put("generated_per_second", plan.producedPerSecond())
        .put("hours", plan.hours(records));
  }

  private static void step(ObjectNode node, StepForecast forecast) {
    MeanStep step = forecast.step();
    node.put("ms", forecast.nanos() / 1e6)
        .put("prefill_rows", step.prefillRows())
        .put("decode_rows", step.decodeRows())
        .put("experts_per_layer", forecast.touchedPerLayer())
        .put("brought_in_per_layer", forecast.missedPerLayer())
        .put("compute_ms", forecast.computeNanos() / 1e6)
        .put("arrival_ms", forecast.arrivalNanos() / 1e6);
    node.putObject("floor_ms")
        .put("compute", forecast.floor().computeNanos() / 1e6)
        .put("memory", forecast.floor().memoryNanos() / 1e6)
        .put("transfer", forecast.floor().transferNanos() / 1e6);
  }
}
