package dev.drey.runtime.schedule;

import dev.drey.runtime.kvcache.BlockTable;
import dev.drey.runtime.kvcache.PrefixTokens;
import dev.drey.runtime.sampling.TokenChoice;
import dev.drey.runtime.sampling.TokenHistory;
import dev.drey.runtime.schedule.SequenceRequest.Kind;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A request while it is served. Identity counts, not content: two equal requests are two sequences.
 *
 * <p><b>States.</b> <i>Waiting</i>: in a table, holds no blocks, computed 0. <i>Running</i>: holds
 * blocks; the first {@code computed} of its known tokens have keys and values there. With more than
 * one known token left to compute it is in prefill, with one in decode. <i>Finished</i>: has a
 * finish reason, holds no blocks, never changes again. A preempted sequence goes from running back
 * to waiting and keeps its output.
 *
 * <p><b>Known tokens.</b> For generation prompt and output; for scoring the prompt without its last
 * token, for which nothing follows.
 *
 * <p><b>Counting.</b> Two marks say why a row is computed. Below {@code mark} it was computed in
 * this life: recomputed. Else below {@code restoredMark} it was computed before a restart:
 * re-prefilled. Else it is new. A row whose keys and values another sequence has stored is not
 * computed and not counted.
 *
 * <p><b>Threading.</b> One thread, the scheduler's.
 */
public final class Sequence {
  private final SequenceRequest request;
  private final TokenLog log;
  private final BlockTable blocks = new BlockTable();
  private final StopText text;
  private final int restoredMark;
  private int computed;
  private int mark;
  private int lengthClass;
  private TokenCounters counters;
  private @Nullable Detokenizer detokenizer;
  private @Nullable FinishReason finishReason;

  private Sequence(SequenceRequest request, SequenceProgress progress) {
    this.request = request;
    this.log = new TokenLog(wantsLogprobs(request), progress);
    this.text = new StopText(request.sampling().stop());
    this.restoredMark = progress.computedTokens();
    this.counters = progress.counters();
  }

  /** A sequence with nothing done yet. */
  public static Sequence fresh(SequenceRequest request) {
    return new Sequence(request, SequenceProgress.START);
  }

  /**
   * A sequence that goes on where {@link #progress()} was taken.
   *
   * @throws IllegalArgumentException if the progress cannot be that of an unfinished sequence of
   *     this request
   */
  public static Sequence restored(SequenceRequest request, SequenceProgress progress) {
    int wanted =
        request.kind() == Kind.SCORE ? request.scoredTokens() : request.sampling().maxTokens();
    int output = progress.outputIds().length;
    int alternatives = output == 0 ? 0 : progress.topIds().length / output;
    if (output >= wanted
        || (wantsLogprobs(request) ? output : 0) != progress.logprobs().length
        || progress.topIds().length != output * alternatives
        || progress.topLogprobs().length != output * alternatives) {
      throw new IllegalArgumentException(
          "stored progress of request '%s' does not fit it: %d tokens of %d, %d log-probabilities, %d + %d alternatives"
              .formatted(
                  request.id(),
                  output,
                  wanted,
                  progress.logprobs().length,
                  progress.topIds().length,
                  progress.topLogprobs().length));
    }
    return new Sequence(request, progress);
  }

  private static boolean wantsLogprobs(SequenceRequest request) {
    return request.kind() == Kind.SCORE || request.sampling().logprobs() >= 0;
  }

  /** What is asked for. */
  public SequenceRequest request() {
    return request;
  }

  /** A copy of all that is needed to go on later, at any time between two steps. */
  public SequenceProgress progress() {
    return log.progress(Math.max(mark, restoredMark), counters);
  }

  /** Number of tokens produced, or scored, so far. */
  public int outputCount() {
    return log.size();
  }

  /** Tokens produced, the end token included, or scored, so far; a copy. */
  public int[] outputIds() {
    return Arrays.copyOf(log.ids(), log.size());
  }

  /** Sum of the log-probabilities of the output; 0 if none were wanted. */
  public double logprobSum() {
    return log.logprobSum();
  }

  /** Whether every output token is the likeliest at its position. */
  public boolean isGreedy() {
    return log.greedy();
  }

  /**
   * The text so far, without end and stop tokens. While the sequence runs it may end in the
   * beginning of a stop string. Empty before admission and for scoring.
   */
  public String text() {
    return text.toString();
  }

