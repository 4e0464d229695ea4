package dev.drey.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.drey.runtime.sampling.Params;
import dev.drey.runtime.sampling.TokenChoice;
import dev.drey.runtime.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The finish rules with a real tokenizer, whose tokens cut words and characters anywhere. */
class DetokenizerTest {
  private static final Path MODEL = Path.of("..", "examples", "sample-qwen3-moe");
  private static final ModelLimits LIMITS = new ModelLimits(100_000, 1000, Set.of(0, 2));

  /** Feeds the tokens of a text. */
  private static Sequence feed(Tokenizer tokenizer, int[] ids, Params params) {
    FinishRules rules = new FinishRules(LIMITS);
    Sequence sequence =
        Sequence.fresh(SequenceRequest.generate("r", new int[] {5}, params.build()));
    sequence.attach(Detokenizer.of(tokenizer), 0);
    for (int id : ids) {
      TokenChoice choice = new TokenChoice(id, Float.NaN, true, new int[0], new float[0]);
      FinishReason reason = rules.append(sequence, choice);
      if (reason != null) {
        sequence.finish(reason);
        break;
      }
    }
    return sequence;
  }

  @Test
  void theTextIsThatOfAllTokensDecodedTogetherWhereverItIsCutOff() {
    try (Tokenizer tokenizer = Tokenizer.open(MODEL)) {
      int[] ids = tokenizer.encode("A heron… naïve café \uD83D\uDC26 wading  bird:\n\n中文");
      for (int count = 1; count <= ids.length; count++) {
        Sequence sequence = feed(tokenizer, ids, new Params().maxTokens(count).ignoreEos());

        assertThat(sequence.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(sequence.text()).isEqualTo(tokenizer.decode(Arrays.copyOf(ids, count), true));
      }
    }
  }

  @Test
  void findsEveryStopStringOfTheTextWhereverTokensCutIt() {
    try (Tokenizer tokenizer = Tokenizer.open(MODEL)) {
      String text = "The heron \uD83D\uDC26 stood.\n\nQ: café?";
      int[] ids = tokenizer.encode(text);
      for (int from = 0; from < text.length(); from++) {
        for (int to = from + 1; to <= Math.min(from + 9, text.length()); to++) {
          String stop = text.substring(from, to);
          if (Character.isLowSurrogate(stop.charAt(0))) {
            continue;
          }
          Sequence sequence = feed(tokenizer, ids, new Params().maxTokens(200).stop(stop));

          assertThat(sequence.finishReason()).as("stop '%s'", stop).isEqualTo(FinishReason.STOP);
          assertThat(sequence.text()).isEqualTo(text.substring(0, text.indexOf(stop)));
        }
      }
    }
  }
}
