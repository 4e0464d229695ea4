package dev.drey.jobs.kafka;

import java.io.Serializable;

/**
 * The largest records the two output topics accept, in bytes as the broker counts them: a batch of
 * one record, uncompressed.
 *
 * @param result bytes of a result
 * @param deadLetter bytes of a dead letter
 */
public record RecordLimits(int result, int deadLetter) implements Serializable {
  /** Kafka's defaults. */
  public static final RecordLimits DEFAULT = new RecordLimits(1_048_576, 1_048_576);
}
