package dev.drey.jobs.cli;

import dev.drey.jobs.run.Progress;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/**
 * Shows a run as one line: rewritten in place on a terminal, a new line every ten seconds
 * elsewhere.
 */
final class ProgressLine implements Progress {
  private static final Duration BETWEEN_LINES = Duration.ofSeconds(10);
  private static final String CLEAR = "\r\u001b[K";

  private final PrintWriter err;
  private final boolean terminal;
  private Duration lastLine = Duration.ofSeconds(-10);
  private boolean open;

  ProgressLine(Console console) {
    this.err = console.err();
    this.terminal = console.terminal();
  }

  @Override
  public void note(String line) {
    clear();
    err.println("drey: " + line);
    err.flush();
  }

  @Override
  public void update(Sample sample) {
    if (terminal) {
      err.print(CLEAR + text(sample));
      err.flush();
      open = true;
    } else if (sample.elapsed().minus(lastLine).compareTo(BETWEEN_LINES) >= 0) {
      lastLine = sample.elapsed();
      err.println(text(sample));
      err.flush();
    }
  }

  @Override
  public void done() {
    clear();
    err.flush();
  }

  private void clear() {
    if (open) {
      err.print(CLEAR);
      open = false;
    }
  }

  /** Done and total, tokens per second, hit rate, share of waiting, time. */
  static String text(Sample sample) {
    long done = sample.counts().outcomes();
    String records =
        sample.total() < 0
            ? SizeText.count(done)
            : "%d / %d (%s)"
                .formatted(
                    done,
                    sample.total(),
                    SizeText.percent(sample.total() == 0 ? 1 : (double) done / sample.total()));
    return String.format(
        Locale.ROOT,
        "%s records, %.0f tokens/s, hit rate %s, stalled %s, %s",
        records,
        sample.tokensPerSecond(),
        SizeText.percent(sample.engines().hitRate()),
        SizeText.percent(sample.engines().stallShare()),
        SizeText.clock(sample.elapsed()));
  }
}
