package dev.drey.jobs.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.runtime.trace.LatencyFold;
import dev.drey.runtime.trace.LatencyMetrics;
import dev.drey.runtime.trace.LinkFold;
import dev.drey.runtime.trace.RecallFold;
import dev.drey.runtime.trace.RecallMetrics;
import dev.drey.runtime.trace.ResidencyFold;
import dev.drey.runtime.trace.ResidencyMetrics;
import dev.drey.runtime.trace.TraceFan;
import dev.drey.runtime.trace.TraceHeader;
import dev.drey.runtime.trace.TraceReader;
import dev.drey.runtime.trace.TraceTotals;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Everything a report shows of one trace, read in one pass.
 *
 * @param header what the trace was recorded of
 * @param totals what the end of the file says
 * @param residency hits, misses, bytes, stall
 * @param latency throughput and latencies
 * @param recall predictions by distance
 * @param linkBytesPerSecond rate of the link while busy
 * @param linkBusyNanos time something was moved
 * @param charts series for the charts
 */
public record TraceReport(
    TraceHeader header,
    TraceTotals totals,
    ResidencyMetrics residency,
    LatencyMetrics latency,
    List<RecallMetrics> recall,
    double linkBytesPerSecond,
    long linkBusyNanos,
    ObjectNode charts) {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE);

  /**
   * Reads a trace.
   *
   * @throws dev.drey.runtime.trace.TraceFileException if the file is not a whole trace
   */
  public static TraceReport read(Path file) throws IOException {
    try (TraceReader reader = TraceReader.open(file)) {
      TraceHeader header = reader.header();
      ResidencyFold residency = new ResidencyFold(header);
      LatencyFold latency = new LatencyFold();
      RecallFold recall = new RecallFold(header);
      LinkFold link = new LinkFold();
      HeatFold heat = new HeatFold(header);
      TimelineFold timeline = new TimelineFold(header, reader.totals().nanos());
      LaneFold lanes = new LaneFold(reader.totals().nanos() / 2);
      reader.read(new TraceFan(residency, latency, recall, link, heat, timeline, lanes));
      ObjectNode charts = MAPPER.createObjectNode();
      charts.set("heat", MAPPER.valueToTree(heat.tokens()));
      charts.set("timeline", MAPPER.valueToTree(timeline.series()));
      charts.set("lanes", MAPPER.valueToTree(lanes.lanes()));
      return new TraceReport(
          header,
          reader.totals(),
          residency.metrics(),
          latency.metrics(),
          recall.metrics(),
          link.bytesPerSecond(),
          link.busyNanos(),
          charts);
    }
  }

  /** The metrics as JSON, without the charts' series. */
  public ObjectNode json() {
    ObjectNode root = MAPPER.createObjectNode();
    ObjectNode trace = MAPPER.valueToTree(header);
    root.set("trace", trace.put("total_experts", header.totalExperts()));
    root.put("memory_fraction", header.memoryFraction());
    root.set("totals", MAPPER.valueToTree(totals));
    ObjectNode window = MAPPER.valueToTree(residency);
    window
        .put("hit_rate", residency.hitRate())
        .put("bytes_per_computed_token", perToken(latency.rows()))
        .put("bytes_per_output_token", perToken(latency.outputs()));
    root.set("residency", window);
    ObjectNode speed = MAPPER.valueToTree(latency);
    speed
        .put("outputs_per_second", latency.outputsPerSecond())
        .put("rows_per_second", latency.rowsPerSecond());
    root.set("latency", speed);
    root.set("recall", MAPPER.valueToTree(recall));
    root.putObject("link")
        .put("bytes_per_second", linkBytesPerSecond)
        .put("busy_nanos", linkBusyNanos);
    return root;
  }

  private double perToken(long tokens) {
    return tokens == 0 ? 0 : (double) residency.bytes() / tokens;
  }
}
