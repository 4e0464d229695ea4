package dev.drey.runtime.schedule;

import dev.drey.runtime.kvcache.BlockKey;
import dev.drey.runtime.kvcache.BlockTable;
import dev.drey.runtime.kvcache.KvPool;
import dev.drey.runtime.kvcache.PrefixMatch;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Decides which sequences run in a step, and takes their tokens in.
 *
 * <p><b>Ownership.</b> The scheduler owns the table of sequences and the blocks they hold; the pool
 * belongs to the engine.
 *
 * <p><b>Table.</b> One list in order of admission. The first {@code running} of it hold blocks, the
 * rest waits: for a place, where more were restored than run together, or for blocks. Nobody
 * overtakes: only the first of the waiting may start, only the last of the running is preempted.
 *
 * <p><b>Blocks.</b> A sequence starts once there are blocks for all its known tokens and one to
 * spare for every running sequence that may still grow (else it would soon be preempted and its
 * prefill lost); blocks that others hold already, because they begin alike, cost nothing. It takes
 * one more whenever a produced token needs it; if none is free, the youngest running sequence gives
 * up its blocks, keeps its output and waits. A request that could not run alone is refused before,
 * so the oldest sequence always goes on: no deadlock.
 *
 * <p><b>Prefixes.</b> Whole blocks whose tokens are stored already are taken over, when a sequence
 * starts and whenever it stands at the end of a block, so that sequences that came together share
 * what the first of them computes. While an earlier one computes the very block that is next for a
 * later one, the later one waits a step.
 *
 * <p><b>Step.</b> One row for every sequence with one token left to compute, then prefill chunks in
 * order, as many as the limits and the time allow.
 *
 * <p><b>Limits</b> may change between steps. Nobody is preempted for that, and a step always has a
 * row for each running sequence, so that all of them get on.
 *
 * <p><b>Bits.</b> Nothing here changes results: not the limits, not the clock, not preemption.
 *
 * <p><b>Threading.</b> One thread.
 */
public final class StepScheduler implements AutoCloseable {
  /** Prefill goes on at this rate even if decoding alone takes longer than a step should. */
  private static final int LEAST_PREFILL_ROWS = 16;

  private final int mostStepTokens;
  private final KvPool pool;
  private final Supplier<? extends Detokenizer> detokenizers;
  private final LongSupplier nanoClock;
  private final ModelLimits limits;
  private final RequestCheck requests;
  private final FinishRules rules;
  private final StepPace pace = new StepPace();
  private final List<Sequence> table = new ArrayList<>();
  private ScheduleConfig config;
  private int running;
  private int runningAtChange;
  private long nextStep;
  private boolean planned;
  private long plannedAtNanos;
  private long preemptions;

  /**
   * @param config limits; its {@code maxStepTokens} is also the size of the steps to be planned
   * @param detokenizers makes one for each sequence
   * @param nanoClock the only clock, in nanoseconds from any origin
   */
  public StepScheduler(
      ScheduleConfig config,
      ModelLimits limits,
      KvPool pool,
      Supplier<? extends Detokenizer> detokenizers,
      LongSupplier nanoClock) {
    this.config = config;
    this.mostStepTokens = config.maxStepTokens();
    this.limits = limits;
    this.pool = pool;
    this.detokenizers = detokenizers;
    this.nanoClock = nanoClock;
    this.requests = new RequestCheck(limits, pool.capacityTokens());
    this.rules = new FinishRules(limits);
  }

  /**
   * Says why a request can never be served here: parameters out of range, too long for the model or
   * for the pool. The messages hold nothing of the prompt.
   *
   * @return all violations; empty if it can be admitted
   */
  public List<String> check(SequenceRequest request) {
    return requests.violations(request);
  }

  /**
   * Takes a sequence into the table. Restored sequences may exceed the table's capacity; they wait.
   *
   * @throws IllegalArgumentException if {@link #check} refuses the request
   */
  public void admit(Sequence sequence) {
    List<String> violations = check(sequence.request());
    if (!violations.isEmpty()) {
      throw new IllegalArgumentException(
          "request '%s' cannot be served: %s"
              .formatted(sequence.request().id(), String.join("; ", violations)));
    }
    int lengthClass = limits.lengthClass(sequence.request().storedTokens());
    sequence.attach(detokenizers.get(), lengthClass);
    table.add(sequence);
    startWaiting();
  }

