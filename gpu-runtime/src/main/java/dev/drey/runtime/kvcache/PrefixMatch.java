package dev.drey.runtime.kvcache;

/**
 * How much of a sequence is stored already.
 *
 * @param blocks leading blocks that are
 * @param idle of these, blocks that nobody holds: they count as free until they are taken
 */
public record PrefixMatch(int blocks, int idle) {}
