package dev.drey.runtime.model;

import java.util.ArrayList;
import java.util.List;

/**
 * Multi-head latent attention (DeepSeek-AI, arXiv 2405.04434): keys and values of all heads are
 * linear images of one short latent vector per token, beside one rotated key that the heads share.
 * Only latent and rotated key are stored; the images are taken of the queries and of the outputs
 * instead ("absorbed"), in prefill and decode alike.
 *
 * @param heads query heads
 * @param queryRank width of the queries' own latent; 0 if queries are projected at once
 * @param kvRank width of the latent of keys and values
 * @param plainDim width of a head's part without position
 * @param rotaryDim width of its rotated part
 * @param valueWidth width of a head's value
 * @param scale factor on the scores
 * @param rotary position embedding of the rotated part
 * @param bias whether the projections into latents and the output projection have a bias
 */
public record LatentAttention(
    int heads,
    int queryRank,
    int kvRank,
    int plainDim,
    int rotaryDim,
    int valueWidth,
    double scale,
    RotaryConfig rotary,
    boolean bias)
    implements AttentionConfig {

  @Override
  public int kvHeads() {
    return 1;
  }

  @Override
  public int keyDim() {
    return kvRank + rotaryDim;
  }

  @Override
  public int valueDim() {
    return kvRank;
  }

  @Override
  public List<WeightShape> weights(int hidden) {
    List<WeightShape> weights = new ArrayList<>();
    int queryInputs = hidden;
    if (queryRank > 0) {
      weights.add(WeightShape.matrix(Weight.QUERY_LATENT, queryRank, hidden));
      weights.add(WeightShape.vector(Weight.QUERY_LATENT_NORM, queryRank));
      queryInputs = queryRank;
    }
    weights.add(WeightShape.matrix(Weight.QUERY_PLAIN, heads * plainDim, queryInputs));
    weights.add(WeightShape.matrix(Weight.QUERY_ROTARY, heads * rotaryDim, queryInputs));
    weights.add(WeightShape.matrix(Weight.KV_LATENT, kvRank, hidden));
    weights.add(WeightShape.vector(Weight.KV_LATENT_NORM, kvRank));
    weights.add(WeightShape.matrix(Weight.KEY_ROTARY, rotaryDim, hidden));
    weights.add(WeightShape.heads(Weight.KEY_IMAGE, heads, kvRank, plainDim));
    weights.add(WeightShape.heads(Weight.VALUE_IMAGE, heads, valueWidth, kvRank));
    weights.add(WeightShape.matrix(Weight.ATTENTION_OUTPUT, hidden, heads * valueWidth));
    if (bias) {
      if (queryRank > 0) {
        weights.add(WeightShape.vector(Weight.QUERY_LATENT_BIAS, queryRank));
      }
      weights.add(WeightShape.vector(Weight.KV_LATENT_BIAS, kvRank));
      weights.add(WeightShape.vector(Weight.KEY_ROTARY_BIAS, rotaryDim));
      weights.add(WeightShape.vector(Weight.ATTENTION_OUTPUT_BIAS, hidden));
    }
    return weights;
  }
}
