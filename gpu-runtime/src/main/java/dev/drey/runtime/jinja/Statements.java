package dev.drey.runtime.jinja;

import dev.drey.runtime.jinja.Accesses.ArgumentList;
import dev.drey.runtime.jinja.Accesses.Call;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The statements of the language, loops aside. */
final class Statements {
  private Statements() {}

  /** Text as it stands. */
  record Text(String text) implements Statement {
    @Override
    public Flow run(Frame frame) {
      frame.rendering().write(text);
      return Flow.ON;
    }
  }

  /** A value between double braces. */
  record Print(Expression value, int line) implements Statement {
    @Override
    public Flow run(Frame frame) {
      frame.rendering().reached(line);
      Object printed = frame.evaluate(value);
      frame.rendering().write(PythonText.str(frame.rendering(), printed));
      return Flow.ON;
    }
  }

  record Branch(Expression condition, List<Statement> body, int line) {}

  record If(List<Branch> branches, List<Statement> otherwise) implements Statement {
    @Override
    public Flow run(Frame frame) {
      for (Branch branch : branches) {
        frame.rendering().reached(branch.line());
        if (Truth.of(frame.evaluate(branch.condition()))) {
          return frame.run(branch.body());
        }
      }
      return frame.run(otherwise);
    }
  }

  record Set(Target target, Expression value, int line) implements Statement {
    @Override
    public Flow run(Frame frame) {
      frame.rendering().reached(line);
      target.assign(frame, frame.evaluate(value));
      return Flow.ON;
    }
  }

  /** {@code set} around a text, which may be filtered. */
  record SetBlock(Target target, Expression filtered, List<Statement> body, int line)
      implements Statement {
    @Override
    public Flow run(Frame frame) {
      frame.rendering().reached(line);
      target.assign(frame, filteredText(frame, body, filtered));
      return Flow.ON;
    }
  }

  record FilterBlock(Expression filtered, List<Statement> body, int line) implements Statement {
    @Override
    public Flow run(Frame frame) {
      frame.rendering().reached(line);
      Object text = filteredText(frame, body, filtered);
      frame.rendering().write(PythonText.str(frame.rendering(), text));
      return Flow.ON;
    }
  }

  /** The name under which the filters of a block find its text; no template can write it. */
  static final String BLOCK_TEXT = " text";

  private static Object filteredText(Frame frame, List<Statement> body, Expression filtered) {
    Frame inner = frame.inner();
    String text = frame.rendering().captured(() -> inner.run(body));
    Frame outer = frame.inner();
    outer.set(BLOCK_TEXT, text);
    return outer.evaluate(filtered);
  }

  record Define(Macro.Signature signature, List<Statement> body, int line) implements Statement {
    @Override
    public Flow run(Frame frame) {
      frame.rendering().reached(line);
      frame.set(signature.name(), new Macro(signature, body, frame));
      return Flow.ON;
    }
  }

  /** {@code call}: the body is given to the macro as {@code caller}. */
  record CallBlock(Call call, Macro.Signature signature, List<Statement> body)
      implements Statement {
    @Override
    public Flow run(Frame frame) {
      frame.rendering().reached(call.line());
      Map<String, Expression> keywords = new LinkedHashMap<>(call.arguments().keywords());
      Macro caller = new Macro(signature, body, frame);
      keywords.put("caller", new Expressions.Literal(caller));
      ArgumentList given = call.arguments();
      ArgumentList arguments =
          new ArgumentList(
              given.positional(), keywords, given.morePositional(), given.moreKeywords());
      Object text = frame.evaluate(new Call(call.callee(), arguments, call.line()));
      frame.rendering().write(PythonText.str(frame.rendering(), text));
      return Flow.ON;
    }
  }

  record Assignment(Target target, Expression value) {}

  record With(List<Assignment> assignments, List<Statement> body, int line) implements Statement {
    @Override
    public Flow run(Frame frame) {
      frame.rendering().reached(line);
      List<Object> values = new ArrayList<>();
      for (Assignment assignment : assignments) {
        values.add(frame.evaluate(assignment.value()));
      }
      Frame inner = frame.inner();
      for (int i = 0; i < values.size(); i++) {
        assignments.get(i).target().assign(inner, values.get(i));
      }
      return inner.run(body);
    }
  }

  /** {@code generation}: marks what the assistant said, and changes nothing but the scope. */
  record Scope(List<Statement> body) implements Statement {
    @Override
    public Flow run(Frame frame) {
      return frame.inner().run(body);
    }
  }

  /** {@code break} or {@code continue}. */
  record Jump(Flow flow) implements Statement {
    @Override
    public Flow run(Frame frame) {
      return flow;
    }
  }
}
