package dev.drey.operators.slot;

import dev.drey.runtime.EngineInfo;
import dev.drey.runtime.MoeEngine;
import dev.drey.runtime.chat.ChatTemplates;
import dev.drey.runtime.checkpoint.GenerationDefaults;
import dev.drey.runtime.hosttier.HostTierStats;
import dev.drey.runtime.plan.PlanStats;
import dev.drey.runtime.predict.Prediction;
import dev.drey.runtime.residency.ResidencyStats;
import dev.drey.runtime.schedule.Step;
import dev.drey.runtime.schedule.StepScheduler;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** A {@link MoeEngine} as the operators see it. */
final class MoeSlotEngine implements SlotEngine {
  private final MoeEngine engine;
  private final EngineFacts facts;

  MoeSlotEngine(MoeEngine engine) {
    this.engine = engine;
    EngineInfo info = engine.info();
    this.facts =
        new EngineFacts(
            new EngineIdentity(
                info.modelName(), info.modelDigest(), info.compute().name(), info.fingerprint()),
            info.version(),
            info.model().layers(),
            info.model().moe().experts(),
            info.limits(),
            info.poolTokens(),
            info.defaults().bosTokenId(),
            sampling(info.defaults()));
  }

  private static SamplingDefaults sampling(GenerationDefaults defaults) {
    SamplingDefaults neutral = SamplingDefaults.NEUTRAL;
    SamplingDefaults configured =
        new SamplingDefaults(
            defaults.temperature().orElse(neutral.temperature()),
            defaults.topP().orElse(neutral.topP()),
            defaults.topK().orElse(neutral.topK()),
            defaults.minP().orElse(neutral.minP()),
            defaults.repetitionPenalty().orElse(neutral.repetitionPenalty()),
            defaults.maxNewTokens());
    return defaults.doSample().orElse(true) ? configured : configured.greedy();
  }

  @Override
  public EngineFacts facts() {
    return facts;
  }

  @Override
  public boolean hasTokenizer() {
    return engine.tokenizer().isPresent();
  }

  @Override
  public int[] encode(String text, boolean addSpecialTokens) {
    return engine
        .tokenizer()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "model '%s' has no tokenizer.json: send prompt_token_ids"
                        .formatted(facts.identity().model())))
        .encode(text, addSpecialTokens);
  }

  @Override
  public Optional<ChatTemplates> chatTemplates() {
    return engine.chatTemplates();
  }

  @Override
  public StepScheduler newScheduler() {
    return engine.newScheduler();
  }

  @Override
  public Step newStep() {
    return engine.newStep();
  }

  @Override
  public void cancelWhen(BooleanSupplier canceled) {
    engine.cancelWhen(canceled);
  }

  @Override
  public void embed(Step step) {
    engine.embed(step);
  }

  @Override
  public void runLayers(Step step, int from, int to, Consumer<Prediction> predictions) {
    engine.runLayers(step, from, to, predictions);
  }

  @Override
  public void sample(Step step) {
    engine.sample(step);
  }

  @Override
  public int prefetch(Prediction prediction) {
    return engine.prefetch(prediction);
  }

  @Override
  public long currentStep() {
    return engine.currentStep();
  }

  @Override
  public int currentLayer() {
    return engine.currentLayer();
  }

  @Override
  public EngineStats stats() {
    dev.drey.runtime.EngineStats all = engine.stats();
    ResidencyStats residency = all.residency();
    HostTierStats host = all.hostTier();
    PlanStats plan = all.plan();
    long moved = residency.bytesMoved();
    return new EngineStats(
        residency.hits(),
        residency.lateHits(),
        residency.misses(),
        residency.prefetchUsed(),
        residency.prefetchWasted(),
        residency.prefetchCancelled(),
        residency.bytesDemand(),
        residency.bytesPrefetch(),
        host == null ? 0 : host.bytesFromHost(),
        host == null ? moved : host.bytesFromStorage(),
        residency.stallNanos(),
        residency.evictions(),
        residency.resident(),
        all.kvBlocksUsed(),
        all.kvBlocks(),
        all.reusedTokens(),
        all.budgetBytes(),
        all.usedBytes(),
        plan == null ? 0 : plan.resolves(),
        plan == null ? 1 : plan.slowdown(),
        plan == null ? 1 : plan.arrivalRatio());
  }
}
