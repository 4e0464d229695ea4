package dev.drey.runtime.plan;

/**
 * What one step has to do: counted for one that was run, means for one that is planned.
 *
 * @param rows tokens computed
 * @param logitRows rows whose logits are wanted
 * @param attended positions attended to, summed over rows
 * @param kvTokens stored tokens that attention needs, summed over sequences (each once however many
 *     rows attend to it)
 * @param expertsTouched experts the routers ask for, summed over layers
 * @param expertsMoved of these, how many have to be brought in for this step
 */
public record StepWork(
    double rows,
    double logitRows,
    double attended,
    double kvTokens,
    double expertsTouched,
    double expertsMoved) {}