  /** How many new sequences there is room for; none while any waits. */
  public int free() {
    return running < table.size() ? 0 : Math.max(0, config.maxSequences() - running);
  }

  /**
   * Sets other limits, from the next step on. Sequences that run go on where there are more of them
   * than may start now; the others wait.
   *
   * @throws IllegalArgumentException if steps may have more tokens than when the scheduler was made
   */
  public void changeLimits(ScheduleConfig changed) {
    if (changed.maxStepTokens() > mostStepTokens) {
      throw new IllegalArgumentException(
          "there is memory for steps of %d tokens, found maxStepTokens=%d; keep to that or open another engine"
              .formatted(mostStepTokens, changed.maxStepTokens()));
    }
    config = changed;
    runningAtChange = running;
  }

  /** Whether the table is empty. */
  public boolean isEmpty() {
    return table.isEmpty();
  }

  /** The table in order of admission; a live view that must not be kept over a step. */
  public List<Sequence> sequences() {
    return Collections.unmodifiableList(table);
  }

  /** Sequences that were preempted since the scheduler exists. */
  public long preemptions() {
    return preemptions;
  }

  /**
   * Fills a step with the rows to compute next.
   *
   * @return false if the table is empty
   */
  public boolean plan(Step step) {
    if (planned) {
      throw new IllegalStateException("step " + (nextStep - 1) + " was planned and not completed");
    }
    if (table.isEmpty()) {
      return false;
    }
    plannedAtNanos = nanoClock.getAsLong();
    int preempted = growRunning();
    for (int i = 0; i < running; i++) {
      adopt(table.get(i));
    }
    step.begin(nextStep++);
    addLastRows(step);
    addPrefill(step);
    step.seal(table.size() - running, preempted);
    planned = true;
    return true;
  }

  /**
   * Takes in the tokens of a planned and sampled step.
   *
   * @return the sequences that ended, in order of admission; they hold nothing any more
   */
  public List<Sequence> complete(Step step) {
    if (!planned || step.batch().step() != nextStep - 1) {
      throw new IllegalStateException(
          "step %d is completed; expected a planned step %d"
              .formatted(step.batch().step(), nextStep - 1));
    }
    planned = false;
    for (int i = 0; i < step.sequences(); i++) {
      Sequence sequence = step.member(i);
      sequence.advance(step.memberRows(i));
      pool.publish(sequence.blocks(), sequence.prefix(), sequence.computed());
    }
    for (int i = 0; i < step.batch().logitCount(); i++) {
      Sequence sequence = step.owner(i);
      FinishReason reason = rules.append(sequence, step.choice(i));
      if (reason != null) {
        sequence.finish(reason);
      }
    }
    List<Sequence> finished = removeFinished();
    startWaiting();
    step.finished(nanoClock.getAsLong() - plannedAtNanos);
    pace.observe(step.batch().rows(), step.nanos());
    return finished;
  }

  /**
   * Checks the laws of the table and the pool.
   *
   * @throws IllegalStateException naming what is broken
   */
  public void check() {
    List<BlockTable> holders = new ArrayList<>();
    for (int i = 0; i < table.size(); i++) {
      Sequence sequence = table.get(i);
      boolean holds = sequence.blocks().size() > 0;
      boolean fits =
          sequence.computed() <= (long) sequence.blocks().size() * pool.blockTokens()
              && sequence.computed() >= sequence.blocks().indexed() * pool.blockTokens()
              && (planned || sequence.remaining() > 0);
      if (holds != i < running || !fits || sequence.finishReason() != null) {
        throw new IllegalStateException(
            "table of %d, %d running, is wrong at %d: %s"
                .formatted(table.size(), running, i, sequence));
      }
      holders.add(sequence.blocks());
    }
    int most = Math.max(config.maxSequences(), runningAtChange);
    if (running > most || (running == 0 && !table.isEmpty())) {
      throw new IllegalStateException(
          "%d of %d sequences run, at most %d may and one must"
              .formatted(running, table.size(), most));
    }
    pool.check(holders);
  }

