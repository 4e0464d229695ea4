package dev.drey.jobs.options;

import static dev.drey.jobs.options.Section.ENGINE;
import static org.apache.flink.configuration.ConfigOptions.key;

import dev.drey.runtime.Devices;
import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.cache.CachePolicies;
import dev.drey.runtime.checkpoint.ModelChecks;
import dev.drey.runtime.expertstore.ExpertStorage;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.predict.PredictorOptions;
import dev.drey.runtime.predict.Predictors;
import dev.drey.runtime.predict.ShadowAlignment;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.transfer.TransferConfig;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.apache.flink.configuration.ReadableConfig;
import org.jspecify.annotations.Nullable;

/** Settings of the engine in each task slot, and the way from them to an {@link EngineConfig}. */
public final class EngineSettings {
  private static final ScheduleConfig SCHEDULE = ScheduleConfig.DEFAULT;
  private static final TransferConfig TRANSFER = TransferConfig.DEFAULT;

  /** Directory of the model. */
  public static final Setting<String> MODEL =
      Setting.of(
              ENGINE,
              key("drey.model.path").stringType().noDefaultValue(),
              Check.any(),
              "Model directory in the Hugging Face layout; the same path on every machine.")
          .flag("--model", "DIR");

  /** Whether weights must be finite. */
  public static final Setting<Boolean> REFUSE_NON_FINITE =
      Setting.of(
              ENGINE,
              key("drey.model.refuse-non-finite").booleanType().defaultValue(false),
              Check.any(),
              "Refuse a model with a weight that is NaN or infinite, as the weights are read: those"
                  + " that are always resident before the first record, experts when they arrive."
                  + " drey inspect reads all of them.")
          .toggle("--refuse-non-finite");

  /** Whether files must have the checksums beside them. */
  public static final Setting<Boolean> VERIFY_CHECKSUMS =
      Setting.of(
              ENGINE,
              key("drey.model.verify-checksums").booleanType().defaultValue(false),
              Check.any(),
              "Read all files of the model before the first record and compare them with the"
                  + " SHA256SUMS in its directory, as sha256sum writes it; a model without one is"
                  + " then refused.")
          .toggle("--verify-checksums");

  /** Where packed experts are. */
  public static final Setting<String> PACKED =
      Setting.of(
              ENGINE,
              key("drey.store.packed").stringType().noDefaultValue(),
              Check.any(),
              "Directory with the model's experts as drey pack stores them for this device and"
                  + " compute type; they are then read from there, everything else from the model."
                  + " Results do not depend on it. Unset: experts are packed when they arrive.")
          .flag("--packed", "DIR");

  /** Whether reads pass the page cache by. */
  public static final Setting<Boolean> DIRECT =
      Setting.of(
              ENGINE,
              key("drey.store.direct").booleanType().defaultValue(false),
              Check.any(),
              "Read packed experts past the operating system's page cache, so that no memory but"
                  + " the budget holds them.")
          .toggle("--direct");

  /** Where the computing happens. */
  public static final Setting<String> DEVICE =
      Setting.of(
              ENGINE,
              key("drey.device").stringType().defaultValue("cpu"),
              Check.oneOf(Devices.names()),
              "Where the model is computed: cpu, cuda (an NVIDIA GPU, docs/cuda.md), auto (cuda"
                  + " where it can be used, else cpu; the log says which and why), or reference"
                  + " (plain Java, slow, for comparison). Only auto ever takes another device.")
          .flag("--device", "NAME");

  /** Which GPU. */
  public static final Setting<Integer> DEVICE_INDEX =
      Setting.of(
              ENGINE,
              key("drey.device.index").intType().defaultValue(0),
              Check.atLeast(0),
              "Which GPU of the machine, from 0, as the driver counts them, where Flink hands out"
                  + " none (external-resources: gpu).")
          .flag("--device-index", "N");

  /** Hard total. */
  public static final Setting<String> DEVICE_MEMORY =
      Setting.of(
              ENGINE,
              key("drey.memory.device").stringType().noDefaultValue(),
              Check.memorySize(),
              "Hard total of everything the engine holds in one slot: dense weights, KV, expert"
                  + " slots, staging, activations. Bytes with an optional unit, or a percentage of"
                  + " the total with every expert resident. Unset: what the other settings need.")
          .flag("--device-memory", "SIZE|PERCENT");

