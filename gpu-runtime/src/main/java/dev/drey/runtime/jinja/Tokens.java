package dev.drey.runtime.jinja;

import dev.drey.runtime.jinja.Token.Kind;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** A place in a row of tokens. */
final class Tokens {
  private static final int MOST_NESTING = 64;

  private final List<Token> tokens;
  private int position;
  private int nesting;

  Tokens(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token current() {
    return tokens.get(position);
  }

  /** The token after the current one; the end goes on for ever. */
  Token following() {
    return tokens.get(Math.min(position + 1, tokens.size() - 1));
  }

  /** Returns the current token and goes on to the next. */
  Token take() {
    Token token = current();
    if (token.kind() != Kind.END) {
      position++;
    }
    return token;
  }

  int position() {
    return position;
  }

  /** Which of the names stand between a position and the current token. */
  Set<String> mentionedSince(int from, Set<String> names) {
    return tokens.subList(from, position).stream()
        .filter(token -> token.kind() == Kind.NAME)
        .map(Token::text)
        .filter(names::contains)
        .collect(Collectors.toUnmodifiableSet());
  }

  boolean isOperator(String text) {
    return current().is(Kind.OPERATOR, text);
  }

  boolean isName(String text) {
    return current().is(Kind.NAME, text);
  }

  boolean skipOperator(String text) {
    boolean there = isOperator(text);
    if (there) {
      position++;
    }
    return there;
  }

  boolean skipName(String text) {
    boolean there = isName(text);
    if (there) {
      position++;
    }
    return there;
  }

  void expectOperator(String text) {
    if (!skipOperator(text)) {
      throw unexpected("'" + text + "'");
    }
  }

  void expectName(String text) {
    if (!skipName(text)) {
      throw unexpected("'" + text + "'");
    }
  }

  Token expect(Kind kind, String what) {
    if (current().kind() != kind) {
      throw unexpected(what);
    }
    return take();
  }

  JinjaException unexpected(String expected) {
    return JinjaException.syntax(
        current().line(), "expected " + expected + ", found " + current().shown());
  }

  /** Begins something that may hold others of its kind: the parser calls itself for those. */
  void enter() {
    nesting++;
    if (nesting > MOST_NESTING) {
      throw JinjaException.syntax(
          current().line(), "more than " + MOST_NESTING + " constructs within each other");
    }
  }

  /** Ends what {@link #enter} began. */
  void leave() {
    nesting--;
  }
}
