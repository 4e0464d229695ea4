package dev.drey.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class StopTextTest {
  private static String cut(List<String> stops, String... pieces) {
    StopText text = new StopText(stops);
    for (String piece : pieces) {
      if (text.append(piece)) {
        return text + "|";
      }
    }
    return text.toString();
  }

  @Test
  void cutsBeforeTheStopString() {
    assertThat(cut(List.of("\n\n"), "one\n", "\ntwo")).isEqualTo("one|");
    assertThat(cut(List.of("end"), "endless")).isEqualTo("|");
    assertThat(cut(List.of("end"), "en", "e", "nd")).isEqualTo("en|");
  }

  @Test
  void keepsTextWithoutAStopString() {
    assertThat(cut(List.of("stop"), "sto", "", "sto")).isEqualTo("stosto");
    assertThat(cut(List.of(), "any", "thing")).isEqualTo("anything");
  }

  @Test
  void theCutDoesNotDependOnWhereTokensBegin() {
    List<String> stops = List.of("bcd", "c", "xyz", "yz");
    for (String text : List.of("aabcdc", "axyz", "abxyzc", "nothing", "bd", "xxyzz")) {
      String whole = cut(stops, text);
      for (int first = 0; first <= text.length(); first++) {
        for (int second = first; second <= text.length(); second++) {
          assertThat(
                  cut(
                      stops,
                      text.substring(0, first),
                      text.substring(first, second),
                      text.substring(second)))
              .as("%s cut at %d and %d", text, first, second)
              .isEqualTo(whole);
        }
      }
    }
  }

  @Test
  void theFirstCompleteStopStringWinsAndTheLongestOfThoseEndingTogether() {
    assertThat(cut(List.of("bcd", "c"), "abcd")).isEqualTo("ab|");
    assertThat(cut(List.of("c", "abc"), "xabc")).isEqualTo("x|");
    assertThat(cut(List.of("b", "a"), "ab")).isEqualTo("|");
  }

  @Test
  void exemptTextMayHoldStopStringsAndMayBeginOne() {
    StopText text = new StopText(List.of("ab"));
    text.appendExempt("ab");
    assertThat(text.append("x")).isFalse();
    text.appendExempt("a");
    assertThat(text.append("b")).isTrue();
    assertThat(text.toString()).isEqualTo("abx");
  }
}
