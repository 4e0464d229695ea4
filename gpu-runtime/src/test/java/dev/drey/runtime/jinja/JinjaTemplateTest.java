package dev.drey.runtime.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.drey.runtime.jinja.JinjaException.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class JinjaTemplateTest {
  private static final LocalDateTime NOW = LocalDateTime.of(2026, 11, 5, 9, 3, 7, 42_000);
  private static final JsonNode CASES = cases();

  private static JsonNode cases() {
    try (InputStream in = JinjaTemplateTest.class.getResourceAsStream("/jinja/cases.json")) {
      return new JsonMapper().readTree(in);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Map<String, Object> variables() {
    return new JsonMapper()
        .convertValue(CASES.required("variables"), new TypeReference<HashMap<String, Object>>() {});
  }

  private static String render(String template) {
    return JinjaTemplate.parse(template).render(variables(), NOW);
  }

  private static JinjaException failure(String template) {
    JinjaException failure = catchThrowableOfType(JinjaException.class, () -> render(template));
    assertThat(failure).as(template).isNotNull();
    return failure;
  }

  static Stream<JsonNode> rendered() {
    return CASES.required("cases").valueStream().filter(c -> c.has("expected"));
  }

  static Stream<JsonNode> failing() {
    return CASES.required("cases").valueStream().filter(c -> c.has("error"));
  }

  @ParameterizedTest
  @MethodSource("rendered")
  void whatJinja2RendersIsRenderedAlike(JsonNode c) {
    assertThat(render(c.required("template").asText())).isEqualTo(c.required("expected").asText());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "9223372036854775805, 9223372036854775807, 5 | [9223372036854775805]",
        "9223372036854775800, 9223372036854775807, 4 | [9223372036854775800, 9223372036854775804]",
        "-9223372036854775805, -9223372036854775807, -5 | [-9223372036854775805]",
        "0, 9223372036854775807, 9223372036854775807 | [0]"
      })
  void aRangeEndsBeforeItsBoundHoweverNearThatIsToTheLargestInteger(String bounds, String numbers) {
    assertThat(render("{{ range(" + bounds + ")|list }}")).isEqualTo(numbers);
  }

  @ParameterizedTest
  @MethodSource("failing")
  void whatJinja2RefusesIsRefused(JsonNode c) {
    JinjaException failure = failure(c.required("template").asText());
    switch (c.required("error").asText()) {
      case "TemplateSyntaxError", "SyntaxError" ->
          assertThat(failure.problem()).isEqualTo(Problem.SYNTAX);
      case "TemplateError" -> {
        assertThat(failure.problem()).isEqualTo(Problem.RAISED);
        assertThat(failure).hasMessage(c.required("message").asText());
      }
      case "UndefinedError" ->
          assertThat(failure).hasMessage("line 1: " + c.required("message").asText());
      case "OverflowError" -> assertThat(failure.problem()).isEqualTo(Problem.LIMIT);
      default -> assertThat(failure.problem()).isEqualTo(Problem.FAILED);
    }
  }

  @Test
  void thereAreCasesOfBothKinds() {
    assertThat(rendered()).hasSizeGreaterThan(150);
    assertThat(failing()).hasSizeGreaterThan(70);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      textBlock =
          """
          {% include 'x' %}  ~ the tag 'include' is not supported
          {% import 'x' as y %}  ~ the tag 'import' is not supported
          {% extends 'x' %}  ~ the tag 'extends' is not supported
          {% block b %}{% endblock %}  ~ the tag 'block' is not supported
          {{ '%s' % 1 }}  ~ formatting text with % is not supported
          {{ '{}'.format(1) }}  ~ the method 'format' of str is not supported
          {{ s|wordwrap }}  ~ the filter 'wordwrap' is not supported
          {{ 9223372036854775807 + 1 }}  ~ an integer of more than 64 bits
          {{ 2 ** 64 }}  ~ an integer of more than 64 bits
          {{ 99999999999999999999 }}  ~ an integer of at most 64 bits
          {{ {(1, 2): 3} }}  ~ a tuple as a key of a dict is not supported
          {{ strftime_now('%Q') }}  ~ '%Q' is not supported
          """)
  void whatIsNotSupportedIsSaidByNameAndLine(String construct, String message) {
    String template = "first line\n" + construct;
    assertThat(failure(template)).hasMessageStartingWith("line 2: ").hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      textBlock =
          """
          {{ ''.__class__ }}  ~ '__class__' of a str
          {{ [].__class__.__base__.__subclasses__() }}  ~ '__class__' of a list
          {{ messages['__class__'] }}  ~ '__class__' of a list
          {{ messages|attr('__init__') }}  ~ '__init__' of a list
          {{ messages|map(attribute='__class__')|list }}  ~ '__class__' of a dict
          {{ (1).__class__ }}  ~ '__class__' of a int
          {{ raise_exception.__globals__ }}  ~ '__globals__' of a
          {{ namespace().__init__ }}  ~ '__init__' of a Namespace
          {% macro m() %}{% endmacro %}{{ m.__func__ }}  ~ '__func__' of a Macro
          {% for x in l %}{{ loop.__class__ }}{% endfor %}  ~ '__class__' of a LoopState
          {{ messages[0].getClass().forName('java.lang.Runtime') }}  ~ has no attribute 'getClass'
          {{ s.class.forName('java.lang.Runtime') }}  ~ has no attribute 'class'
          {{ self._TemplateReference__context }}  ~ 'self' is undefined
          {{ lipsum.__globals__['os'].popen('id').read() }}  ~ 'lipsum' is undefined
          {{ cycler.__init__ }}  ~ 'cycler' is undefined
          {{ get_flashed_messages.__globals__ }}  ~ is undefined
          """)
  void aWayOutOfTheSandboxIsClosed(String template, String message) {
    assertThat(failure(template)).hasMessageContaining(message);
  }

  static Stream<String> bombs() {
    String forever = "{% for a in range(99999) %}{% for b in range(99999) %}";
    String end = "{% endfor %}{% endfor %}";
    return Stream.of(
        "{{ range(1000000000) }}",
        forever + end,
        forever + "x" + end,
        forever + "{% set x = [a, b] %}" + end,
        forever + "{{ s }}" + end,
        "{% set n = namespace(x='x') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
        "{% set n = namespace(x=['x']) %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
        "{% set n = namespace(x=[]) %}{% for i in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
        "{% set n = namespace(x=[]) %}{% for i in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x|tojson }}",
        "{% set n = namespace(x=[], y=[]) %}{% for i in range(99) %}{% set n.x = [n.x, n.x] %}"
            + "{% set n.y = [n.y, n.y] %}{% endfor %}{{ n.x == n.y }}",
        "{% set n = namespace(x=[]) %}{% for i in range(9999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x }}",
        "{% set n = namespace(x=[]) %}{% for i in range(9999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x|tojson }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}",
        "{% macro m(n) %}{% if n > 0 %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}",
        "{% for x in [[]] recursive %}{{ loop([[]]) }}{% endfor %}",
        "{{ 'x' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ 'x' * 3000000 * 1000 }}",
        "{{ 10 ** 1000000000 }}",
        "{{ 'x' * 3000000 }}{{ 'x' * 3000000 }}",
        "{% set s = 'é' * 4000000 %}{{ s }}",
        "{% for i in range(99999) %}{% set s = 'x' * 100000 %}{% endfor %}",
        "{% set s = 'x' * 1000000 %}{{ s.replace('', s) }}",
        "{% set s = 'x' * 1000000 %}{{ s|replace('x', s) }}",
        "{% set s = 'x\n' * 1000000 %}{{ s|indent(1000000) }}",
        "{{ 'a'|indent(1000000000) }}",
        "{{ [[1]]|tojson(indent=1000000000) }}",
        "{% set s = 'x' * 1000000 %}{{ range(99999)|join(s) }}",
        "{% set s = 'x' * 1000000 %}{% for i in range(99999) %}{{ 'y' in s }}{% endfor %}",
        "{% set s = 'x' * 1000000 %}{% for i in range(99999) %}{{ s[999999] }}{% endfor %}",
        "{% set s = 'x' * 1000000 %}{% for i in range(99999) %}{{ s|length }}{% endfor %}",
        "{% set s = 'x' * 1000000 %}{% for i in range(99999) %}{{ s.count('y') }}{% endfor %}",
        "{% set s = 'x' * 1000000 %}{% for i in range(99999) %}{{ s|list|length }}{% endfor %}",
        "{% set l = range(99999) %}{% for i in l %}{{ i in l }}{% endfor %}",
        "{% set l = range(99999) %}{% for i in l %}{{ l|sort|first }}{% endfor %}",
        "{% set l = range(99999) %}{% for i in l %}{{ l|sum }}{% endfor %}",
        "{% set l = range(99999) %}{% for i in l %}{% set k = l[::-1] %}{% endfor %}",
        "{% set s = 'a ' * 1000000 %}{% for i in range(99999) %}{% set k = s.rsplit() %}{% endfor %}",
        "{% set d = namespace(x={}) %}{% for i in range(99999) %}{% set d.x = dict(d.x, **{i ~ '': 1}) %}{% endfor %}");
  }

  @ParameterizedTest
  @MethodSource("bombs")
  void aTemplateThatWantsTooMuchIsStoppedQuickly(String template) {
    long start = System.nanoTime();
    assertThat(failure(template).problem()).isIn(Problem.LIMIT, Problem.FAILED);
    assertThat(System.nanoTime() - start).isLessThan(5_000_000_000L);
  }

  static Stream<String> deepSources() {
    return Stream.of(
        "{{ " + "(".repeat(100_000) + "1" + ")".repeat(100_000) + " }}",
        "{{ " + "[".repeat(100_000) + "]".repeat(100_000) + " }}",
        "{{ " + "-".repeat(100_000) + "1 }}",
        "{{ " + "not ".repeat(100_000) + "1 }}",
        "{{ " + "1 if ".repeat(100_000) + "1 }}",
        "{{ " + "1 + ".repeat(100_000) + "1 }}",
        "{{ " + "1 ** ".repeat(100_000) + "1 }}",
        "{{ t" + " or f".repeat(100_000) + " }}",
        "{{ f" + " or f".repeat(100_000) + " }}",
        "{{ s" + "|upper".repeat(100_000) + " }}",
        "{{ s" + "[0]".repeat(100_000) + " }}",
        "{{ s" + "()".repeat(100_000) + " }}",
        "{{ s is in " + "[".repeat(100_000) + " }}",
        "{% for " + "(".repeat(100_000) + "x in y %}",
        "{% if t %}".repeat(20_000) + "{% endif %}".repeat(20_000),
        "{% for x in l %}".repeat(20_000) + "{% endfor %}".repeat(20_000),
        "{% macro m() %}".repeat(20_000) + "{% endmacro %}".repeat(20_000));
  }

  @ParameterizedTest
  @MethodSource("deepSources")
  void deepNestingInTheSourceIsRefusedAndNoStackOverflows(String template) {
    assertThat(failure(template)).hasMessageContaining("line 1: ");
  }

  @Test
  void theDeepestEvaluationFitsIntoASmallStack() throws InterruptedException {
    List<Throwable> failures = new ArrayList<>();
    String macro =
        "{% macro m(n) %}{% for x in [1] %}{% if n > 0 %}{{ [m(n - 1)|trim]|join ~ '' }}{% endif %}"
            + "{% endfor %}{% endmacro %}";
    Thread thread =
        new Thread(
            null,
            () -> {
              try {
                assertThat(failure(macro + "{{ m(1000) }}")).hasMessageContaining("600 levels");
                assertThat(render(macro + "{{ m(20) }}")).isEmpty();
              } catch (Throwable e) {
                failures.add(e);
              }
            },
            "small stack",
            512 << 10);
    thread.start();
    thread.join();
    assertThat(failures).isEmpty();
  }

  @Test
  void theLineOfAFailureIsNamed() {
    assertThat(failure("a\n{% if t %}\n\n  {{ s + 1 }}\n{% endif %}"))
        .hasMessage("line 4: + is not supported for str and int");
    assertThat(failure("a\n\n{% for x in l %}{{ x }}").line()).isEqualTo(3);
    assertThat(failure("{% macro m(x) %}\n{{ x.y.z }}{% endmacro %}\n\n{{ m({}) }}"))
        .hasMessage("line 2: 'dict object' has no attribute 'y'");
  }

  @Test
  void aFailureQuotesNoValue() {
    assertThat(failure("{{ d[s].x }}")).message().doesNotContain("Hello");
    assertThat(failure("{{ s + 1 }}")).message().doesNotContain("Hello");
    assertThat(failure("{{ 1 in s }}")).message().doesNotContain("Hello");
    assertThat(failure("{{ l.index(s) }}")).message().doesNotContain("Hello");
  }

  @Test
  void aRaisedMessageIsCut() {
    String message = String.valueOf(failure("{{ raise_exception('x' * 100000) }}").getMessage());
    assertThat(message).hasSize(1001).endsWith("…");
  }

  @Test
  void valuesOfTheCallerAreCopied() {
    List<Object> list = new ArrayList<>(List.of(1, 2L, 3.5f, "x"));
    assertThat(JinjaTemplate.parse("{{ l }}").render(Map.of("l", list), NOW))
        .isEqualTo("[1, 2, 3.5, 'x']");
    assertThatThrownBy(() -> JinjaTemplate.parse("{{ l }}").render(Map.of("l", new Object()), NOW))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aTemplateCanBeRenderedByManyThreads() {
    JinjaTemplate template =
        JinjaTemplate.parse(
            "{% set n = namespace(i=0) %}{% for x in l %}{% set n.i = n.i + x %}"
                + "{% endfor %}{{ n.i }}");
    assertThat(Stream.generate(() -> template).limit(200).parallel())
        .allSatisfy(t -> assertThat(t.render(variables(), NOW)).isEqualTo("6"));
  }

  @Test
  void aSourceThatIsTooLongIsRefused() {
    assertThat(failure("x".repeat(JinjaTemplate.MAX_SOURCE + 1)).problem())
        .isEqualTo(Problem.LIMIT);
  }
}
