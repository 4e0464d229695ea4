package dev.drey.runtime.plan;

/**
 * The mean step of a long run, in which each sequence that ends is replaced at once.
 *
 * <p>A record takes {@code ceil(P / S)} steps in which its prompt is read and {@code T - 1} in
 * which it decodes, so {@code n} places finish {@code c = n / (T - 1 + ceil(P / S))} records per
 * step and have {@code c * (P + T - 1)} rows. If these are more than the {@code S} rows a step may
 * have, the rows are the limit: {@code c = S / (P + T - 1)}.
 *
 * @param records records that end per step
 * @param decodeRows rows of sequences that decode
 * @param prefillRows rows of prompts
 * @param prefills sequences whose prompts are read
 * @param decodeContext positions a decode row attends to
 * @param prefillContext positions a prompt row attends to
 * @param logitRows rows whose logits are wanted
 * @param scoredRows of these, rows of which the log-probability of a given token is wanted
 */
public record MeanStep(
    double records,
    double decodeRows,
    double prefillRows,
    double prefills,
    double decodeContext,
    double prefillContext,
    double logitRows,
    double scoredRows) {

  /**
   * The mean step of a workload. Logits are wanted of rows that decode, and of the last of each
   * prompt.
   *
   * @param sequences places, {@code n}
   * @param stepTokens most rows of a step, {@code S}
   */
  public static MeanStep of(Workload workload, int sequences, int stepTokens) {
    int prompt = workload.promptTokens();
    int decodeSteps = workload.maxTokens() - 1;
    int prefillSteps = (prompt + stepTokens - 1) / stepTokens;
    double byPlaces = (double) sequences / (decodeSteps + prefillSteps);
    double byRows = (double) stepTokens / workload.computedTokens();
    double records = Math.min(byPlaces, byRows);
    return new MeanStep(
        records,
        records * decodeSteps,
        records * prompt,
        records * prefillSteps,
        prompt + (decodeSteps + 1) / 2.0,
        (prompt + 1) / 2.0,
        records * (decodeSteps + 1),
        0);
  }

  /**
   * A step in which all sequences decode and none ends.
   *
   * @param context positions a row attends to, on average
   */
  public static MeanStep decoding(double sequences, double context) {
    return new MeanStep(0, sequences, 0, 0, context, 0, sequences, 0);
  }

  /** The same work of another number of records: all rows in proportion. */
  public MeanStep withRecords(double count) {
    double share = count / records;
    return new MeanStep(
        count,
        decodeRows * share,
        prefillRows * share,
        prefills * share,
        decodeContext,
        prefillContext,
        logitRows * share,
        scoredRows * share);
  }

  /** The same step with the logits of every row wanted, as scoring wants them. */
  public MeanStep scored() {
    return new MeanStep(
        records, decodeRows, prefillRows, prefills, decodeContext, prefillContext, rows(), rows());
  }

  /** All rows. */
  public double rows() {
    return decodeRows + prefillRows;
  }

  /** The counts that floors are made of. */
  StepWork work(double expertsTouched, double expertsMoved) {
    return new StepWork(
        rows(),
        logitRows(),
        decodeRows * decodeContext + prefillRows * prefillContext,
        decodeRows * decodeContext + prefills * prefillContext,
        expertsTouched,
        expertsMoved);
  }
}
