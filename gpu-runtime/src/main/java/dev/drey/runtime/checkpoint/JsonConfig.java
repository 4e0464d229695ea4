package dev.drey.runtime.checkpoint;

import static dev.drey.runtime.safetensors.ModelFileException.quote;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.drey.runtime.safetensors.ModelFileException;
import dev.drey.runtime.safetensors.StrictJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Typed values of a configuration file. A key that is absent or null has no value; a value of
 * another type or out of range is refused with key and value. Keys nobody asks for are ignored.
 */
public final class JsonConfig {
  private final Path file;
  private final String path;
  private final ObjectNode values;

  private JsonConfig(Path file, String path, ObjectNode values) {
    this.file = file;
    this.path = path;
    this.values = values;
  }

  /**
   * Reads a configuration.
   *
   * @throws ModelFileException if it is not one JSON object
   */
  public static JsonConfig parse(Path file, byte[] content) {
    return new JsonConfig(file, "", StrictJson.object(file, content));
  }

  /** Whether the key has a value. */
  public boolean has(String key) {
    return value(key) != null;
  }

  /** Whether the key is there with null for a value. */
  public boolean isNull(String key) {
    return values.has(key) && values.get(key).isNull();
  }

  /** A text that must be there. */
  public String text(String key) {
    return optionalText(key).orElseThrow(() -> refuse(key, "a text", "Add the key."));
  }

  /** A text, if there is one. */
  public Optional<String> optionalText(String key) {
    JsonNode value = value(key);
    if (value != null && !value.isTextual()) {
      throw refuse(key, "a text", "Correct the value.");
    }
    return Optional.ofNullable(value).map(JsonNode::textValue);
  }

  /** A truth value. */
  public boolean flag(String key, boolean whenAbsent) {
    return optionalFlag(key).orElse(whenAbsent);
  }

  /** A truth value, if there is one. */
  public Optional<Boolean> optionalFlag(String key) {
    JsonNode value = value(key);
    if (value != null && !value.isBoolean()) {
      throw refuse(key, "true or false", "Correct the value.");
    }
    return Optional.ofNullable(value).map(JsonNode::booleanValue);
  }

  /** A whole number in a range. */
  public int integer(String key, int whenAbsent, int least, int most) {
    return optionalInteger(key, least, most).orElse(whenAbsent);
  }

  /** A whole number in a range, if there is one. */
  public OptionalInt optionalInteger(String key, int least, int most) {
    JsonNode value = value(key);
    return value == null ? OptionalInt.empty() : OptionalInt.of(integer(key, value, least, most));
  }

  /** A finite number in a range. */
  public double number(String key, double whenAbsent, double least, double most) {
    return optionalNumber(key, least, most).orElse(whenAbsent);
  }

  /** A finite number in a range, if there is one. */
  public OptionalDouble optionalNumber(String key, double least, double most) {
    JsonNode value = value(key);
    if (value == null) {
      return OptionalDouble.empty();
    }
    double number = value.isNumber() ? value.doubleValue() : Double.NaN;
    if (!(number >= least && number <= most)) {
      throw refuse(key, "a number from " + least + " to " + most, "Correct the value.");
    }
    return OptionalDouble.of(number);
  }

  /** Whole numbers in a range, from a list or a single number; empty if there are none. */
  public List<Integer> integers(String key, int least, int most) {
    JsonNode value = value(key);
    if (value == null) {
      return List.of();
    }
    List<Integer> numbers = new ArrayList<>();
    if (value.isArray()) {
      value.forEach(element -> numbers.add(integer(key, element, least, most)));
    } else {
      numbers.add(integer(key, value, least, most));
    }
    return List.copyOf(numbers);
  }

  /** Texts of a list; empty if there is none. */
  public List<String> texts(String key) {
    JsonNode value = value(key);
    List<String> texts = new ArrayList<>();
    if (value != null && !value.isArray()) {
      throw refuse(key, "a list of texts", "Correct the value.");
    }
    if (value != null) {
      for (JsonNode element : value) {
        if (!element.isTextual()) {
          throw refuse(key, "a list of texts", "Correct the value.");
        }
        texts.add(element.textValue());
      }
    }
    return List.copyOf(texts);
  }

  /** The object under a key, if there is one. */
  public Optional<JsonConfig> object(String key) {
    JsonNode value = value(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof ObjectNode object) {
      return Optional.of(new JsonConfig(file, path + key + ".", object));
    }
    throw refuse(key, "an object", "Correct the value.");
  }

  /** Finite numbers of a list; empty if there is none. */
  public List<Double> numbers(String key) {
    JsonNode value = value(key);
    List<Double> numbers = new ArrayList<>();
    if (value != null && !value.isArray()) {
      throw refuse(key, "a list of numbers", "Correct the value.");
    }
    if (value != null) {
      for (JsonNode element : value) {
        if (!element.isNumber() || !Double.isFinite(element.doubleValue())) {
          throw refuse(key, "a list of numbers", "Correct the value.");
        }
        numbers.add(element.doubleValue());
      }
    }
    return List.copyOf(numbers);
  }

  /** Refuses keys with values that are not among those that are understood. */
  public void requireOnly(Set<String> understood) {
    values
        .fieldNames()
        .forEachRemaining(
            key -> {
              if (!understood.contains(key) && has(key)) {
                throw notImplemented(key, "none of this name");
              }
            });
  }

  /** Refuses a key that has a value which asks for something that is not implemented. */
  public void requireAbsent(String key) {
    if (has(key)) {
      throw notImplemented(key, "no value");
    }
  }

  /** Refuses a truth value that asks for something that is not implemented. */
  public void requireFlag(String key, boolean only) {
    if (flag(key, only) != only) {
      throw notImplemented(key, Boolean.toString(only));
    }
  }

  /** Refuses a text that asks for something that is not implemented. */
  public void requireText(String key, String only) {
    if (!optionalText(key).orElse(only).equals(only)) {
      throw notImplemented(key, quote(only));
    }
  }

  /** The refusal of a value that asks for something that is not implemented. */
  public ModelFileException notImplemented(String key, String only) {
    return refuse(key, only, "Models that need anything else here are not supported.");
  }

  /** The refusal of a key's value. */
  public ModelFileException refuse(String key, String expected, String advice) {
    JsonNode value = value(key);
    String found = value == null ? "no value" : quote(value.toString());
    return ModelFileException.of(file, "key " + quote(path + key), expected, found, advice);
  }

  private int integer(String key, JsonNode value, int least, int most) {
    if (!value.isIntegralNumber()
        || !value.canConvertToInt()
        || value.intValue() < least
        || value.intValue() > most) {
      throw refuse(key, "a whole number from " + least + " to " + most, "Correct the value.");
    }
    return value.intValue();
  }

  private @Nullable JsonNode value(String key) {
    JsonNode value = values.get(key);
    return value == null || value.isNull() ? null : value;
  }
}
