package dev.drey.jobs.options;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/** Every setting there is, in the order of the reference. */
public final class Settings {
  /** What our keys begin with. */
  public static final String PREFIX = "drey.";

  private static final List<Setting<?>> ALL = collect();

  private Settings() {}

  /** All settings, sections together. */
  public static List<Setting<?>> all() {
    return ALL;
  }

  /** The settings of some sections. */
  public static List<Setting<?>> of(Set<Section> sections) {
    return ALL.stream().filter(s -> sections.contains(s.section())).toList();
  }

  private static List<Setting<?>> collect() {
    List<Setting<?>> all = new ArrayList<>(EngineSettings.all());
    all.addAll(PlanSettings.all());
    all.addAll(JobSettings.all());
    all.addAll(FileSettings.all());
    all.addAll(KafkaSettings.all());
    return Collections.unmodifiableList(all);
  }
}