  /** Why it ended, or null while it has not. */
  public @Nullable FinishReason finishReason() {
    return finishReason;
  }

  /** Rows computed for it so far. */
  public TokenCounters counters() {
    return counters;
  }

  // -- for the scheduler

  boolean generates() {
    return request.kind() == Kind.GENERATE;
  }

  BlockTable blocks() {
    return blocks;
  }

  int computed() {
    return computed;
  }

  int known() {
    int prompt = request.promptIds().length;
    return generates() ? prompt + log.size() : prompt - 1;
  }

  /** Tokens in front of the first whose logits are needed: their rows need not be computed. */
  int skippable() {
    return generates() ? known() - 1 : request.scoreFrom() + log.size() - 1;
  }

  /** The sequence as the block index sees it. */
  PrefixTokens prefix() {
    return new PrefixTokens() {
      @Override
      public int lengthClass() {
        return lengthClass;
      }

      @Override
      public int token(int position) {
        return Sequence.this.token(position);
      }
    };
  }

  int remaining() {
    return known() - computed;
  }

  int token(int position) {
    int[] prompt = request.promptIds();
    return position < prompt.length ? prompt[position] : log.ids()[position - prompt.length];
  }

  /** Whether the logits of the row at this position are needed. */
  boolean wantsLogits(int position) {
    return position >= skippable();
  }

  TokenHistory history() {
    return new TokenHistory(request.id(), request.promptIds(), log.ids(), log.size());
  }

  /** The causes of so many rows from the next to be computed. */
  TokenCounters classify(int rows) {
    int end = computed + rows;
    int recomputed = overlap(computed, end, 0, mark);
    int rePrefilled = overlap(computed, end, mark, restoredMark);
    int fresh = Math.max(mark, restoredMark);
    int prompt = request.promptIds().length;
    return new TokenCounters(
        overlap(computed, end, fresh, prompt),
        overlap(computed, end, Math.max(fresh, prompt), Integer.MAX_VALUE),
        rePrefilled,
        recomputed);
  }

  private static int overlap(int from, int to, int low, int high) {
    return Math.max(0, Math.min(to, high) - Math.max(from, low));
  }

  /**
   * Attaches the detokenizer and repeats the text of what was produced before.
   *
   * @param newLengthClass what the model makes of the sequence's longest possible length
   */
  void attach(Detokenizer newDetokenizer, int newLengthClass) {
    if (detokenizer != null) {
      throw new IllegalStateException("sequence '" + request.id() + "' is admitted twice");
    }
    detokenizer = newDetokenizer;
    lengthClass = newLengthClass;
    if (generates()) {
      for (int i = 0; i < log.size(); i++) {
        appendText(log.ids()[i], i + 1);
      }
    }
  }

  /** Notes that rows were computed. */
  void advance(int rows) {
    counters = counters.plus(classify(rows));
    computed += rows;
    mark = Math.max(mark, computed);
  }

  /** Notes that so many tokens more are stored without having been computed. */
  void skip(int tokens) {
    computed += tokens;
    mark = Math.max(mark, computed);
  }

  void appendOutput(TokenChoice choice) {
    log.append(choice);
  }

  /**
   * Appends a token's text.
   *
   * @param count tokens produced, this one included
   * @return whether a stop string was completed
   */
  boolean appendText(int id, int count) {
    return appendPiece(detokenizer().append(id), count);
  }

  /** Appends what the detokenizer held back; returns whether a stop string was completed. */
  boolean finishText() {
    return appendPiece(detokenizer().finish(), log.size());
  }

  private Detokenizer detokenizer() {
    if (detokenizer == null) {
      throw new IllegalStateException("sequence '" + request.id() + "' was never admitted");
    }
    return detokenizer;
  }

  private boolean appendPiece(String piece, int count) {
    if (count <= request.sampling().minTokens()) {
      text.appendExempt(piece);
      return false;
    }
    return text.append(piece);
  }

  /** Forgets the keys and values; the blocks must have been released. */
  void forgetComputed() {
    computed = 0;
  }

  void finish(FinishReason reason) {
    finishReason = reason;
  }

  @Override
  public String toString() {
    return "sequence '%s': %s, prompt %d, output %d, computed %d, blocks %d"
        .formatted(
            request.id(),
            request.kind(),
            request.promptIds().length,
            log.size(),
            computed,
            blocks.size());
  }
}
