package dev.drey.runtime.jinja;

import dev.drey.runtime.jinja.Accesses.ArgumentList;
import dev.drey.runtime.jinja.Accesses.Attribute;
import dev.drey.runtime.jinja.Accesses.Call;
import dev.drey.runtime.jinja.Accesses.Filtered;
import dev.drey.runtime.jinja.Accesses.Slice;
import dev.drey.runtime.jinja.Accesses.Subscript;
import dev.drey.runtime.jinja.Accesses.Tested;
import dev.drey.runtime.jinja.Expressions.DictDisplay;
import dev.drey.runtime.jinja.Expressions.Entry;
import dev.drey.runtime.jinja.Expressions.ListDisplay;
import dev.drey.runtime.jinja.Expressions.Literal;
import dev.drey.runtime.jinja.Expressions.Name;
import dev.drey.runtime.jinja.Expressions.Not;
import dev.drey.runtime.jinja.Expressions.TupleDisplay;
import dev.drey.runtime.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Names, literals and displays, and what follows them: accesses, calls, filters and tests. */
final class PrimaryParser {
  private static final Set<String> NO_TEST_ARGUMENT = Set.of("else", "or", "and");

  private final Tokens tokens;
  private final ExpressionParser expressions;

  PrimaryParser(Tokens tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  Expression primary() {
    Token token = tokens.current();
    switch (token.kind()) {
      case NAME -> {
        return name(tokens.take().text());
      }
      case STRING -> {
        return new Literal(strings());
      }
      case INTEGER -> {
        tokens.take();
        return new Literal(integer(token));
      }
      case FLOAT -> {
        tokens.take();
        return new Literal(Double.valueOf(token.text()));
      }
      default -> {
        if (tokens.skipOperator("(")) {
          return parenthesized();
        }
        if (tokens.skipOperator("[")) {
          return list();
        }
        if (tokens.skipOperator("{")) {
          return dict();
        }
        throw tokens.unexpected("an expression");
      }
    }
  }

  private static Expression name(String name) {
    return switch (name) {
      case "true", "True" -> new Literal(true);
      case "false", "False" -> new Literal(false);
      case "none", "None" -> new Literal(None.NONE);
      default -> new Name(name);
    };
  }

  private String strings() {
    StringBuilder text = new StringBuilder();
    while (tokens.current().kind() == Kind.STRING) {
      text.append(tokens.take().text());
    }
    return text.toString();
  }

  private static long integer(Token token) {
    String text = token.text();
    try {
      String prefix = text.length() > 1 ? text.substring(0, 2) : "";
      return switch (prefix) {
        case "0x", "0X" -> Long.parseLong(text.substring(2), 16);
        case "0o", "0O" -> Long.parseLong(text.substring(2), 8);
        case "0b", "0B" -> Long.parseLong(text.substring(2), 2);
        default -> Long.parseLong(text);
      };
    } catch (NumberFormatException e) {
      throw JinjaException.syntax(
          token.line(), "expected an integer of at most 64 bits, found " + token.shown());
    }
  }

  private Expression parenthesized() {
    if (tokens.skipOperator(")")) {
      return new TupleDisplay(List.of());
    }
    Expression value = expressions.tuple(true, null);
    tokens.expectOperator(")");
    return value;
  }

  private Expression list() {
    List<Expression> items = new ArrayList<>();
    while (!tokens.skipOperator("]")) {
      items.add(expressions.expression());
      if (!tokens.isOperator("]")) {
        tokens.expectOperator(",");
      }
    }
    return new ListDisplay(items);
  }

  private Expression dict() {
    List<Entry> entries = new ArrayList<>();
    while (!tokens.skipOperator("}")) {
      Expression key = expressions.expression();
      tokens.expectOperator(":");
      entries.add(new Entry(key, expressions.expression()));
      if (!tokens.isOperator("}")) {
        tokens.expectOperator(",");
      }
    }
    return new DictDisplay(entries);
  }

  /** Accesses and calls behind a value. */
  Expression postfix(Expression value) {
    Expression result = value;
    while (true) {
      int line = tokens.current().line();
      if (tokens.skipOperator(".")) {
        result = attribute(result, line);
      } else if (tokens.skipOperator("[")) {
        result = subscript(result, line);
      } else if (tokens.isOperator("(")) {
        result = new Call(result, arguments(), line);
      } else {
        return result;
      }
    }
  }

  private Expression attribute(Expression target, int line) {
    Token name = tokens.take();
    return switch (name.kind()) {
      case NAME -> new Attribute(target, name.text(), line);
      case INTEGER -> new Subscript(target, new Literal(integer(name)), line);
      default ->
          throw JinjaException.syntax(
              name.line(), "expected a name or a number behind '.', found " + name.shown());
    };
  }

  private Expression subscript(Expression target, int line) {
    Expression start = tokens.isOperator(":") ? null : expressions.expression();
    if (start != null && tokens.skipOperator("]")) {
      return new Subscript(target, start, line);
    }
    tokens.expectOperator(":");
    Expression stop = bound();
    Expression step = tokens.skipOperator(":") ? bound() : null;
    tokens.expectOperator("]");
    return new Slice(target, start, stop, step, line);
  }

  private @Nullable Expression bound() {
    boolean absent = tokens.isOperator(":") || tokens.isOperator("]");
    return absent ? null : expressions.expression();
  }

  /** Filters, tests and calls of their results behind a value. */
  Expression filtered(Expression value) {
    Expression result = value;
    while (true) {
      int line = tokens.current().line();
      if (tokens.skipOperator("|")) {
        result = filter(result);
      } else if (tokens.skipName("is")) {
        result = test(result, line);
      } else if (tokens.isOperator("(")) {
        result = new Call(result, arguments(), line);
      } else {
        return result;
      }
    }
  }

  /** One filter, behind its bar. */
  Expression filter(Expression target) {
    Token name = tokens.expect(Kind.NAME, "the name of a filter");
    ArgumentList arguments = tokens.isOperator("(") ? arguments() : ArgumentList.NONE;
    return new Filtered(target, name.text(), arguments, name.line());
  }

  private Expression test(Expression target, int line) {
    boolean negated = tokens.skipName("not");
    String name = tokens.expect(Kind.NAME, "the name of a test").text();
    Expression tested = new Tested(target, name, testArguments(), line);
    return negated ? new Not(tested) : tested;
  }

  /** Arguments of a test: in parentheses, or a single value without. */
  private ArgumentList testArguments() {
    if (tokens.isOperator("(")) {
      return arguments();
    }
    Token token = tokens.current();
    boolean value =
        switch (token.kind()) {
          case NAME -> !NO_TEST_ARGUMENT.contains(token.text());
          case STRING, INTEGER, FLOAT -> true;
          default -> tokens.isOperator("[") || tokens.isOperator("{");
        };
    if (!value) {
      return ArgumentList.NONE;
    }
    if (tokens.isName("is")) {
      throw JinjaException.syntax(token.line(), "tests with 'is' cannot be chained");
    }
    tokens.enter();
    Expression argument = postfix(primary());
    tokens.leave();
    return new ArgumentList(List.of(argument), Map.of(), null, null);
  }

  ArgumentList arguments() {
    int line = tokens.current().line();
    tokens.expectOperator("(");
    List<Expression> positional = new ArrayList<>();
    Map<String, Expression> keywords = new LinkedHashMap<>();
    Expression morePositional = null;
    Expression moreKeywords = null;
    while (!tokens.skipOperator(")")) {
      boolean last = moreKeywords != null;
      if (!last && morePositional == null && tokens.skipOperator("*")) {
        morePositional = expressions.expression();
      } else if (!last && tokens.skipOperator("**")) {
        moreKeywords = expressions.expression();
      } else if (!last && tokens.following().is(Kind.OPERATOR, "=")) {
        keyword(keywords);
      } else if (!last && morePositional == null && keywords.isEmpty()) {
        positional.add(expressions.expression());
      } else {
        throw JinjaException.syntax(line, "the arguments of a call are in the wrong order");
      }
      if (!tokens.isOperator(")")) {
        tokens.expectOperator(",");
      }
    }
    return new ArgumentList(positional, keywords, morePositional, moreKeywords);
  }

  private void keyword(Map<String, Expression> keywords) {
    Token name = tokens.expect(Kind.NAME, "the name of an argument");
    tokens.expectOperator("=");
    if (keywords.put(name.text(), expressions.expression()) != null) {
      throw JinjaException.syntax(name.line(), "the argument " + name.shown() + " is given twice");
    }
  }
}
