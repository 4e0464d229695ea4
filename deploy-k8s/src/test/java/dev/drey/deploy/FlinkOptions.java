package dev.drey.deploy;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.kubernetes.configuration.KubernetesConfigOptions;
import org.apache.flink.runtime.taskexecutor.TaskExecutor;

/**
 * Every option that Flink declares, found by reading the public {@link ConfigOption} constants of
 * the option classes in its jars. Only current keys count: one that Flink still accepts as
 * deprecated is unknown here.
 */
final class FlinkOptions {

  private static final Pattern PLACEHOLDER = Pattern.compile("<[a-z_-]+>");

  /** Flink declares a reporter's options without this prefix. */
  private static final Pattern REPORTER = Pattern.compile("metrics\\.reporter\\.[^.]+\\.");

  private final List<ConfigOption<?>> options;

  private FlinkOptions(List<ConfigOption<?>> options) {
    this.options = List.copyOf(options);
  }

  /** Reads flink-core, flink-runtime and flink-kubernetes from the class path. */
  static FlinkOptions fromClassPath() throws IOException, ReflectiveOperationException {
    List<ConfigOption<?>> found = new ArrayList<>();
    for (Class<?> member :
        List.of(CoreOptions.class, TaskExecutor.class, KubernetesConfigOptions.class)) {
      collect(member, found);
    }
    return new FlinkOptions(found);
  }

  int size() {
    return options.size();
  }

  /** The option of a key; keys with a part to name, such as a reporter's, match by their shape. */
  Optional<ConfigOption<?>> find(String key) {
    Matcher reporter = REPORTER.matcher(key);
    String name = reporter.lookingAt() ? key.substring(reporter.end()) : key;
    return options.stream().filter(option -> matches(option.key(), name)).findFirst();
  }

  private static boolean matches(String declared, String key) {
    if (!declared.contains("<")) {
      return declared.equals(key);
    }
    String[] fixed = PLACEHOLDER.split(declared, -1);
    StringBuilder regex = new StringBuilder(Pattern.quote(fixed[0]));
    for (int i = 1; i < fixed.length; i++) {
      regex.append("[^.]+").append(Pattern.quote(fixed[i]));
    }
    return key.matches(regex.toString());
  }

  private static void collect(Class<?> member, List<ConfigOption<?>> found)
      throws IOException, ReflectiveOperationException {
    Path jar = Path.of(member.getProtectionDomain().getCodeSource().getLocation().getPath());
    try (JarFile file = new JarFile(jar.toFile())) {
      for (JarEntry entry : (Iterable<JarEntry>) file.stream()::iterator) {
        String name = entry.getName();
        if (name.startsWith("org/apache/flink/") && name.matches("[^$]*Options?\\.class")) {
          String type = name.substring(0, name.length() - ".class".length()).replace('/', '.');
          collectConstants(Class.forName(type, false, member.getClassLoader()), found);
        }
      }
    }
  }

  private static void collectConstants(Class<?> type, List<ConfigOption<?>> found)
      throws ReflectiveOperationException {
    if (!Modifier.isPublic(type.getModifiers())) {
      return;
    }
    for (Field field : type.getFields()) {
      boolean constant = Modifier.isStatic(field.getModifiers());
      if (constant && field.getDeclaringClass() == type && isOption(field)) {
        ConfigOption<?> option = (ConfigOption<?>) field.get(null);
        if (!option.key().startsWith("<")) {
          found.add(option);
        }
      }
    }
  }

  private static boolean isOption(Field field) {
    return field.getType() == ConfigOption.class && !field.isAnnotationPresent(Deprecated.class);
  }
}
