package dev.drey.jobs.kafka;

import java.util.List;

/**
 * What the checks before a start found.
 *
 * @param problems why the job must not start, one entry each; empty if it may
 * @param warnings what somebody should know although the job may start
 * @param limits what the topics accept; meaningful if there are no problems
 */
public record Findings(List<String> problems, List<String> warnings, RecordLimits limits) {
  public Findings {
    problems = List.copyOf(problems);
    warnings = List.copyOf(warnings);
  }
}
