package dev.drey.jobs.options;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Reads settings from a YAML file. Nested maps and dotted keys mean the same; a list becomes its
 * elements separated by semicolons, as Flink writes lists.
 */
public final class YamlSettings {
  private static final int MAX_FILE_BYTES = 1 << 20;

  private YamlSettings() {}

  /**
   * Keys and values of the file in its order.
   *
   * @throws RefusedException if the file is not there, not YAML, or not a map
   */
  public static Map<String, String> read(Path file) {
    Object document = load(file);
    Map<String, String> settings = new LinkedHashMap<>();
    if (document instanceof Map<?, ?> map) {
      flatten(file, "", map, settings);
    } else if (document != null) {
      throw new RefusedException(
          "%s: expected a map of settings, found %s"
              .formatted(file, document.getClass().getSimpleName()));
    }
    return settings;
  }

  private static @Nullable Object load(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new RefusedException(file + ": there is no such configuration file");
    }
    LoadSettings safe =
        LoadSettings.builder()
            .setAllowDuplicateKeys(false)
            .setMaxAliasesForCollections(0)
            .setCodePointLimit(MAX_FILE_BYTES)
            .build();
    try (InputStream in = Files.newInputStream(file)) {
      return new Load(safe).loadFromInputStream(in);
    } catch (YamlEngineException e) {
      throw new RefusedException(file + ": not YAML: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new RefusedException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static void flatten(
      Path file, String prefix, Map<?, ?> map, Map<String, String> settings) {
    map.forEach(
        (name, value) -> {
          String key = prefix + name;
          if (value instanceof Map<?, ?> nested) {
            flatten(file, key + ".", nested, settings);
          } else if (value == null) {
            throw new RefusedException("%s: %s has no value".formatted(file, key));
          } else if (settings.put(key, text(value)) != null) {
            throw new RefusedException("%s: %s is set twice".formatted(file, key));
          }
        });
  }

  private static String text(Object value) {
    return value instanceof List<?> list
        ? list.stream().map(String::valueOf).collect(Collectors.joining(";"))
        : String.valueOf(value);
  }
}
