package dev.drey.operators.pipeline;

import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class CircuitBreakerTest {
  private static void count(CircuitBreaker breaker, String records) throws Exception {
    for (int i = 0; i < records.length(); i++) {
      breaker.count(records.charAt(i) == 'x', "topic-0-7", "format.not_json");
    }
  }

  @Test
  void oneRecordMoreThanTheCountStops() throws Exception {
    CircuitBreaker breaker = new CircuitBreaker(new BreakerLimits(10, 1, 2));
    count(breaker, "x..x");
    assertThatThrownBy(() -> count(breaker, "x"))
        .hasMessageContaining("3 bad records since the start: at most 2")
        .hasMessageContaining("topic-0-7")
        .hasMessageContaining("format.not_json");
  }

  @Test
  void shareIsTakenOfFullWindowsOnly() throws Exception {
    CircuitBreaker breaker = new CircuitBreaker(new BreakerLimits(4, 0.5, 0));
    count(breaker, "xx.");
    count(breaker, ".");
    assertThatThrownBy(() -> count(breaker, "xx.xx")).hasMessageContaining("share of at most 0.5");
  }

  @Test
  void oldRecordsLeaveTheWindow() {
    CircuitBreaker breaker = new CircuitBreaker(new BreakerLimits(4, 0.5, 0));
    assertThatNoException().isThrownBy(() -> count(breaker, "xx..xx..xx..xx.."));
  }

  @Test
  void aShareOfOneNeverStops() {
    CircuitBreaker breaker = new CircuitBreaker(BreakerLimits.NONE);
    assertThatNoException().isThrownBy(() -> count(breaker, "x".repeat(5000)));
  }
}
