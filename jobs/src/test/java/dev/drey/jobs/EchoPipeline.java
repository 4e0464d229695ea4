package dev.drey.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.drey.jobs.topology.RecordPipeline;
import dev.drey.operators.pipeline.PipelineSettings;
import dev.drey.operators.records.Outcome;
import dev.drey.operators.records.SourceRecord;
import dev.drey.schemas.DeadLetter;
import dev.drey.schemas.InferenceResult;
import dev.drey.schemas.Usage;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.jspecify.annotations.Nullable;

/**
 * Stands for the replicas: the text of a record comes back as its result; a record without value,
 * or that begins with {@code bad}, becomes a dead letter.
 *
 * @param failOnce if set, the first task to see a checkpoint complete after {@code failAfter}
 *     records fails and leaves this file, so that nobody fails again
 * @param failAfter records before a failure
 * @param microsPerRecord how long a record takes
 */
public record EchoPipeline(@Nullable Path failOnce, int failAfter, int microsPerRecord)
    implements RecordPipeline {
  /** Answers at once and never fails. */
  public static final EchoPipeline PLAIN = new EchoPipeline(null, 0, 0);

  @Override
  public DataStream<Outcome> attach(
      StreamExecutionEnvironment environment, Source<SourceRecord, ?, ?> source) {
    PipelineSettings.apply(environment);
    return environment
        .fromSource(source, WatermarkStrategy.noWatermarks(), "source", SourceRecord.TYPE)
        .uid("source")
        .map(
            new Echo(failOnce == null ? "" : failOnce.toString(), failAfter, microsPerRecord),
            Outcome.TYPE)
        .uid("echo");
  }

  /** The outcome of a record. */
  public static Outcome answer(SourceRecord record) {
    byte @Nullable [] value = record.value();
    String text = value == null ? "bad" : new String(value, UTF_8);
    return text.startsWith("bad")
        ? new Outcome(record.withoutValue(), null, deadLetter(record))
        : new Outcome(record, result(record, text), null);
  }

  /** A result with this text. */
  public static InferenceResult result(SourceRecord record, String text) {
    InferenceResult result = new InferenceResult();
    result.setId(record.identity());
    result.setModel("echo");
    result.setModelDigest("0");
    result.setText(text);
    result.setUsage(new Usage(2, 3, 5));
    return result;
  }

  private static DeadLetter deadLetter(SourceRecord record) {
    DeadLetter letter = new DeadLetter();
    letter.setId(record.identity());
    letter.setErrorClass("bad_record");
    letter.setMessage("it begins with bad");
    letter.setRetriable(false);
    letter.setSource(record.source());
    letter.setPartition(record.partition());
    letter.setOffset(record.offset());
    byte @Nullable [] value = record.value();
    letter.setValue(value == null ? null : ByteBuffer.wrap(value));
    letter.setHeaders(List.of());
    return letter;
  }

  private static final class Echo extends RichMapFunction<SourceRecord, Outcome>
      implements CheckpointListener {
    private static final long serialVersionUID = 1L;
    private final String failOnce;
    private final int failAfter;
    private final int microsPerRecord;
    private int seen;

    Echo(String failOnce, int failAfter, int microsPerRecord) {
      this.failOnce = failOnce;
      this.failAfter = failAfter;
      this.microsPerRecord = microsPerRecord;
    }

    @Override
    public Outcome map(SourceRecord record) {
      seen++;
      LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(microsPerRecord));
      return answer(record);
    }

    @Override
    public void notifyCheckpointComplete(long checkpoint) throws Exception {
      if (!failOnce.isEmpty() && seen > failAfter && Files.notExists(Path.of(failOnce))) {
        Files.createFile(Path.of(failOnce));
        throw new IllegalStateException("failure asked for by the test");
      }
    }
  }
}
