package dev.drey.jobs.files;

import dev.drey.operators.records.Outcome;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.streaming.api.functions.sink.filesystem.OutputFileConfig;
import org.apache.flink.streaming.api.functions.sink.filesystem.bucketassigners.BasePathBucketAssigner;
import org.apache.flink.streaming.api.functions.sink.filesystem.rollingpolicies.DefaultRollingPolicy;

/**
 * The exactly-once sink of a bounded run: few large parts, committed with checkpoints, each outcome
 * in exactly one of them once the job is finished. Nobody but {@link ResultJoin} should read them.
 */
public final class PartFiles {
  private static final Duration NEVER = Duration.ofDays(3650);
  private static final MemorySize PART_BYTES = MemorySize.ofMebiBytes(256);

  private PartFiles() {}

  /** A sink into {@code directory}, which belongs to this run alone. */
  public static FileSink<Outcome> sink(Path directory) {
    return FileSink.forRowFormat(
            new org.apache.flink.core.fs.Path(directory.toUri()), new PartFormat())
        .withBucketAssigner(new BasePathBucketAssigner<>())
        .withOutputFileConfig(OutputFileConfig.builder().withPartSuffix(".part").build())
        .withRollingPolicy(
            DefaultRollingPolicy.builder()
                .withRolloverInterval(NEVER)
                .withInactivityInterval(NEVER)
                .withMaxPartSize(PART_BYTES)
                .build())
        .build();
  }
}
