package dev.drey.runtime.jinja;

import dev.drey.runtime.jinja.Expressions.And;
import dev.drey.runtime.jinja.Expressions.Binary;
import dev.drey.runtime.jinja.Expressions.Comparisons;
import dev.drey.runtime.jinja.Expressions.Concatenation;
import dev.drey.runtime.jinja.Expressions.Conditional;
import dev.drey.runtime.jinja.Expressions.Not;
import dev.drey.runtime.jinja.Expressions.Operand;
import dev.drey.runtime.jinja.Expressions.Or;
import dev.drey.runtime.jinja.Expressions.Signed;
import dev.drey.runtime.jinja.Expressions.TupleDisplay;
import dev.drey.runtime.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Operators, from the loosest to the tightest: {@code if}, {@code or}, {@code and}, {@code not},
 * comparisons, {@code + -}, {@code ~}, {@code * / // %}, {@code **}, signs. What they apply to is
 * read by {@link PrimaryParser}.
 */
final class ExpressionParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> SUMS = Set.of("+", "-");
  private static final Set<String> PRODUCTS = Set.of("*", "/", "//", "%");
  private static final Set<String> POWERS = Set.of("**");

  private final Tokens tokens;
  private final PrimaryParser primaries;

  ExpressionParser(Tokens tokens) {
    this.tokens = tokens;
    this.primaries = new PrimaryParser(tokens, this);
  }

  PrimaryParser primaries() {
    return primaries;
  }

  /** An expression, or several with commas as a tuple. */
  Expression tuple(boolean conditional, @Nullable String endName) {
    List<Expression> items = new ArrayList<>();
    boolean commas = false;
    while (!endsTuple(endName)) {
      items.add(conditional ? expression() : or());
      if (!tokens.skipOperator(",")) {
        break;
      }
      commas = true;
    }
    if (commas) {
      return new TupleDisplay(items);
    }
    if (items.isEmpty()) {
      throw tokens.unexpected("an expression");
    }
    return items.get(0);
  }

  private boolean endsTuple(@Nullable String endName) {
    Kind kind = tokens.current().kind();
    return kind == Kind.PRINT_END
        || kind == Kind.TAG_END
        || tokens.isOperator(")")
        || (endName != null && tokens.isName(endName));
  }

  Expression expression() {
    tokens.enter();
    Expression value = or();
    while (tokens.skipName("if")) {
      Expression condition = or();
      Expression otherwise = tokens.skipName("else") ? expression() : null;
      value = new Conditional(condition, value, otherwise);
    }
    tokens.leave();
    return value;
  }

  private Expression or() {
    Expression left = and();
    while (tokens.skipName("or")) {
      left = new Or(left, and());
    }
    return left;
  }

  private Expression and() {
    Expression left = not();
    while (tokens.skipName("and")) {
      left = new And(left, not());
    }
    return left;
  }

  private Expression not() {
    if (!tokens.skipName("not")) {
      return comparison();
    }
    tokens.enter();
    Expression operand = not();
    tokens.leave();
    return new Not(operand);
  }

  private Expression comparison() {
    int line = tokens.current().line();
    Expression first = sum();
    List<Operand> operands = new ArrayList<>();
    for (String operator = comparator(); operator != null; operator = comparator()) {
      operands.add(new Operand(operator, sum()));
    }
    return operands.isEmpty() ? first : new Comparisons(first, operands, line);
  }

  private @Nullable String comparator() {
    Token token = tokens.current();
    if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) {
      return tokens.take().text();
    }
    if (tokens.skipName("in")) {
      return "in";
    }
    if (tokens.isName("not") && tokens.following().is(Kind.NAME, "in")) {
      tokens.take();
      tokens.take();
      return "not in";
    }
    return null;
  }

  private interface Level {
    Expression parse();
  }

  private Expression binary(Set<String> operators, Level operands) {
    Expression left = operands.parse();
    while (tokens.current().kind() == Kind.OPERATOR
        && operators.contains(tokens.current().text())) {
      Token operator = tokens.take();
      left = new Binary(operator.text(), left, operands.parse(), operator.line());
    }
    return left;
  }

  private Expression sum() {
    return binary(SUMS, this::concatenation);
  }

  private Expression concatenation() {
    Expression first = product();
    if (!tokens.isOperator("~")) {
      return first;
    }
    List<Expression> parts = new ArrayList<>(List.of(first));
    while (tokens.skipOperator("~")) {
      parts.add(product());
    }
    return new Concatenation(parts);
  }

  private Expression product() {
    return binary(PRODUCTS, () -> binary(POWERS, () -> signed(true)));
  }

  private Expression signed(boolean filtered) {
    tokens.enter();
    Expression value;
    if (tokens.isOperator("-") || tokens.isOperator("+")) {
      boolean negative = tokens.take().text().equals("-");
      value = new Signed(negative, signed(false));
    } else {
      value = primaries.primary();
    }
    value = primaries.postfix(value);
    if (filtered) {
      value = primaries.filtered(value);
    }
    tokens.leave();
    return value;
  }
}