  /** The window alone. */
  public static final Setting<String> EXPERT_MEMORY =
      Setting.of(
              ENGINE,
              key("drey.memory.expert").stringType().noDefaultValue(),
              Check.memorySize(),
              "The residency window alone: bytes with an optional unit, or a percentage of all"
                  + " experts' bytes. Unset: what drey.memory.device leaves, or all experts if that"
                  + " is unset too.")
          .flag("--expert-memory", "SIZE|PERCENT");

  /** The tier between storage and the window. */
  public static final Setting<String> HOST_MEMORY =
      Setting.of(
              ENGINE,
              key("drey.memory.host").stringType().noDefaultValue(),
              Check.memorySize(),
              "Page-locked host memory in which experts stay between storage and the GPU, shared by"
                  + " the slots of a TaskManager that run the same model: bytes with an optional"
                  + " unit, or a percentage of all experts' bytes. It comes on top of"
                  + " drey.memory.device. Unset: none, each load reads from storage. For"
                  + " drey.device cuda or auto; results do not depend on it.")
          .flag("--host-memory", "SIZE|PERCENT");

  /** Capacity of the key/value pool. */
  public static final Setting<Integer> KV_TOKENS =
      Setting.of(
              ENGINE,
              key("drey.memory.kv-tokens").intType().defaultValue(0),
              Check.atLeast(0),
              "Tokens the key/value pool can hold. 0: 256 for each of drey.schedule.max-sequences, at"
                  + " least 4096 or as many as the model has positions, whichever is less. A request"
                  + " that needs more (prompt + max_tokens - 1) becomes the dead letter"
                  + " request.pool_exceeded.")
          .flag("--kv-tokens", "N");

  /** Type of the activations. */
  public static final Setting<String> COMPUTE =
      Setting.of(
              ENGINE,
              key("drey.compute.type").stringType().defaultValue("bf16"),
              Check.oneOf("f32", "bf16"),
              "Type of activations and KV: f32 or bf16. Weights are bfloat16 in both. Part of what"
                  + " results depend on.")
          .flag("--compute", "TYPE");

  /** Compute threads. */
  public static final Setting<Integer> THREADS =
      Setting.of(
              ENGINE,
              key("drey.compute.threads").intType().defaultValue(0),
              Check.atLeast(0),
              "Compute threads per slot; 0 means one per core of the machine.")
          .flag("--threads", "N");

  /** Who is evicted. */
  public static final Setting<String> POLICY =
      Setting.of(
              ENGINE,
              key("drey.residency.policy").stringType().defaultValue(CachePolicies.DEFAULT),
              Check.oneOf(CachePolicies.names()),
              "Cache policy that picks the expert to evict (docs/policies.md). One of "
                  + String.join(", ", CachePolicies.names())
                  + ".")
          .flag("--policy", "NAME");

  /** Who is fetched ahead. */
  public static final Setting<String> PREDICTOR =
      Setting.of(
              ENGINE,
              key("drey.prediction.predictor").stringType().defaultValue("gate.next-layer"),
              Check.oneOf(Predictors.names()),
              "Predictor that decides what is fetched ahead of the router; none turns prefetching"
                  + " off. One of "
                  + String.join(", ", Predictors.names())
                  + ".")
          .flag("--predictor", "NAME");

  /** How far ahead. */
  public static final Setting<Integer> LOOKAHEAD =
      Setting.of(
              ENGINE,
              key("drey.prediction.lookahead").intType().defaultValue(0),
              Check.atLeast(0),
              "Layers with experts that the predictor looks ahead; 0 leaves it to the predictor."
                  + " gate.next-layer and edgemoe.path always look one layer ahead.")
          .flag("--lookahead", "N");

  /** How much a predictor remembers. */
  public static final Setting<Integer> PREDICTOR_CAPACITY =
      Setting.of(
              ENGINE,
              key("drey.prediction.capacity").intType().defaultValue(0),
              Check.between(0, PredictorOptions.MAX_CAPACITY),
              "Entries of the predictor's collection, for predictors that have one; 0 leaves it to"
                  + " the predictor.")
          .flag("--predictor-capacity", "N");

  /** What a predictor was trained to. */
  public static final Setting<String> PREDICTOR_FILE =
      Setting.of(
              ENGINE,
              key("drey.prediction.file").stringType().noDefaultValue(),
              Check.any(),
              "What drey train-predictor wrote, for the predictor learned.mlp; the same path on"
                  + " every machine. Refused if it was trained for another model.")
          .flag("--predictor-file", "FILE");

