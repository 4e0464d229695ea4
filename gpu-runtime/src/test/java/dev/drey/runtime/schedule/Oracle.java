package dev.drey.runtime.schedule;

import dev.drey.runtime.sampling.Sampler;
import dev.drey.runtime.sampling.SamplingParams;
import dev.drey.runtime.sampling.TokenChoice;
import dev.drey.runtime.sampling.TokenHistory;
import dev.drey.runtime.schedule.SequenceRequest.Kind;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Serves one request alone, in the plainest way; says what every schedule must give. */
final class Oracle {
  private final ModelLimits limits;

  Oracle(ModelLimits limits) {
    this.limits = limits;
  }

  /** Everything about an outcome that a result shows, floats by their bits. */
  static String describe(Sequence sequence) {
    SequenceProgress progress = sequence.progress();
    return outcome(
        progress.outputIds(),
        sequence.text(),
        progress.logprobs(),
        progress.topIds(),
        progress.topLogprobs(),
        sequence.isGreedy(),
        sequence.finishReason());
  }

  private static String outcome(
      int[] ids,
      String text,
      float[] logprobs,
      int[] topIds,
      float[] topLogprobs,
      boolean greedy,
      @Nullable FinishReason reason) {
    return "%s '%s' %s %s %s %s %s"
        .formatted(
            Arrays.toString(ids),
            text,
            Arrays.toString(logprobs),
            Arrays.toString(topIds),
            Arrays.toString(topLogprobs),
            greedy,
            reason);
  }

  String serve(SequenceRequest request) {
    List<TokenChoice> choices = new ArrayList<>();
    FinishReason reason =
        request.kind() == Kind.SCORE ? score(request, choices) : generate(request, choices);
    boolean wantsLogprobs = request.kind() == Kind.SCORE || request.sampling().logprobs() >= 0;
    int[] ids = choices.stream().mapToInt(TokenChoice::id).toArray();
    float[] logprobs = new float[wantsLogprobs ? ids.length : 0];
    List<Integer> topIds = new ArrayList<>();
    List<Float> topLogprobs = new ArrayList<>();
    boolean greedy = true;
    for (int i = 0; i < ids.length; i++) {
      TokenChoice choice = choices.get(i);
      greedy &= choice.likeliest();
      if (wantsLogprobs) {
        logprobs[i] = choice.logprob();
      }
      for (int rank = 0; rank < choice.topIds().length; rank++) {
        topIds.add(choice.topIds()[rank]);
        topLogprobs.add(choice.topLogprobs()[rank]);
      }
    }
    String text = request.kind() == Kind.SCORE ? "" : text(request, ids);
    return "%s '%s' %s %s %s %s %s"
        .formatted(
            Arrays.toString(ids),
            text,
            Arrays.toString(logprobs),
            topIds,
            topLogprobs,
            greedy,
            reason);
  }

  private FinishReason score(SequenceRequest request, List<TokenChoice> choices) {
    Sampler sampler = new Sampler(limits.vocabulary(), limits.endTokens());
    int[] ids = request.promptIds();
    TokenHistory nothing = new TokenHistory(request.id(), ids, new int[0], 0);
    for (int i = request.scoreFrom(); i < ids.length; i++) {
      FloatBuffer logits = FloatBuffer.wrap(FakeModel.logitsAfter(ids, i));
      choices.add(sampler.score(logits, ids[i], request.sampling().logprobs(), nothing, i));
    }
    return FinishReason.STOP;
  }

  private FinishReason generate(SequenceRequest request, List<TokenChoice> choices) {
    SamplingParams params = request.sampling();
    Sampler sampler = new Sampler(limits.vocabulary(), limits.endTokens());
    int prompt = request.promptIds().length;
    int[] all = Arrays.copyOf(request.promptIds(), prompt + params.maxTokens());
    for (int n = 1; n <= params.maxTokens(); n++) {
      int[] output = Arrays.copyOfRange(all, prompt, prompt + n - 1);
      FloatBuffer logits = FloatBuffer.wrap(FakeModel.logitsAfter(all, prompt + n - 1));
      TokenHistory history =
          new TokenHistory(request.id(), request.promptIds(), output, output.length);
      TokenChoice choice = sampler.sample(logits, params, history);
      choices.add(choice);
      all[prompt + n - 1] = choice.id();
      boolean stops = stopAt(params, pieces(all, prompt, n), all, prompt, n) >= 0;
      if (stops || (n > params.minTokens() && isEnd(params, choice.id()))) {
        return FinishReason.STOP;
      }
    }
    int count = params.maxTokens();
    String whole = pieces(all, prompt, count) + rest(all, prompt, count);
    boolean stops = count > params.minTokens() && stopAt(params, whole, all, prompt, count) >= 0;
    return stops ? FinishReason.STOP : FinishReason.LENGTH;
  }

  private boolean isEnd(SamplingParams params, int id) {
    return (limits.endTokens().contains(id) && !params.ignoreEos())
        || params.stopTokenIds().contains(id);
  }

  private String text(SequenceRequest request, int[] ids) {
    SamplingParams params = request.sampling();
    boolean ended = ids.length > params.minTokens() && isEnd(params, ids[ids.length - 1]);
    int count = ended ? ids.length - 1 : ids.length;
    String text = pieces(ids, 0, count);
    int stop = ended ? -1 : stopAt(params, text, ids, 0, count);
    if (stop < 0) {
      text += rest(ids, 0, count);
      stop = ids.length > params.minTokens() ? stopAt(params, text, ids, 0, count) : -1;
    }
    return stop >= 0 ? text.substring(0, stop) : text;
  }

  /** Where the stop string starts whose last character comes first, or -1. */
  private static int stopAt(SamplingParams params, String text, int[] ids, int from, int count) {
    int exempt = pieces(ids, from, Math.min(count, params.minTokens())).length();
    int start = -1;
    int end = Integer.MAX_VALUE;
    for (String stop : params.stop()) {
      int at = text.indexOf(stop, Math.max(0, exempt + 1 - stop.length()));
      int stopEnd = at + stop.length();
      if (at >= 0 && (stopEnd < end || (stopEnd == end && at < start))) {
        start = at;
        end = stopEnd;
      }
    }
    return start;
  }

  /** The whole characters of so many ids. */
  private static String pieces(int[] ids, int from, int count) {
    return feed(new FakeDetokenizer(), ids, from, count);
  }

  /** What is held back after them. */
  private static String rest(int[] ids, int from, int count) {
    FakeDetokenizer detokenizer = new FakeDetokenizer();
    feed(detokenizer, ids, from, count);
    return detokenizer.finish();
  }

  private static String feed(FakeDetokenizer detokenizer, int[] ids, int from, int count) {
    StringBuilder text = new StringBuilder();
    for (int i = from; i < from + count; i++) {
      text.append(detokenizer.append(ids[i]));
    }
    return text.toString();
  }
}