  /** Gives all blocks back, whatever state the sequences are in. Closing twice is harmless. */
  @Override
  public void close() {
    for (Sequence sequence : table) {
      pool.release(sequence.blocks());
    }
    table.clear();
    running = 0;
  }

  private void startWaiting() {
    while (running < table.size() && running < config.maxSequences()) {
      Sequence sequence = table.get(running);
      PrefixMatch stored = pool.match(sequence.prefix(), sequence.skippable());
      int wanted = pool.blocksFor(sequence.known()) - stored.blocks() + stored.idle();
      if (wanted + blocksToSpare() > pool.freeBlocks()) {
        return;
      }
      adopt(sequence);
      pool.grow(sequence.blocks(), sequence.known());
      running++;
    }
  }

  private void adopt(Sequence sequence) {
    sequence.skip(
        pool.adopt(
            sequence.blocks(), sequence.prefix(), sequence.computed(), sequence.skippable()));
  }

  private int blocksToSpare() {
    int growing = 0;
    for (int i = 0; i < running; i++) {
      Sequence sequence = table.get(i);
      long most = sequence.request().storedTokens();
      growing += sequence.blocks().size() < pool.blocksFor(most) ? 1 : 0;
    }
    return growing;
  }

  /** Gives every running sequence a block for its next row; returns how many were preempted. */
  private int growRunning() {
    int before = running;
    for (int i = 0; i < running; i++) {
      Sequence sequence = table.get(i);
      while (i < running && !pool.grow(sequence.blocks(), sequence.known())) {
        preemptYoungest();
      }
    }
    return before - running;
  }

  private void preemptYoungest() {
    Sequence victim = table.get(--running);
    pool.release(victim.blocks());
    victim.forgetComputed();
    preemptions++;
  }

  private void addLastRows(Step step) {
    for (int i = 0; i < running; i++) {
      if (table.get(i).remaining() == 1) {
        step.add(table.get(i), 1, config.microBatch());
      }
    }
  }

  private void addPrefill(Step step) {
    int rows = step.batch().rows();
    int inTime = pace.rowsWithin(config.stepNanos(), config.prefillChunk());
    int room = Math.max(inTime - rows, LEAST_PREFILL_ROWS);
    room = Math.min(room, Math.max(config.maxStepTokens(), running) - rows);
    Set<BlockKey> begun = new HashSet<>();
    for (int i = 0; i < running && room > 0; i++) {
      Sequence sequence = table.get(i);
      if (sequence.remaining() > 1 && !waitsForAnother(sequence, begun)) {
        int chunk = Math.min(Math.min(sequence.remaining(), config.prefillChunk()), room);
        step.add(sequence, chunk, config.microBatch());
        room -= chunk;
      }
    }
  }

  /**
   * Whether an earlier sequence computes, in this step, the block that the sequence could take over
   * next.
   *
   * @param begun blocks that earlier ones compute; the sequence's own is added
   */
  private boolean waitsForAnother(Sequence sequence, Set<BlockKey> begun) {
    BlockTable blocks = sequence.blocks();
    BlockKey next = pool.next(blocks, sequence.prefix(), sequence.known());
    boolean canWait =
        sequence.computed() == blocks.indexed() * pool.blockTokens()
            && sequence.computed() + pool.blockTokens() <= sequence.skippable();
    return next != null && !begun.add(next) && canWait;
  }

  private List<Sequence> removeFinished() {
    List<Sequence> finished = new ArrayList<>();
    int stillRunning = running;
    for (int i = 0; i < running; i++) {
      Sequence sequence = table.get(i);
      if (sequence.finishReason() != null) {
        pool.release(sequence.blocks());
        finished.add(sequence);
        stillRunning--;
      }
    }
    running = stillRunning;
    table.removeIf(sequence -> sequence.finishReason() != null);
    return finished;
  }
}
