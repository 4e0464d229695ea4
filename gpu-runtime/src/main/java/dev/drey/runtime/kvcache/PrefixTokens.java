package dev.drey.runtime.kvcache;

/** A sequence as far as its keys and values depend on it. */
public interface PrefixTokens {
  /**
   * The class of the sequence's longest possible length. Sequences of different classes have
   * different keys for the same tokens, because some models embed the positions of long sequences
   * otherwise from the first position on.
   */
  int lengthClass();

  /** The token at a position; stored positions never change. */
  int token(int position);
}
