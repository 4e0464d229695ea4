package dev.drey.operators.state;

/**
 * What decides a sequence's tokens besides its prompt and the engine, as far as it is to be
 * recognized: the values that a job's settings decide, and a digest of all others.
 *
 * @param maxTokens most tokens to generate
 * @param seed of the draws
 * @param others digest of the kind of the request and of all other parameters
 */
public record StoredParameters(int maxTokens, long seed, long others) {}
