package dev.drey.jobs.options;

/** What a setting is about; commands offer the flags of the sections they use. */
public enum Section {
  /** Which model, on which device, within which memory. */
  ENGINE("Engine"),
  /** How the job is laid out and how it treats records. */
  JOB("Job"),
  /** Files in and out. */
  FILES("Files"),
  /** Topics in and out. */
  KAFKA("Kafka");

  private final String title;

  Section(String title) {
    this.title = title;
  }

  /** Heading in the reference and in the usage text. */
  public String title() {
    return title;
  }
}
