package dev.drey.operators.pipeline;

/** So many records are bad that something other than the records must be wrong. */
public final class TooManyBadRecordsException extends Exception {
  private static final long serialVersionUID = 1L;

  TooManyBadRecordsException(String count, String where, String why) {
    super(
        ("the circuit breaker stopped the job: %s. The last one is %s (%s). Nothing is lost: dead"
                + " letters and results up to the last checkpoint are committed, everything after"
                + " it is read again when the job is resumed. Look at the dead letters, correct the"
                + " sender or the job's settings, or raise drey.errors.*")
            .formatted(count, where, why));
  }
}
