package dev.drey.runtime.jinja;

import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A template, ready to be rendered. Immutable; any number of threads may render at once.
 *
 * <p><b>Failure.</b> Everything wrong with a template, or with a template together with its values,
 * is a {@link JinjaException}.
 */
public final class JinjaTemplate {
  /** Longest source, in characters. */
  public static final int MAX_SOURCE = 1 << 20;

  private final List<Statement> body;

  private JinjaTemplate(List<Statement> body) {
    this.body = body;
  }

  /**
   * Reads a template.
   *
   * @throws JinjaException if it is none, is too long, or uses what is not supported
   */
  public static JinjaTemplate parse(String source) {
    if (source.length() > MAX_SOURCE) {
      throw JinjaException.limit(
          "a template of %d characters: expected at most %d"
              .formatted(source.length(), MAX_SOURCE));
    }
    return new JinjaTemplate(new Parser(Lexer.tokens(source)).template());
  }

  /**
   * Renders with {@link RenderLimits#DEFAULT}.
   *
   * @param variables null, truth values, numbers, texts, lists and maps with texts as keys
   * @param now what {@code strftime_now} shows
   * @throws JinjaException if the template fails, raises an exception or exceeds a limit
   */
  public String render(Map<String, ? extends @Nullable Object> variables, LocalDateTime now) {
    return render(variables, now, RenderLimits.DEFAULT);
  }

  /** As above, with other limits. */
  public String render(
      Map<String, ? extends @Nullable Object> variables, LocalDateTime now, RenderLimits limits) {
    Rendering rendering = new Rendering(limits, now);
    try {
      Map<String, Object> values = new HashMap<>();
      variables.forEach((name, value) -> values.put(name, Values.of(rendering.budget(), value)));
      new Frame(rendering, values).run(body);
      return rendering.result();
    } catch (JinjaException e) {
      throw e.at(rendering.line());
    }
  }
}
