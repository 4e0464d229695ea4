package dev.drey.jobs.options;

import java.util.Optional;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;

/**
 * One thing that can be set: the Flink option with its key, type and default, the flag that sets
 * the same key, and what values make sense.
 *
 * @param <T> type of the value
 * @param option key, type and default
 * @param flag name on the command line with its dashes, empty if there is none
 * @param label what the flag's argument is called in the usage text; empty for a switch
 * @param section what it is about
 * @param description one or two sentences for the reference and the usage text
 * @param check what values make sense
 */
public record Setting<T>(
    ConfigOption<T> option,
    String flag,
    String label,
    Section section,
    String description,
    Check<T> check) {

  /** A setting without a flag. */
  static <T> Setting<T> of(
      Section section, ConfigOption<T> option, Check<T> check, String description) {
    return new Setting<>(option.withDescription(description), "", "", section, description, check);
  }

  /** The same setting with a flag that takes an argument. */
  Setting<T> flag(String name, String argument) {
    return new Setting<>(option, name, argument, section, description, check);
  }

  /** The same setting with a flag whose presence means {@code true}. */
  Setting<T> toggle(String name) {
    return flag(name, "");
  }

  /** The configuration key. */
  public String key() {
    return option.key();
  }

  /** Key and flag, as messages name a setting. */
  public String name() {
    return flag.isEmpty() ? key() : key() + " (" + flag + ")";
  }

  /** Whether the flag takes no argument. */
  public boolean isToggle() {
    return !flag.isEmpty() && label.isEmpty();
  }

  /**
   * The value, or the default.
   *
   * @throws IllegalStateException if there is neither: the validator should have asked for it
   */
  public T in(ReadableConfig configuration) {
    return find(configuration)
        .orElseThrow(() -> new IllegalStateException(name() + " is not set and has no default"));
  }

  /** The value, or the default, if there is one. */
  public Optional<T> find(ReadableConfig configuration) {
    Optional<T> set = configuration.getOptional(option);
    return set.isPresent() ? set : Optional.ofNullable(option.defaultValue());
  }
}
