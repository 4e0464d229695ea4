package dev.drey.runtime.jinja;

import dev.drey.runtime.jinja.Accesses.Call;
import dev.drey.runtime.jinja.Expressions.Name;
import dev.drey.runtime.jinja.Macro.Parameter;
import dev.drey.runtime.jinja.Macro.Signature;
import dev.drey.runtime.jinja.Statements.Assignment;
import dev.drey.runtime.jinja.Statements.Branch;
import dev.drey.runtime.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Tags and the text between them. */
final class Parser {
  private static final Set<String> UNSUPPORTED =
      Set.of("include", "import", "from", "extends", "block", "autoescape", "trans", "do", "debug");

  private final Tokens tokens;
  private final ExpressionParser expressions;
  private int loops;

  Parser(List<Token> tokens) {
    this.tokens = new Tokens(tokens);
    this.expressions = new ExpressionParser(this.tokens);
  }

  List<Statement> template() {
    List<Statement> body = statements();
    if (tokens.current().kind() != Kind.END) {
      throw unknownTag();
    }
    return body;
  }

  /** Statements up to a tag that begins none, whose name is then the current token. */
  private List<Statement> statements() {
    tokens.enter();
    List<Statement> statements = new ArrayList<>();
    while (tokens.current().kind() != Kind.END) {
      Token token = tokens.take();
      if (token.kind() == Kind.DATA) {
        statements.add(new Statements.Text(token.text()));
      } else if (token.kind() == Kind.PRINT_BEGIN) {
        statements.add(new Statements.Print(expressions.tuple(true, null), token.line()));
        tokens.expect(Kind.PRINT_END, "'}}'");
      } else {
        Statement statement = statement();
        if (statement == null) {
          break;
        }
        statements.add(statement);
        tokens.expect(Kind.TAG_END, "'%}'");
      }
    }
    tokens.leave();
    return statements;
  }

  private @Nullable Statement statement() {
    Token tag = tokens.current();
    if (tag.kind() != Kind.NAME) {
      throw tokens.unexpected("the name of a tag");
    }
    int line = tag.line();
    switch (tag.text()) {
      case "for", "if", "set", "macro", "call", "filter", "with", "generation" -> tokens.take();
      case "break", "continue" -> tokens.take();
      default -> {
        return null;
      }
    }
    return switch (tag.text()) {
      case "for" -> loop(line);
      case "if" -> condition(line);
      case "set" -> set(line);
      case "macro" -> macro(line);
      case "call" -> callBlock(line);
      case "filter" -> filterBlock(line);
      case "with" -> with(line);
      case "generation" -> new Statements.Scope(ownBody("endgeneration"));
      default -> jump(tag);
    };
  }

  private JinjaException unknownTag() {
    Token tag = tokens.current();
    String problem =
        UNSUPPORTED.contains(tag.text())
            ? "the tag '" + tag.text() + "' is not supported"
            : "there is no tag " + tag.shown() + ", or it is not expected here";
    return JinjaException.syntax(tag.line(), problem);
  }

  /** The body behind a tag, up to the name of one of the tags that may end it. */
  private List<Statement> body(String... ends) {
    tokens.skipOperator(":");
    int line = tokens.expect(Kind.TAG_END, "'%}'").line();
    List<Statement> body = statements();
    Token end = tokens.current();
    if (end.kind() == Kind.END) {
      throw JinjaException.syntax(
          line, "the tag is not closed: expected '" + String.join("' or '", ends) + "'");
    }
    if (!List.of(ends).contains(end.text())) {
      throw unknownTag();
    }
    return body;
  }

  /** A body up to and including its end, which no loop around it can be left from. */
  private List<Statement> ownBody(String end) {
    int around = loops;
    loops = 0;
    List<Statement> body = body(end);
    loops = around;
    tokens.take();
    return body;
  }

  private Statement loop(int line) {
    Target target = targets("in", false);
    tokens.expectName("in");
    Expression iterable = expressions.tuple(false, "recursive");
    Expression condition = tokens.skipName("if") ? expressions.expression() : null;
    boolean recursive = tokens.skipName("recursive");
    loops++;
    List<Statement> body = body("endfor", "else");
    loops--;
    List<Statement> otherwise = List.of();
    if (tokens.take().text().equals("else")) {
      otherwise = body("endfor");
      tokens.take();
    }
    return new Loop(target, iterable, condition, body, otherwise, recursive, line);
  }

  private Statement condition(int line) {
    List<Branch> branches = new ArrayList<>();
    int branchLine = line;
    while (true) {
      Expression condition = expressions.tuple(false, null);
      branches.add(new Branch(condition, body("elif", "else", "endif"), branchLine));
      Token end = tokens.take();
      if (end.text().equals("else")) {
        List<Statement> otherwise = body("endif");
        tokens.take();
        return new Statements.If(branches, otherwise);
      }
      if (end.text().equals("endif")) {
        return new Statements.If(branches, List.of());
      }
      branchLine = end.line();
    }
  }

