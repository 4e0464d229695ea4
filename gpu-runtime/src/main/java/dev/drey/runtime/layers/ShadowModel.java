package dev.drey.runtime.layers;

import dev.drey.runtime.cache.CachePolicies;
import dev.drey.runtime.cache.CacheShape;
import dev.drey.runtime.checkpoint.Checkpoint;
import dev.drey.runtime.device.AttentionBatch;
import dev.drey.runtime.device.AttentionBatch.Span;
import dev.drey.runtime.device.ComputeStream;
import dev.drey.runtime.device.Device;
import dev.drey.runtime.device.KvStore;
import dev.drey.runtime.device.Routing;
import dev.drey.runtime.expertstore.QuantisedExperts;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.memory.ResourceStack;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.ModelConfig;
import dev.drey.runtime.predict.PredictorOptions;
import dev.drey.runtime.predict.PredictorShape;
import dev.drey.runtime.predict.Predictors;
import dev.drey.runtime.predict.ShadowRouting;
import dev.drey.runtime.predict.StepRows;
import dev.drey.runtime.residency.ResidencyWindow;
import dev.drey.runtime.trace.TraceSink;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * The same model with experts of few bits, running every token before the model itself does: what
 * its routers choose foretells what the model's will.
 *
 * <p><b>What it is made of.</b> The ordinary forward pass over a window of its own, whose experts
 * come from {@link QuantisedExperts} in memory; keys and values of its own, in blocks of the same
 * numbers as the model's; activations of its own. What is always resident (attention, routers,
 * shared experts, embeddings) and the compute stream are the model's: they cost nothing twice.
 *
 * <p><b>Keeping in step.</b> A sequence is followed from the first token of its answer. The keys
 * and values of all tokens before are copied from the model's then, and whenever the sequence does
 * not go on where it was left (it was restored, or computed again after losing its blocks); a block
 * that it has exchanged for a shared one is copied too. From there on the shadow stores keys and
 * values of its own and goes on with its own greedy choice of tokens, except as the alignment says:
 * by default each token is the true one, and the keys and values before it are the model's.
 *
 * <p>"OD-MoE" (arXiv 2512.03927). There the whole model is quantised and runs on other machines
 * beside the main one; here its experts alone, since the rest is resident anyway, and before each
 * step, in the same thread, so that all of a token's layers are known when the model begins it.
 *
 * <p><b>Costs</b> a decode step of the model with all experts in memory, plus unpacking the experts
 * it uses, once per step and layer. One thread at a time, the one that runs steps.
 *
 * <p><b>Failure.</b> When a run breaks off, every sequence is taken up anew.
 */
public final class ShadowModel implements ShadowRouting, AutoCloseable {
  private final ResourceStack resources = new ResourceStack("the shadow model");
  private final ModelConfig model;
  private final ComputeStream stream;
  private final KvStore modelKv;
  private final KvStore kv;
  private final ResidencyWindow window;
  private final Decoder decoder;
  private final ShadowedSequences sequences;
  private final Routing[] routings; // by decoder layer

  // -- the step
  private final StepBatch batch;
  private final List<Span> spans = new ArrayList<>();
  private final List<ShadowedSequences.Shadowed> members = new ArrayList<>();

  /**
   * Reads and quantises the experts and allocates what a shadow needs.
   *
   * @param stream the model's
   * @param weights the model's always-resident weights
   * @param modelKv the model's keys and values
   * @param budget charged with {@link ShadowConfig#bytes}
   * @throws IOException if a file cannot be read; everything allocated is then freed
   */
  public ShadowModel(
      Checkpoint checkpoint,
      ComputeType compute,
      Device device,
      ComputeStream stream,
      ModelWeights weights,
      KvStore modelKv,
      ShadowConfig config,
      MemoryBudget budget)
      throws IOException {
    this.model = checkpoint.config();
    this.stream = stream;
    this.modelKv = modelKv;
    this.sequences =
        new ShadowedSequences(
            config.alignment(), config.sequences(), modelKv.shape().blockTokens());
    this.batch = new StepBatch(config.sequences());
    this.routings = new Routing[model.layers()];
    for (int layer = 0; layer < routings.length; layer++) {
      routings[layer] = new Routing(config.sequences(), model.moe().expertsPerToken());
    }
    try {
      QuantisedExperts experts =
          resources.own(QuantisedExperts.open(checkpoint, device, budget, config.weights().bits()));
      kv = resources.own(device.newKvStore(budget, modelKv.shape(), modelKv.blocks()));
      Activations buffers =
          resources.own(
              new Activations(device, budget, model, compute, config.sequences(), stream));
      PredictorShape shape = PredictorShape.of(model, checkpoint.digest());
      int slots = config.slots(model);
      window =
          resources.own(
              ResidencyWindow.open(
                  device,
                  experts,
                  model.expertShape(),
                  slots,
                  budget,
                  budget,
                  CachePolicies.named(
                      "cacheless.load-use-drop",
                      new CacheShape(shape.layers(), shape.experts(), slots)),
                  config.unpaced(),
                  TraceSink.NONE));
      decoder =
          new Decoder(
              model,
              compute,
              stream,
              weights,
              buffers,
              kv,
              null,
              window,
              ExpertOrder.ARRIVAL,
              Predictors.named("none", shape, PredictorOptions.DEFAULT),
              TraceSink.NONE,
              config.sequences(),
              config.contextTokens());
    } catch (IOException | RuntimeException | Error failure) {
      resources.closeAfter(failure);
      throw failure;
    }
  }

