package dev.drey.runtime.trace;

/**
 * How good predictions of one distance were; {@link RecallFold} defines the shares.
 *
 * @param distance layers from the router they were made after to the layer they are for
 * @param predictions how many (step, layer) were predicted
 * @param recall share of the demanded experts that were predicted
 * @param recallOfAsMany the same of only as many of the likeliest as were demanded
 * @param precision share of the predicted experts that were demanded
 * @param exactRate share of predictions that missed none
 * @param missStreamRecall recall over the experts that were not there anyway
 * @param inTime share of the correctly predicted that were complete at demand
 */
public record RecallMetrics(
    int distance,
    long predictions,
    double recall,
    double recallOfAsMany,
    double precision,
    double exactRate,
    double missStreamRecall,
    double inTime) {}
