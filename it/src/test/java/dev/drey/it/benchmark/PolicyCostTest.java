package dev.drey.it.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.cache.CachePolicies;
import java.util.Collection;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Every policy decides in under 20 µs per layer when one sequence decodes. */
@Tag("benchmark")
class PolicyCostTest {
  private static final double LIMIT_MICROS = 20;

  @Test
  void everyPolicyDecidesWithinTheLimit() throws RunnerException {
    Options options =
        new OptionsBuilder()
            .include(PolicyDecisions.class.getName())
            .param("policy", CachePolicies.names().toArray(String[]::new))
            .build();
    Collection<RunResult> results = new Runner(options).run();
    assertThat(results).hasSize(2 * CachePolicies.names().size());
    for (RunResult result : results) {
      if (result.getParams().getParam("tokens").equals("1")) {
        assertThat(result.getPrimaryResult().getScore())
            .as(result.getParams().getParam("policy"))
            .isLessThan(LIMIT_MICROS);
      }
    }
  }
}
