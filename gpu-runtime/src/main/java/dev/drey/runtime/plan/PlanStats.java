package dev.drey.runtime.plan;

/**
 * How steps compare with their plan.
 *
 * @param resolves how often the plan was solved again
 * @param slowdown how many times as long as planned at first processors take, as far as the limits
 *     now take it into account: 1 until it has left the band of {@link LivePlan}
 * @param arrivalRatio how many times as fast as planned at first experts come in, likewise
 * @param sequences most sequences computed together now
 * @param stepTokens most rows of a step now
 */
public record PlanStats(
    long resolves, double slowdown, double arrivalRatio, int sequences, int stepTokens) {}
