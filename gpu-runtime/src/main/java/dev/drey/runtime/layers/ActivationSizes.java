package dev.drey.runtime.layers;

import dev.drey.runtime.model.AttentionConfig;
import dev.drey.runtime.model.ComputeType;
import dev.drey.runtime.model.GatedDeltaRule;
import dev.drey.runtime.model.GroupedQueryAttention;
import dev.drey.runtime.model.LatentAttention;
import dev.drey.runtime.model.LayerConfig;
import dev.drey.runtime.model.ModelConfig;

/**
 * Bytes of every buffer of {@link Activations}: layers of all kinds share them, so each is as large
 * as the layer that needs most of it. None may have 2 GiB or more.
 */
final class ActivationSizes {
  private static final int MAX_LOGIT_ROWS = 64;
  private static final int ALIGNMENT = 64;

  /** A device's operations find their rows by offsets of an int. */
  private static final long MOST_BYTES = Integer.MAX_VALUE;

  private final ModelConfig model;
  private final int maxRows;
  private final int activationBytes;
  private final boolean twoTerms;
  private int queryWidth;
  private int keyWidth;
  private int valueWidth;
  private int gateWidth;
  private int latentWidth;
  private int headCount;
  private int attendedWidth;
  private int headDim;

  ActivationSizes(ModelConfig model, ComputeType compute, int maxRows) {
    this.model = model;
    this.maxRows = maxRows;
    this.activationBytes = compute.activation().bytes();
    this.twoTerms = ResidualStream.twoTerms(model, compute);
    for (LayerConfig layer : model.decoder().stream().distinct().toList()) {
      add(layer.attention());
    }
  }

  private void add(AttentionConfig attention) {
    if (attention instanceof GroupedQueryAttention grouped) {
      widen(grouped.queryWidth(), grouped.kvWidth(), grouped.kvWidth(), grouped.queryWidth());
      gateWidth = Math.max(gateWidth, grouped.outputGate() ? grouped.queryWidth() : 0);
      headDim = Math.max(headDim, grouped.headDim());
    } else if (attention instanceof LatentAttention latent) {
      int heads = latent.heads();
      widen(
          heads * latent.keyDim(),
          latent.keyDim(),
          latent.valueDim(),
          Math.max(heads * latent.valueWidth(), latent.queryRank()));
      int widestPart =
          Math.max(latent.valueWidth(), Math.max(latent.plainDim(), latent.rotaryDim()));
      gateWidth = Math.max(gateWidth, heads * widestPart);
      latentWidth = Math.max(latentWidth, Math.max(heads * latent.kvRank(), latent.queryRank()));
    } else if (attention instanceof GatedDeltaRule delta) {
      int keys = delta.keyHeads() * delta.keyWidth();
      widen(keys, keys, delta.values(), delta.values());
      gateWidth = Math.max(gateWidth, delta.values());
      headCount = Math.max(headCount, delta.valueHeads());
    }
  }

  private void widen(int queries, int keys, int values, int attended) {
    queryWidth = Math.max(queryWidth, queries);
    keyWidth = Math.max(keyWidth, keys);
    valueWidth = Math.max(valueWidth, values);
    attendedWidth = Math.max(attendedWidth, attended);
  }

  int logitRows() {
    return Math.min(MAX_LOGIT_ROWS, maxRows);
  }

  long hiddenFloats() {
    return floats(model.hidden());
  }

  long hiddenActivations() {
    return align((long) maxRows * model.hidden() * activationBytes);
  }

  long remainders() {
    return twoTerms ? hiddenActivations() : align(0);
  }

  long queries() {
    return floats(queryWidth);
  }

  long keys() {
    return floats(keyWidth);
  }

  long values() {
    return floats(valueWidth);
  }

  long gates() {
    return floats(gateWidth);
  }

  long latents() {
    return floats(latentWidth);
  }

  long heads() {
    return floats(headCount);
  }

  long attended() {
    return align((long) maxRows * attendedWidth * activationBytes);
  }

  long attendedFloats() {
    return twoTerms ? floats(attendedWidth) : align(0);
  }

  int oneCount() {
    return headDim;
  }

  long ones() {
    return align((long) headDim * Float.BYTES);
  }

  long expertOut() {
    int outputsPerRow = Math.max(1, model.moe().expertsPerToken());
    return align((long) maxRows * outputsPerRow * model.hidden() * Float.BYTES);
  }

  long sharedOut() {
    return model.moe().sharedIntermediate() > 0 ? hiddenFloats() : align(0);
  }

  long logits() {
    return align((long) logitRows() * model.vocabulary() * Float.BYTES);
  }

  long total() {
    return 2 * hiddenFloats()
        + hiddenActivations()
        + remainders()
        + queries()
        + keys()
        + values()
        + gates()
        + latents()
        + 2 * heads()
        + attended()
        + attendedFloats()
        + ones()
        + expertOut()
        + sharedOut()
        + logits();
  }

  private long floats(int width) {
    return align((long) maxRows * width * Float.BYTES);
  }

  private long align(long bytes) {
    if (bytes > MOST_BYTES) {
      throw new IllegalArgumentException(
          "steps of %d rows need a buffer of %d bytes, and one has less than 2 GiB; set drey.schedule.max-step-tokens to at most %d"
              .formatted(maxRows, bytes, MOST_BYTES / (bytes / maxRows)));
    }
    return Math.max(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
  }
}
