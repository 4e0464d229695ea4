package dev.drey.jobs.report;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.drey.jobs.files.AtomicFile;
import dev.drey.runtime.trace.DemandOutcome;
import dev.drey.runtime.trace.LoadResult;
import dev.drey.runtime.trace.TraceReader;
import dev.drey.runtime.trace.TraceSink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/**
 * Writes a trace in the JSON event format that Perfetto and Chrome's own viewer open: steps, layers
 * and waiting on one track, loads on one per lane of the link, residents and rows as counters.
 * Memory does not depend on the trace's length.
 */
public final class ChromeTrace implements TraceSink {
  private static final int PROCESS = 1;
  private static final int FORWARD_PASS = 1;
  private static final int FIRST_LINK = 10;

  private final JsonGenerator json;
  private final LinkLanes lanes = new LinkLanes();
  private int lanesNamed;
  private long stepStart;
  private int stepRows;
  private long mark;
  private long routed;
  private final Map<DemandOutcome, Integer> outcomes = new EnumMap<>(DemandOutcome.class);
  private long resident;

  private ChromeTrace(JsonGenerator json) {
    this.json = json;
  }

  /**
   * Writes the file.
   *
   * @throws dev.drey.runtime.trace.TraceFileException if the trace is not whole
   */
  public static void write(Path trace, Path target) throws IOException {
    try (TraceReader reader = TraceReader.open(trace);
        AtomicFile file = AtomicFile.beside(target);
        JsonGenerator json = new JsonFactory().createGenerator(file.out(), JsonEncoding.UTF8)) {
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      json.writeStartObject();
      json.writeStringField("displayTimeUnit", "ns");
      json.writeArrayFieldStart("traceEvents");
      ChromeTrace events = new ChromeTrace(json);
      events.name("process_name", 0, "drey " + reader.header().model());
      events.name("thread_name", FORWARD_PASS, "forward pass");
      reader.read(events);
      json.writeEndArray();
      json.writeEndObject();
      json.flush();
      file.commit();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** A part of an event that may fail to be written. */
  private interface Body {
    void write() throws IOException;
  }

  private void event(String phase, int track, String name, long nanos, Body rest) {
    try {
      json.writeStartObject();
      json.writeStringField("ph", phase);
      json.writeNumberField("pid", PROCESS);
      json.writeNumberField("tid", track);
      json.writeStringField("name", name);
      json.writeNumberField("ts", nanos / 1e3);
      rest.write();
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void name(String kind, int track, String name) {
    event(
        "M",
        track,
        kind,
        0,
        () -> {
          json.writeObjectFieldStart("args");
          json.writeStringField("name", name);
          json.writeEndObject();
        });
  }

  private void span(int track, String name, long from, long to, Body arguments) {
    event(
        "X",
        track,
        name,
        from,
        () -> {
          json.writeNumberField("dur", (to - from) / 1e3);
          json.writeObjectFieldStart("args");
          arguments.write();
          json.writeEndObject();
        });
  }

  private void counter(String name, long nanos, long value) {
    event(
        "C",
        0,
        name,
        nanos,
        () -> {
          json.writeObjectFieldStart("args");
          json.writeNumberField(name, value);
          json.writeEndObject();
        });
  }

  @Override
  public void stepBegan(long nanos, long step, int rows, int logitRows) {
    stepStart = nanos;
    stepRows = rows;
    mark = nanos;
    counter("rows", nanos, rows);
  }

  @Override
  public void routed(
      long nanos, long step, int layer, int count, int[] experts, int[] rows, float[] weights) {
    span(FORWARD_PASS, "attention and router " + layer, mark, nanos, () -> {});
    routed = nanos;
  }

  @Override
  public void demanded(
      long nanos, long step, int layer, int count, int[] experts, DemandOutcome[] all) {
    outcomes.clear();
    for (int i = 0; i < count; i++) {
      outcomes.merge(all[i], 1, Integer::sum);
    }
  }

  @Override
  public void demandEnded(long nanos, long step, int layer, long stallNanos) {
    span(
        FORWARD_PASS,
        "experts " + layer,
        routed,
        nanos,
        () -> {
          json.writeNumberField("wait_us", stallNanos / 1e3);
          for (DemandOutcome outcome : DemandOutcome.values()) {
            json.writeNumberField(
                outcome.name().toLowerCase(Locale.ROOT), outcomes.getOrDefault(outcome, 0));
          }
        });
    mark = nanos;
  }

  @Override
  public void loadEnded(
      long nanos,
      long load,
      int layer,
      int expert,
      long startedNanos,
      long bytes,
      boolean prefetch,
      LoadResult result) {
    resident += result == LoadResult.LOADED ? 1 : 0;
    if (bytes == 0) {
      return;
    }
    int lane = lanes.take(startedNanos, nanos);
    for (; lanesNamed <= lane; lanesNamed++) {
      name("thread_name", FIRST_LINK + lanesNamed, "link " + (lanesNamed + 1));
    }
    span(
        FIRST_LINK + lane,
        "L" + layer + "/E" + expert,
        startedNanos,
        nanos,
        () -> {
          json.writeNumberField("bytes", bytes);
          json.writeStringField("for", prefetch ? "prediction" : "demand");
          json.writeStringField("result", result.name().toLowerCase(Locale.ROOT));
        });
  }

  @Override
  public void evicted(long nanos, int layer, int expert, boolean unused) {
    resident--;
  }

  @Override
  public void stepEnded(long nanos, long step) {
    span(
        FORWARD_PASS,
        "step " + step,
        stepStart,
        nanos,
        () -> json.writeNumberField("rows", stepRows));
    counter("resident experts", nanos, resident);
  }
}
