package dev.drey.operators.slot;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class AdmissionGateTest {
  @Test
  void bothEndsOfAnAttemptMeetAtOneGateAndOthersDoNot() {
    try (AdmissionGate.End reader = AdmissionGate.open("attempt-1");
        AdmissionGate.End head = AdmissionGate.open("attempt-1");
        AdmissionGate.End other = AdmissionGate.open("attempt-2")) {
      assertThat(reader.gate()).isSameAs(head.gate()).isNotSameAs(other.gate());
      assertThat(AdmissionGate.openGates()).isEqualTo(2);
    }
    assertThat(AdmissionGate.openGates()).isZero();
  }

  @Test
  void closingOneEndTwiceDoesNotTakeTheGateFromTheOther() {
    AdmissionGate.End reader = AdmissionGate.open("attempt-1");
    AdmissionGate.End head = AdmissionGate.open("attempt-1");
    reader.close();
    reader.close();
    assertThat(AdmissionGate.openGates()).isEqualTo(1);
    head.close();
    assertThat(AdmissionGate.openGates()).isZero();
  }

  @Test
  void nothingPassesBeforeTheHeadHasReported() {
    try (AdmissionGate.End end = AdmissionGate.open("attempt-1")) {
      assertThat(end.gate().isAttached()).isFalse();
      assertThat(end.gate().hasRoom()).isFalse();
      assertThat(end.gate().isEmpty()).isFalse();
    }
  }

  @Test
  void whoWaitsIsWokenWhenRoomAppearsOrTheTableEmpties() {
    try (AdmissionGate.End end = AdmissionGate.open("attempt-1")) {
      AdmissionGate gate = end.gate();
      CompletableFuture<Void> attached = gate.nextOpening();
      gate.report(false, false);
      assertThat(attached).isNotDone();
      gate.report(true, false);
      assertThat(attached).isDone();

      CompletableFuture<Void> emptied = gate.nextOpening();
      gate.report(true, false);
      assertThat(emptied).as("nothing has changed").isNotDone();
      gate.report(true, true);
      assertThat(emptied).isDone();
    }
  }
}