  /** How often a shadow model takes over the tokens that were chosen. */
  public static final Setting<Integer> TOKEN_ALIGNMENT =
      Setting.of(
              ENGINE,
              key("drey.prediction.token-alignment")
                  .intType()
                  .defaultValue(ShadowAlignment.EVERY_TOKEN.tokens()),
              Check.atLeast(0),
              "Of the predictors shadow.int8 and shadow.int4: every how many tokens of a sequence the"
                  + " one that was really chosen takes the place of the shadow's own; 0 for never.")
          .flag("--token-alignment", "N");

  /** How often a shadow model takes over keys and values. */
  public static final Setting<Integer> KV_ALIGNMENT =
      Setting.of(
              ENGINE,
              key("drey.prediction.kv-alignment")
                  .intType()
                  .defaultValue(ShadowAlignment.EVERY_TOKEN.keys()),
              Check.atLeast(0),
              "Of the same: every how many tokens of a sequence the model's keys and values take the"
                  + " place of the shadow's own; 0 for never.")
          .flag("--kv-alignment", "N");

  /** Capacity of the table. */
  public static final Setting<Integer> MAX_SEQUENCES =
      Setting.of(
              ENGINE,
              key("drey.schedule.max-sequences").intType().defaultValue(SCHEDULE.maxSequences()),
              Check.atLeast(1),
              "Most sequences computed together in one slot.")
          .flag("--max-sequences", "N");

  /** Sequences per micro-batch of attention. */
  public static final Setting<Integer> MICRO_BATCH =
      Setting.of(
          ENGINE,
          key("drey.schedule.micro-batch").intType().defaultValue(SCHEDULE.microBatch()),
          Check.atLeast(1),
          "Most sequences per micro-batch of attention.");

  /** Rows of one step. */
  public static final Setting<Integer> MAX_STEP_TOKENS =
      Setting.of(
          ENGINE,
          key("drey.schedule.max-step-tokens").intType().defaultValue(SCHEDULE.maxStepTokens()),
          Check.atLeast(1),
          "Most tokens of one step, prefill and decode together; at least"
              + " drey.schedule.max-sequences.");

  /** Prompt tokens of one sequence in one step. */
  public static final Setting<Integer> PREFILL_CHUNK =
      Setting.of(
          ENGINE,
          key("drey.schedule.prefill-chunk").intType().defaultValue(SCHEDULE.prefillChunk()),
          Check.atLeast(1),
          "Most prompt tokens of one sequence in one step.");

  /** Bound on a step's time. */
  public static final Setting<Duration> STEP_TIME =
      Setting.of(
          ENGINE,
          key("drey.schedule.step-time")
              .durationType()
              .defaultValue(Duration.ofNanos(SCHEDULE.stepNanos())),
          Check.positive(),
          "Time a step should not exceed; checkpoints and stopping wait for the running step. At"
              + " most half the checkpoint interval.");

  /** Whether sequences share what they begin with. */
  public static final Setting<Boolean> PREFIX_REUSE =
      Setting.of(
              ENGINE,
              key("drey.schedule.prefix-reuse").booleanType().defaultValue(SCHEDULE.prefixReuse()),
              Check.any(),
              "Sequences that begin with the same tokens share the keys and values of whole blocks of"
                  + " these. Results do not depend on it. Models with recurrent state share nothing.")
          .flag("--prefix-reuse", "true|false");

  /** I/O threads. */
  public static final Setting<Integer> TRANSFER_THREADS =
      Setting.of(
          ENGINE,
          key("drey.transfer.threads").intType().defaultValue(TRANSFER.threads()),
          Check.atLeast(1),
          "Threads that read experts from disk, each with one staging buffer.");

  /** Pace of all transfers. */
  public static final Setting<Long> TRANSFER_PACE =
      Setting.of(
          ENGINE,
          key("drey.transfer.max-bytes-per-second")
              .longType()
              .defaultValue(TRANSFER.maxBytesPerSecond()),
          Check.atLeast(0),
          "Pace of all transfers of a slot together; 0 means as fast as the disk.");

  /** Longest wait for one expert. */
  public static final Setting<Duration> TRANSFER_DEADLINE =
      Setting.of(
          ENGINE,
          key("drey.transfer.deadline").durationType().defaultValue(TRANSFER.deadline()),
          Check.positive(),
          "Longest wait for one expert the router asked for before the task fails.");

