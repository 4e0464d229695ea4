package dev.drey.runtime.routing;

/**
 * How the router of one layer chooses. Shares and rates are from 0 to 1. What is said of a half is
 * learnt from the first half of every prompt and measured on the second halves, so that chance is
 * not taken for habit.
 *
 * @param layer decoder layer
 * @param zipfExponent exponent of Zipf's law that fits the popularity of experts best, by maximum
 *     likelihood; a little above 0 where all are alike, because they are ranked by what was counted
 * @param popularQuarter share of the choices of second halves that fall on the quarter of experts
 *     that first halves chose most, over all prompts
 * @param ownQuarter the same with the quarter that each prompt's own first half chose most
 * @param guessedByPopularity how often the next layer's top expert is the one that is its top
 *     expert most often; 0 for the last layer
 * @param guessedByChoice how often it is the one that is its top expert most often where this layer
 *     has the same top expert; 0 for the last layer
 */
public record LayerRouting(
    int layer,
    double zipfExponent,
    double popularQuarter,
    double ownQuarter,
    double guessedByPopularity,
    double guessedByChoice) {}
