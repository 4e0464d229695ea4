package dev.drey.runtime.jinja;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.drey.runtime.safetensors.HostileInput;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Any bytes as a chat template: it renders a conversation or is refused, within its limits. The
 * limits are lower than in production, so that more templates are tried.
 */
class TemplateFuzzTest {
  private static final RenderLimits LIMITS =
      new RenderLimits(200_000, 600, 4 << 20, 1 << 20, Duration.ofSeconds(1));
  private static final LocalDateTime NOW = LocalDateTime.of(2026, 11, 22, 9, 30);
  private static final Map<String, Object> VARIABLES =
      Map.of(
          "messages",
          List.of(
              Map.of("role", "system", "content", "Be brief."),
              Map.of("role", "user", "content", "Hi \ud83d\ude42"),
              Map.of(
                  "role",
                  "assistant",
                  "content",
                  "",
                  "tool_calls",
                  List.of(Map.of("function", Map.of("name", "f", "arguments", Map.of("a", 1.5))))),
              Map.of("role", "tool", "content", "{}")),
          "tools",
          List.of(Map.of("function", Map.of("name", "f", "parameters", Map.of("a", List.of())))),
          "add_generation_prompt",
          true,
          "bos_token",
          "<s>");

  @FuzzTest(maxDuration = "2m")
  void aTemplateIsRenderedOrRefused(byte[] input) {
    String source = new String(input, StandardCharsets.UTF_8);
    long start = System.nanoTime();
    try {
      String text = JinjaTemplate.parse(source).render(VARIABLES, NOW, LIMITS);
      assertThat(text.length()).isLessThanOrEqualTo(LIMITS.outputBytes());
    } catch (JinjaException refusal) {
      assertThat(refusal.problem()).isNotNull();
      assertThat(refusal.getMessage()).isNotNull().hasSizeLessThan(2000);
    }
    assertThat(System.nanoTime() - start).as("nanoseconds").isLessThan(5_000_000_000L);
  }

  @Test
  void damagedSeedsAreRenderedOrRefused() {
    HostileInput.damageSeeds(TemplateFuzzTest.class, this::aTemplateIsRenderedOrRefused);
  }
}
