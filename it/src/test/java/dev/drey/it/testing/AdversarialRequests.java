package dev.drey.it.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Requests of everything that moves memory, in turns: long prompts, which need every expert in
 * every step; long generations, which need other experts in each step; prefixes that some share for
 * a while; scoring; requests that are over at once; sampling with all its extras; requests that are
 * refused. Tokens are random, so that a random model's router chooses evenly.
 *
 * @param lines JSON lines
 * @param tokens most tokens there are to compute if none is computed twice
 */
public record AdversarialRequests(List<String> lines, long tokens) {
  private static final int PREFIX_TOKENS = 192;
  private static final int REQUESTS_PER_PREFIX = 80;
  private static final int LONGEST = 400;

  /** Half of them are the long generations that outgrow the pool together. */
  private static final int TURN = 20;

  /** So many requests for a synthetic model. */
  public static AdversarialRequests of(int count, int vocabulary) {
    return new Source(vocabulary).requests(count);
  }

  private static final class Source {
    private final Random random = new Random(11);
    private final int vocabulary;
    private List<Integer> prefix = List.of();
    private long tokens;

    Source(int vocabulary) {
      this.vocabulary = vocabulary;
    }

    AdversarialRequests requests(int count) {
      List<String> lines = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        if (i % REQUESTS_PER_PREFIX == 0) {
          prefix = ids(PREFIX_TOKENS);
        }
        lines.add(request(i % TURN));
      }
      return new AdversarialRequests(lines, tokens);
    }

    private String request(int kind) {
      return switch (kind) {
        case 0, 5 -> generate(ids(LONGEST), 4, "\"temperature\":0");
        case 1, 6 -> generate(afterPrefix(8), 24, "\"temperature\":0");
        case 3 -> "{\"context\":\"%s\",\"continuation\":\"%s\"}".formatted(text(100), text(100));
        case 4 -> generate(ids(1), 1, "\"temperature\":0");
        case 7 -> generate(afterPrefix(70), 60, "\"temperature\":1,\"top_p\":0.95,\"logprobs\":5");
        case 8 -> "{\"text\":\"%s\"}".formatted(text(300));
        case 9 -> "{\"prompt_token_ids\":[%d],\"max_tokens\":1}".formatted(vocabulary);
        default -> generate(ids(4), 200, "\"temperature\":0,\"repetition_penalty\":1.2");
      };
    }

    private String generate(List<Integer> prompt, int outputs, String sampling) {
      tokens += prompt.size() + outputs;
      return "{\"prompt_token_ids\":%s,\"max_tokens\":%d,\"ignore_eos\":true,%s}"
          .formatted(
              prompt.stream().map(String::valueOf).collect(Collectors.joining(",", "[", "]")),
              outputs,
              sampling);
    }

    private List<Integer> ids(int count) {
      return IntStream.range(0, count).mapToObj(i -> random.nextInt(vocabulary)).toList();
    }

    private List<Integer> afterPrefix(int count) {
      List<Integer> all = new ArrayList<>(prefix);
      all.addAll(ids(count));
      return all;
    }

    /** A letter is a token of a synthetic model. */
    private String text(int letters) {
      tokens += letters;
      return IntStream.range(0, letters)
          .mapToObj(i -> String.valueOf((char) ('a' + random.nextInt(26))))
          .collect(Collectors.joining());
    }
  }
}
