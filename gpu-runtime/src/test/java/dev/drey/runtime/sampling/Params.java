package dev.drey.runtime.sampling;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Sampling parameters written down by the names that differ from greedy. */
public final class Params {
  private int maxTokens = 16;
  private double temperature;
  private int topK;
  private double topP = 1;
  private double minP;
  private double repetition = 1;
  private double presence;
  private double frequency;
  private long seed;
  private final Set<Integer> stopTokenIds = new HashSet<>();
  private List<String> stop = List.of();
  private boolean ignoreEos;
  private int minTokens;
  private int logprobs = -1;

  public Params maxTokens(int value) {
    maxTokens = value;
    return this;
  }

  public Params temperature(double value) {
    temperature = value;
    return this;
  }

  public Params topK(int value) {
    topK = value;
    return this;
  }

  public Params topP(double value) {
    topP = value;
    return this;
  }

  public Params minP(double value) {
    minP = value;
    return this;
  }

  public Params repetitionPenalty(double value) {
    repetition = value;
    return this;
  }

  public Params presencePenalty(double value) {
    presence = value;
    return this;
  }

  public Params frequencyPenalty(double value) {
    frequency = value;
    return this;
  }

  public Params seed(long value) {
    seed = value;
    return this;
  }

  public Params stopTokenId(int value) {
    stopTokenIds.add(value);
    return this;
  }

  public Params stop(String... values) {
    stop = List.of(values);
    return this;
  }

  public Params ignoreEos() {
    ignoreEos = true;
    return this;
  }

  public Params minTokens(int value) {
    minTokens = value;
    return this;
  }

  public Params logprobs(int value) {
    logprobs = value;
    return this;
  }

  public SamplingParams build() {
    return new SamplingParams(
        maxTokens,
        temperature,
        topK,
        topP,
        minP,
        repetition,
        presence,
        frequency,
        seed,
        stopTokenIds,
        stop,
        ignoreEos,
        minTokens,
        logprobs);
  }
}
