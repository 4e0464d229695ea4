package dev.drey.jobs.topology;

import dev.drey.operators.records.Outcome;
import dev.drey.operators.records.SourceRecord;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Everything between source and sink. */
@FunctionalInterface
public interface RecordPipeline {
  /**
   * Adds the pipeline to the job.
   *
   * @return one outcome per record of the source
   */
  DataStream<Outcome> attach(
      StreamExecutionEnvironment environment, Source<SourceRecord, ?, ?> source);
}
