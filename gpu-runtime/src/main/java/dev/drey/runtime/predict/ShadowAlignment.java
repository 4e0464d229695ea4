package dev.drey.runtime.predict;

import java.io.Serializable;

/**
 * How often a shadow model takes over what the model itself has computed, in tokens of a sequence;
 * 0 for never, once an answer has begun.
 *
 * @param tokens how often the token that was really chosen takes the place of the shadow's own
 * @param keys how often the keys and values of the tokens since are taken over
 */
public record ShadowAlignment(int tokens, int keys) implements Serializable {
  /** The shadow differs from the model in the present token alone. */
  public static final ShadowAlignment EVERY_TOKEN = new ShadowAlignment(1, 1);

  public ShadowAlignment {
    if (tokens < 0 || keys < 0) {
      throw new IllegalArgumentException(
          "alignment periods of a shadow model must be 0 (never) or more tokens; found %d for tokens and %d for keys and values"
              .formatted(tokens, keys));
    }
  }
}
