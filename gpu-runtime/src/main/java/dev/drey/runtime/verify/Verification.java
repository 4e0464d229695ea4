package dev.drey.runtime.verify;

import dev.drey.runtime.DecodeLoop;
import dev.drey.runtime.EngineConfig;
import dev.drey.runtime.ForwardProbe;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.schedule.ScheduleConfig;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** Compares an engine with a golden file, by {@link Tolerances}. */
public final class Verification {
  private final MoeEngine engine;
  private final GoldenFile golden;
  private final Tolerances tolerances;
  private final boolean exact;

  /**
   * @param engine with an empty table, and with steps that have room for the longest prompt
   */
  public Verification(MoeEngine engine, GoldenFile golden) {
    this.engine = engine;
    this.golden = golden;
    this.tolerances = Tolerances.of(engine.info().model());
    this.exact = engine.info().compute() == ComputeType.F32;
  }

  /** An engine's configuration with room in a step for the longest prompt of a golden file. */
  public static EngineConfig configFor(GoldenFile golden, EngineConfig base) {
    int longest = golden.prompts().stream().mapToInt(prompt -> prompt.ids().length).max().orElse(1);
    ScheduleConfig schedule = base.schedule();
    EngineConfig config =
        new EngineConfig(
            base.model(),
            base.device(),
            base.compute(),
            base.threads(),
            base.deviceMemory(),
            base.expertMemory(),
            base.kvTokens(),
            base.predictor(),
            base.policy(),
            new ScheduleConfig(
                schedule.maxSequences(),
                schedule.microBatch(),
                Math.max(longest, schedule.maxStepTokens()),
                schedule.prefillChunk(),
                schedule.stepNanos()),
            base.transfer());
    return config.onGpu(base.deviceIndex());
  }

  /** Runs everything. */
  public VerifyReport run() {
    List<PromptReport> reports = new ArrayList<>();
    Averages averages = new Averages();
    ForwardProbe probe = new ForwardProbe(engine);
    for (GoldenFile.Prompt prompt : golden.prompts()) {
      ForwardProbe.Seen seen = probe.run(prompt.ids());
      reports.add(
          new PromptComparison(prompt, seen, tolerances, engine.info().compute(), averages)
              .report());
    }
    List<Sequence> done = runSequences();
    int index = 0;
    for (GoldenFile.Greedy greedy : golden.greedy()) {
      reports.add(compare(greedy, "greedy " + index, done.get(index++)));
    }
    int first = index;
    for (GoldenFile.Likelihood likelihood : golden.likelihoods()) {
      reports.add(compare(likelihood, "likelihood " + (index - first), done.get(index++)));
    }
    return new VerifyReport(
        engine.info().model().architecture(),
        engine.info().fingerprint(),
        engine.info().compute(),
        reports,
        averages.meanAbs(),
        averages.meanKl(),
        averages.argmaxAgreement(),
        averages.flips(),
        averages.decisions(),
        exact ? List.of() : averages.failures(golden.noise()));
  }

  /** Continuations first, then likelihoods, in the file's order, all together. */
  private List<Sequence> runSequences() {
    List<Sequence> sequences = new ArrayList<>();
    for (GoldenFile.Greedy greedy : golden.greedy()) {
      SamplingParams sampling =
          new SamplingParams(
              greedy.newIds().length, 0, 0, 1, 0, 1, 0, 0, 0, Set.of(), List.of(), true, 0, -1);
      sequences.add(
          Sequence.fresh(
              SequenceRequest.generate(
                  "greedy " + sequences.size(), greedy.promptIds(), sampling)));
    }
    for (GoldenFile.Likelihood likelihood : golden.likelihoods()) {
      int context = likelihood.contextIds().length;
      int[] ids = Arrays.copyOf(likelihood.contextIds(), context + likelihood.logprobs().length);
      System.arraycopy(
          likelihood.continuationIds(), 0, ids, context, likelihood.continuationIds().length);
      sequences.add(
          Sequence.fresh(SequenceRequest.score("score " + sequences.size(), ids, context, 0)));
    }
    new DecodeLoop(engine).run(sequences.iterator(), sequence -> {});
    return sequences;
  }

  /** After a flip a continuation in bfloat16 may go anywhere: only float32 is held to it. */
  private PromptReport compare(GoldenFile.Greedy greedy, String name, Sequence done) {
    int[] found = done.progress().outputIds();
    int differences = 0;
    for (int i = 0; i < greedy.newIds().length; i++) {
      differences += i < found.length && found[i] == greedy.newIds()[i] ? 0 : 1;
    }
    List<String> failures =
        exact && differences > 0
            ? List.of(
                "%s, expected %s"
                    .formatted(Arrays.toString(found), Arrays.toString(greedy.newIds())))
            : List.of();
    return new PromptReport(name, 0, 0, 0, 0, differences, failures);
  }

  private PromptReport compare(GoldenFile.Likelihood likelihood, String name, Sequence done) {
    float[] found = done.progress().logprobs();
    List<String> failures = new ArrayList<>();
    double sum = 0;
    for (int i = 0; i < found.length; i++) {
      sum += found[i];
      double apart = Math.abs(found[i] - likelihood.logprobs()[i]);
      if (exact && !(apart <= tolerances.tokenLogprob())) {
        failures.add("log-probability of token %d differs by %.2e".formatted(i, apart));
      }
    }
    double difference = Math.abs(sum - likelihood.sum());
    double most = exact ? tolerances.sumLogprob() : tolerances.roundedLogprob() * found.length;
    if (!(difference <= most)) {
      failures.add("log-likelihood is %.5f, expected %.5f".formatted(sum, likelihood.sum()));
    }
    if (exact && done.progress().greedy() != likelihood.greedy()) {
      failures.add("is_greedy is %s".formatted(done.progress().greedy()));
    }
    return new PromptReport(name, 0, 0, difference, 0, 0, failures);
  }
}