  private Statement set(int line) {
    Target target = targets("=", true);
    if (tokens.skipOperator("=")) {
      return new Statements.Set(target, expressions.tuple(true, null), line);
    }
    Expression filtered = filters();
    return new Statements.SetBlock(target, filtered, ownBody("endset"), line);
  }

  private Statement filterBlock(int line) {
    Expression text = new Name(Statements.BLOCK_TEXT);
    Expression first = expressions.primaries().filter(text);
    Expression filtered = expressions.primaries().filtered(first);
    return new Statements.FilterBlock(filtered, ownBody("endfilter"), line);
  }

  /** The filters of a block's text, from the bar on. */
  private Expression filters() {
    return expressions.primaries().filtered(new Name(Statements.BLOCK_TEXT));
  }

  private Statement macro(int line) {
    String name = tokens.expect(Kind.NAME, "the name of the macro").text();
    List<Parameter> parameters = parameters();
    int from = tokens.position();
    List<Statement> body = ownBody("endmacro");
    return new Statements.Define(signature(name, parameters, from), body, line);
  }

  private Statement callBlock(int line) {
    List<Parameter> parameters = tokens.isOperator("(") ? parameters() : List.of();
    Expression call = expressions.expression();
    if (!(call instanceof Call called)) {
      throw JinjaException.syntax(line, "expected a call in the tag 'call'");
    }
    int from = tokens.position();
    List<Statement> body = ownBody("endcall");
    return new Statements.CallBlock(called, signature("caller", parameters, from), body);
  }

  private Signature signature(String name, List<Parameter> parameters, int from) {
    return new Signature(
        name, parameters, tokens.mentionedSince(from, Set.of("varargs", "kwargs", "caller")));
  }

  private List<Parameter> parameters() {
    tokens.expectOperator("(");
    List<Parameter> parameters = new ArrayList<>();
    boolean defaults = false;
    while (!tokens.skipOperator(")")) {
      String name = tokens.expect(Kind.NAME, "the name of a parameter").text();
      Expression whenAbsent = tokens.skipOperator("=") ? expressions.expression() : null;
      if (defaults && whenAbsent == null) {
        throw tokens.unexpected("a default for '" + Shown.name(name) + "', as one before it has");
      }
      defaults = whenAbsent != null;
      parameters.add(new Parameter(name, whenAbsent));
      if (!tokens.isOperator(")")) {
        tokens.expectOperator(",");
      }
    }
    return parameters;
  }

  private Statement with(int line) {
    List<Assignment> assignments = new ArrayList<>();
    while (tokens.current().kind() != Kind.TAG_END) {
      Target target = target(false);
      tokens.expectOperator("=");
      assignments.add(new Assignment(target, expressions.expression()));
      if (tokens.current().kind() != Kind.TAG_END) {
        tokens.expectOperator(",");
      }
    }
    List<Statement> body = body("endwith");
    tokens.take();
    return new Statements.With(assignments, body, line);
  }

  private Statement jump(Token tag) {
    if (loops == 0) {
      throw JinjaException.syntax(tag.line(), "'" + tag.text() + "' outside of a loop");
    }
    return new Statements.Jump(tag.text().equals("break") ? Flow.BREAK : Flow.CONTINUE);
  }

  /**
   * One name, or several with commas.
   *
   * @param end what follows
   */
  private Target targets(String end, boolean namespaces) {
    List<Target> targets = new ArrayList<>(List.of(target(namespaces)));
    boolean commas = false;
    while (tokens.skipOperator(",")) {
      commas = true;
      if (tokens.isName(end) || tokens.isOperator(end)) {
        break;
      }
      targets.add(target(namespaces));
    }
    return commas ? new Target.Unpacking(targets) : targets.get(0);
  }

  private Target target(boolean namespaces) {
    if (tokens.skipOperator("(")) {
      tokens.enter();
      Target target = targets(")", namespaces);
      tokens.leave();
      tokens.expectOperator(")");
      return target;
    }
    String name = tokens.expect(Kind.NAME, "a name to assign to").text();
    if (namespaces && tokens.skipOperator(".")) {
      String attribute = tokens.expect(Kind.NAME, "the name of an attribute").text();
      return new Target.NamespaceAttribute(name, attribute);
    }
    if (Set.of("true", "false", "none", "True", "False", "None").contains(name)) {
      throw JinjaException.syntax(
          tokens.current().line(), "the constant '" + name + "' cannot be assigned to");
    }
    return new Target.Variable(name);
  }
}
