package dev.drey.runtime.schedule;

import dev.drey.runtime.tokenizer.IncrementalDetokenizer;
import dev.drey.runtime.tokenizer.Tokenizer;

/**
 * Turns the ids of one sequence into text as they come. What it returns depends on the ids appended
 * so far and on nothing else.
 */
public interface Detokenizer {
  /** The text of a model's tokens, special ones skipped. */
  static Detokenizer of(Tokenizer tokenizer) {
    IncrementalDetokenizer incremental = new IncrementalDetokenizer(tokenizer, true);
    return new Detokenizer() {
      @Override
      public String append(int id) {
        return incremental.append(id);
      }

      @Override
      public String finish() {
        return incremental.finish();
      }
    };
  }

  /** No text at all, for a model without a tokenizer. */
  static Detokenizer none() {
    return new Detokenizer() {
      @Override
      public String append(int id) {
        return "";
      }

      @Override
      public String finish() {
        return "";
      }
    };
  }

  /**
   * Takes the next id.
   *
   * @return the characters that are certain now and were not before; may be empty
   */
  String append(int id);

  /** Ends the sequence; returns the characters held back so far, as good as they got. */
  String finish();
}