  /**
   * Runs a step ahead of the model, the rows that continue an answer, and leaves what its routers
   * chose with the rows.
   *
   * @param rows whose rows the step has
   * @param step the model's batch
   */
  public void run(StepRows rows, StepBatch step) {
    boolean done = false;
    try {
      gather(rows, step);
      if (batch.rows() > 0) {
        forward(rows);
      }
      rows.foreseen(this);
      done = true;
    } finally {
      if (!done) {
        sequences.forgetAll();
      }
    }
  }

  private void gather(StepRows rows, StepBatch step) {
    batch.reset(step.step());
    spans.clear();
    members.clear();
    int span = 0;
    for (StepBatch.MicroBatch microBatch : step.microBatches()) {
      for (Span of : microBatch.attention().spans()) {
        if (rows.isDecode(span)) {
          add(rows.sequence(span), step, microBatch.firstRow() + of.firstRow(), of);
        } else {
          sequences.forget(rows.sequence(span));
        }
        span++;
      }
    }
  }

  private void add(int sequence, StepBatch step, int stepRow, Span of) {
    ShadowedSequences.Shadowed shadowed =
        sequences.follow(sequence, of.startPosition(), of.blockTable());
    stream.copyKv(modelKv, kv, shadowed.stale(), shadowed.staleCount());
    int token = shadowed.token(step.ids()[stepRow]);
    int row = batch.addRow(token, of.startPosition(), step.longest()[stepRow]);
    spans.add(new Span(row, 1, of.startPosition(), of.blockTable(), of.stateSlot()));
    members.add(shadowed);
  }

  private void forward(StepRows rows) {
    batch.addMicroBatch(
        new StepBatch.MicroBatch(0, batch.rows(), new AttentionBatch(List.copyOf(spans))));
    decoder.embed(batch);
    decoder.begin(rows, prediction -> {});
    for (int layer = 0; layer < model.layers(); layer++) {
      decoder.layer(layer, batch, prediction -> {});
      if (model.isMoe(layer)) {
        Routing chosen = decoder.routing();
        int entries = batch.rows() * chosen.k();
        System.arraycopy(chosen.experts(), 0, routings[layer].experts(), 0, entries);
        System.arraycopy(chosen.weights(), 0, routings[layer].weights(), 0, entries);
      }
    }
    if (sequences.choosesTokens()) {
      choose();
    }
  }

  /** Each sequence's likeliest next token, the lower id in a tie. */
  private void choose() {
    for (int row = 0; row < batch.rows(); row++) {
      batch.wantLogits(row);
    }
    for (int from = 0; from < batch.rows(); from += decoder.logitRows()) {
      int count = Math.min(decoder.logitRows(), batch.rows() - from);
      FloatBuffer logits = decoder.logits(batch, from, count);
      for (int row = 0; row < count; row++) {
        int first = row * model.vocabulary();
        int best = 0;
        for (int token = 1; token < model.vocabulary(); token++) {
          best = logits.get(first + token) > logits.get(first + best) ? token : best;
        }
        members.get(from + row).chose(best);
      }
    }
  }

  @Override
  public int rows() {
    return batch.rows();
  }

  @Override
  public Routing routing(int layer) {
    return routings[layer];
  }

  /** Installs a question asked while it waits for an expert, as the model's window has one. */
  public void cancelWhen(BooleanSupplier cancelled) {
    window.cancelWhen(cancelled);
  }

  @Override
  public void close() {
    resources.close();
  }
}
