package dev.drey.operators.pipeline;

import dev.drey.operators.flink.UnrecoverableFailure;
import dev.drey.operators.records.SourceRecord;
import dev.drey.operators.slot.SlotKey;
import dev.drey.operators.slot.SlotLease;
import dev.drey.schemas.DeadLetter;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.jspecify.annotations.Nullable;

/**
 * Reads records: parses, checks and tokenizes them. Bad ones become dead letters on the same way as
 * requests; too many of them stop the job without a restart, which would only read them again.
 */
final class RequestAdmission extends ProcessFunction<SourceRecord, Admission> {
  // -- configuration
  private final PipelineOptions options;

  // -- runtime
  private transient @Nullable SlotLease lease;
  private transient @Nullable RequestReader reader;
  private transient @Nullable CircuitBreaker breaker;
  private transient Map<String, Counter> deadLetters = Map.of();

  RequestAdmission(PipelineOptions options) {
    this.options = options;
  }

  @Override
  public void open(OpenContext openContext) throws Exception {
    SlotLease acquired = options.engines().acquire(SlotKey.of(getRuntimeContext()));
    lease = acquired;
    reader = options.reader(acquired.engine());
    breaker = new CircuitBreaker(options.breaker());
    deadLetters = new HashMap<>();
  }

  @Override
  public void processElement(SourceRecord record, Context context, Collector<Admission> out) {
    if (reader == null || breaker == null) {
      throw new IllegalStateException("record before open");
    }
    Admission admission = reader.read(record);
    DeadLetter letter = admission.deadLetter();
    try {
      breaker.count(
          letter != null, record.identity(), letter == null ? "" : letter.getErrorClass());
    } catch (TooManyBadRecordsException e) {
      throw UnrecoverableFailure.of(e);
    }
    if (letter != null) {
      deadLetters.computeIfAbsent(letter.getErrorClass(), this::counter).inc();
    }
    out.collect(admission);
  }

  private Counter counter(String errorClass) {
    return getRuntimeContext()
        .getMetricGroup()
        .addGroup("reason", errorClass)
        .counter("dlq_records_total");
  }

  @Override
  public void close() {
    if (lease != null) {
      lease.close();
      lease = null;
      reader = null;
    }
  }
}
