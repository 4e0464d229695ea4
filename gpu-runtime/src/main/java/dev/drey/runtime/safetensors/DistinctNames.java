package dev.drey.runtime.safetensors;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A parser that refuses a name which one object has twice, and an object with more names than any
 * model file has. The library's own check has no such bound, and a file of a few megabytes can hold
 * millions of names.
 */
final class DistinctNames extends JsonParserDelegate {
  /** Most names of one object: four times the largest published vocabulary. */
  static final int MAX_NAMES = 1 << 20;

  private final List<Set<String>> open = new ArrayList<>();

  DistinctNames(JsonParser parser) {
    super(parser);
  }

  @Override
  public JsonToken nextToken() throws IOException {
    JsonToken token = delegate.nextToken();
    if (token == JsonToken.START_OBJECT) {
      open.add(Set.of());
    } else if (token == JsonToken.END_OBJECT) {
      open.remove(open.size() - 1);
    } else if (token == JsonToken.FIELD_NAME) {
      add(delegate.currentName());
    }
    return token;
  }

  private void add(String name) throws IOException {
    int innermost = open.size() - 1;
    Set<String> names = open.get(innermost);
    if (names.isEmpty()) {
      names = new HashSet<>();
      open.set(innermost, names);
    }
    if (names.size() == MAX_NAMES) {
      throw new JsonParseException(this, "More than " + MAX_NAMES + " names in one object");
    }
    if (!names.add(name)) {
      throw new JsonParseException(
          this, "Duplicate name " + ModelFileException.quote(name) + " in one object");
    }
  }

  @Override
  public JsonToken nextValue() throws IOException {
    JsonToken token = nextToken();
    return token == JsonToken.FIELD_NAME ? nextToken() : token;
  }

  @Override
  public JsonParser skipChildren() throws IOException {
    int depth = currentToken() != null && currentToken().isStructStart() ? 1 : 0;
    while (depth > 0) {
      JsonToken token = nextToken();
      if (token == null) {
        throw new JsonParseException(this, "The text ends within an object or a list");
      }
      depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
    }
    return this;
  }
}