  /** Tries per read. */
  public static final Setting<Integer> TRANSFER_ATTEMPTS =
      Setting.of(
          ENGINE,
          key("drey.transfer.attempts").intType().defaultValue(TRANSFER.attempts()),
          Check.atLeast(1),
          "Tries per read before a transfer fails.");

  /** How long an engine waits for a restart. */
  public static final Setting<Duration> LINGER =
      Setting.of(
          ENGINE,
          key("drey.device.linger").durationType().defaultValue(Duration.ofMinutes(1)),
          Check.any(),
          "How long a slot keeps its engine open after the last task has left, so that a restart"
              + " need not load the weights again.");

  /** Record of what happens. */
  public static final Setting<String> TRACE =
      Setting.of(
              ENGINE,
              key("drey.trace.file").stringType().noDefaultValue(),
              Check.any(),
              "File that each slot's engine records a trace to, for drey report and drey simulate."
                  + " A name that is taken gets a number; nothing is overwritten. Unset: no"
                  + " trace.")
          .flag("--trace", "FILE");

  private EngineSettings() {}

  static List<Setting<?>> all() {
    return List.of(
        MODEL,
        REFUSE_NON_FINITE,
        VERIFY_CHECKSUMS,
        PACKED,
        DIRECT,
        DEVICE,
        DEVICE_INDEX,
        DEVICE_MEMORY,
        EXPERT_MEMORY,
        HOST_MEMORY,
        KV_TOKENS,
        COMPUTE,
        THREADS,
        POLICY,
        PREDICTOR,
        LOOKAHEAD,
        PREDICTOR_CAPACITY,
        PREDICTOR_FILE,
        TOKEN_ALIGNMENT,
        KV_ALIGNMENT,
        MAX_SEQUENCES,
        MICRO_BATCH,
        MAX_STEP_TOKENS,
        PREFILL_CHUNK,
        STEP_TIME,
        PREFIX_REUSE,
        TRANSFER_THREADS,
        TRANSFER_PACE,
        TRANSFER_DEADLINE,
        TRANSFER_ATTEMPTS,
        LINGER,
        TRACE);
  }

  /** How to open the engine in each slot; the configuration must have passed the validator. */
  public static EngineConfig engine(ReadableConfig c) {
    return PlanSettings.apply(asSet(c), c);
  }

  private static EngineConfig asSet(ReadableConfig c) {
    @Nullable MemorySize device = DEVICE_MEMORY.find(c).map(MemorySize::parse).orElse(null);
    @Nullable MemorySize expert = EXPERT_MEMORY.find(c).map(MemorySize::parse).orElse(null);
    return new EngineConfig(
            MODEL.in(c),
            DEVICE.in(c),
            ComputeType.valueOf(COMPUTE.in(c).toUpperCase(Locale.ROOT)),
            THREADS.in(c),
            device,
            device == null && expert == null ? MemorySize.ofPercent(100) : expert,
            KV_TOKENS.in(c),
            PREDICTOR.in(c),
            POLICY.in(c),
            schedule(c),
            new TransferConfig(
                TRANSFER_THREADS.in(c),
                TRANSFER_PACE.in(c),
                TRANSFER_DEADLINE.in(c),
                TRANSFER_ATTEMPTS.in(c)))
        .onGpu(DEVICE_INDEX.in(c))
        .withHostMemory(HOST_MEMORY.find(c).map(MemorySize::parse).orElse(null))
        .withStorage(new ExpertStorage(PACKED.find(c).orElse(null), DIRECT.in(c)))
        .withPrediction(
            new PredictorOptions(
                LOOKAHEAD.in(c),
                PREDICTOR_CAPACITY.in(c),
                PREDICTOR_FILE.find(c).orElse(null),
                new ShadowAlignment(TOKEN_ALIGNMENT.in(c), KV_ALIGNMENT.in(c))))
        .withChecks(modelChecks(c))
        .tracedTo(TRACE.find(c).orElse(null));
  }

  /** Checks of the model's files, besides those that are always made. */
  public static ModelChecks modelChecks(ReadableConfig c) {
    return new ModelChecks(REFUSE_NON_FINITE.in(c), VERIFY_CHECKSUMS.in(c));
  }

  private static ScheduleConfig schedule(ReadableConfig c) {
    return new ScheduleConfig(
        MAX_SEQUENCES.in(c),
        MICRO_BATCH.in(c),
        MAX_STEP_TOKENS.in(c),
        PREFILL_CHUNK.in(c),
        STEP_TIME.in(c).toNanos(),
        PREFIX_REUSE.in(c));
  }
}
