package dev.drey.runtime.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The expressions of the language, accesses and calls aside. */
final class Expressions {
  private Expressions() {}

  record Literal(Object value) implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      return value;
    }
  }

  record Name(String name) implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      return frame.get(name);
    }
  }

  record ListDisplay(List<Expression> items) implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      return all(frame, items);
    }
  }

  record TupleDisplay(List<Expression> items) implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      return new Tuple(all(frame, items));
    }
  }

  record Entry(Expression key, Expression value) {}

  record DictDisplay(List<Entry> entries) implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      frame.budget().items(entries.size());
      Map<Object, Object> map = new LinkedHashMap<>();
      for (Entry entry : entries) {
        map.put(Keys.of(frame.evaluate(entry.key())), frame.evaluate(entry.value()));
      }
      return map;
    }
  }

  record Not(Expression operand) implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      return !Truth.of(frame.evaluate(operand));
    }
  }

  record Signed(boolean negative, Expression operand) implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      Object value = frame.evaluate(operand);
      return negative ? Arithmetic.negative(value) : Arithmetic.positive(value);
    }
  }

  record And(Expression left, Expression right) implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      Object value = frame.evaluate(left);
      return Truth.of(value) ? frame.evaluate(right) : value;
    }
  }

  record Or(Expression left, Expression right) implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      Object value = frame.evaluate(left);
      return Truth.of(value) ? value : frame.evaluate(right);
    }
  }

  record Binary(String operator, Expression left, Expression right, int line)
      implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      Object a = frame.evaluate(left);
      Object b = frame.evaluate(right);
      frame.rendering().reached(line);
      return Arithmetic.apply(frame.rendering(), operator, a, b);
    }
  }

  /** {@code a ~ b ~ c}. */
  record Concatenation(List<Expression> parts) implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      StringBuilder text = new StringBuilder();
      for (Expression part : parts) {
        text.append(frame.budget().made(PythonText.str(frame.rendering(), frame.evaluate(part))));
      }
      return frame.budget().made(text.toString());
    }
  }

  record Operand(String operator, Expression value) {}

  /** {@code a < b < c}: each operand is evaluated once, until one comparison does not hold. */
  record Comparisons(Expression first, List<Operand> operands, int line) implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      Object left = frame.evaluate(first);
      for (Operand operand : operands) {
        Object right = frame.evaluate(operand.value());
        frame.rendering().reached(line);
        if (!Comparison.holds(frame.rendering(), operand.operator(), left, right)) {
          return false;
        }
        left = right;
      }
      return true;
    }
  }

  record Conditional(Expression condition, Expression then, @Nullable Expression otherwise)
      implements Expression {
    @Override
    public Object evaluate(Frame frame) {
      if (Truth.of(frame.evaluate(condition))) {
        return frame.evaluate(then);
      }
      return otherwise != null
          ? frame.evaluate(otherwise)
          : new Undefined("the inline if has no else, and its condition is false");
    }
  }

  private static List<Object> all(Frame frame, List<Expression> items) {
    frame.budget().items(items.size());
    List<Object> values = new ArrayList<>(items.size());
    for (Expression item : items) {
      values.add(frame.evaluate(item));
    }
    return values;
  }
}
