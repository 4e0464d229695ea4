package dev.drey.operators.metrics;

import dev.drey.operators.slot.SlotEngine;
import dev.drey.runtime.schedule.FinishReason;
import dev.drey.runtime.schedule.Sequence;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.runtime.schedule.Step;
import dev.drey.runtime.schedule.StepScheduler;
import dev.drey.runtime.schedule.TokenCounters;
import java.util.EnumMap;
import java.util.Map;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;

/**
 * What the head counts and times, under the names vLLM has for it where it has one. Times are in
 * microseconds of the monotonic clock, and say so in their names. One thread updates; reporters
 * read gauges from others and may see a value that is one step old.
 */
public final class HeadMetrics {
  private static final long NANOS_PER_MICRO = 1000;

  private final MetricGroup group;
  private final Counter promptTokens;
  private final Counter generationTokens;
  private final Counter steps;
  private final Counter restoredSequences;
  private final Counter restoredTokens;
  private final Counter rePrefilledTokens;
  private final Counter recomputedTokens;
  private final Map<FinishReason, Counter> success = new EnumMap<>(FinishReason.class);
  private final Summary firstToken;
  private final Summary interToken;
  private final Summary endToEnd;
  private final Summary stepTime;
  private final Summary batchTokens;
  private volatile int running;
  private volatile int waiting;
  private volatile long preemptions;

  /**
   * @param group of the head's operator
   */
  public HeadMetrics(MetricGroup group) {
    this.group = group;
    promptTokens = group.counter("prompt_tokens_total");
    generationTokens = group.counter("generation_tokens_total");
    for (FinishReason reason : FinishReason.values()) {
      success.put(
          reason,
          group.addGroup("finished_reason", reason.wireName()).counter("request_success_total"));
    }
    firstToken = new Summary(group, "time_to_first_token_us");
    interToken = new Summary(group, "inter_token_latency_us");
    endToEnd = new Summary(group, "e2e_request_latency_us");
    MetricGroup moe = group.addGroup("moe");
    steps = moe.counter("steps_total");
    stepTime = new Summary(moe, "step_time_us");
    batchTokens = new Summary(moe, "batch_size_tokens");
    restoredSequences = moe.counter("restored_sequences_total");
    restoredTokens = moe.counter("restored_tokens_total");
    rePrefilledTokens = moe.counter("re_prefilled_tokens_total");
    recomputedTokens = moe.counter("recomputed_tokens_total");
  }

  /** Registers gauges on what the head drives. */
  public void watch(SlotEngine engine) {
    group.gauge("num_requests_running", () -> running);
    group.gauge("num_requests_waiting", () -> waiting);
    group.gauge("num_preemptions_total", () -> preemptions);
    EngineMetrics.register(group, engine);
  }

  /** Times of one request. */
  public final class Timing {
    private final long admitted = System.nanoTime();
    private long lastToken;
    private int tokens;

    private Timing(int tokensBefore) {
      tokens = tokensBefore;
    }

    /** Notes what a step produced for the sequence. */
    public void produced(Sequence sequence) {
      int count = sequence.outputCount();
      if (count == tokens) {
        return;
      }
      long now = System.nanoTime();
      if (lastToken == 0) {
        firstToken.add((now - admitted) / NANOS_PER_MICRO);
      } else {
        interToken.add((now - lastToken) / NANOS_PER_MICRO);
      }
      if (sequence.request().kind() == SequenceRequest.Kind.GENERATE) {
        generationTokens.inc(count - tokens);
      }
      tokens = count;
      lastToken = now;
    }

    /** Notes the end of the sequence. */
    public void finished(Sequence sequence) {
      endToEnd.add((System.nanoTime() - admitted) / NANOS_PER_MICRO);
      Counter counter = success.get(sequence.finishReason());
      if (counter != null) {
        counter.inc();
      }
    }
  }

  /**
   * A sequence came into the table.
   *
   * @param tokensBefore tokens it had already produced
   */
  public Timing admitted(SequenceRequest request, int tokensBefore) {
    promptTokens.inc(request.promptIds().length);
    return new Timing(tokensBefore);
  }

  /** A sequence came back from a checkpoint with so many tokens. */
  public void restored(int tokens) {
    restoredSequences.inc();
    restoredTokens.inc(tokens);
  }

  /** A step was completed. */
  public void stepped(Step step, StepScheduler scheduler) {
    steps.inc();
    stepTime.add(step.nanos() / NANOS_PER_MICRO);

    TokenCounters rows = step.rows();
    batchTokens.add(rows.total());
    rePrefilledTokens.inc(rows.rePrefilled());
    recomputedTokens.inc(rows.recomputed());
    observe(scheduler, step.waiting());
  }

  private void observe(StepScheduler scheduler, int waitingNow) {
    waiting = waitingNow;
    running = scheduler.sequences().size() - waitingNow;
    preemptions = scheduler.preemptions();
  }
}
