package dev.drey.operators.pipeline;

import dev.drey.operators.flink.ValueType;
import dev.drey.operators.records.SourceRecord;
import dev.drey.runtime.schedule.SequenceRequest;
import dev.drey.schemas.DeadLetter;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.jspecify.annotations.Nullable;

/**
 * A record that was read: a request to be served, or a dead letter. Stays in its chain.
 *
 * @param record the input
 * @param customId the sender's own name for it, if it has one
 * @param request what is asked for, or null
 * @param deadLetter why it cannot be served, or null
 */
record Admission(
    SourceRecord record,
    @Nullable String customId,
    @Nullable SequenceRequest request,
    @Nullable DeadLetter deadLetter) {
  static final TypeInformation<Admission> TYPE = ValueType.chainOnly(Admission.class);

  static Admission of(SourceRecord record, @Nullable String customId, SequenceRequest request) {
    return new Admission(record, customId, request, null);
  }

  static Admission refused(SourceRecord record, DeadLetter deadLetter) {
    return new Admission(record, deadLetter.getCustomId(), null, deadLetter);
  }
}
