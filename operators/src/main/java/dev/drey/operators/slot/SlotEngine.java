package dev.drey.operators.slot;

import dev.drey.runtime.chat.ChatTemplates;
import dev.drey.runtime.predict.Prediction;
import dev.drey.runtime.schedule.Step;
import dev.drey.runtime.schedule.StepScheduler;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * What the operators need of the engine of their slot.
 *
 * <p><b>Threading.</b> One task, the pipeline's, schedules and runs steps. {@link #encode}, {@link
 * #chatTemplates}, {@link #prefetch}, progress and statistics may be called from any thread.
 */
public interface SlotEngine {
  /** What it serves. */
  EngineFacts facts();

  /** Whether the model has a tokenizer; without one only token ids can be served. */
  boolean hasTokenizer();

  /**
   * Token ids of a text; only with a tokenizer.
   *
   * @param addSpecialTokens whether the tokens that the model puts around a text are added
   */
  int[] encode(String text, boolean addSpecialTokens);

  /** How conversations become prompts; absent if the model has no chat template. */
  Optional<ChatTemplates> chatTemplates();

  /** A scheduler over the engine's pool; the caller closes it. One at a time. */
  StepScheduler newScheduler();

  /** A step to be planned again and again. */
  Step newStep();

  /**
   * While steps run, asks this often enough for a cancellation to take effect within a few
   * milliseconds; they then end with an exception.
   */
  void cancelWhen(BooleanSupplier canceled);

  /** Begins a planned step: turns its ids into activations. */
  void embed(Step step);

  /**
   * Runs consecutive layers of an embedded step.
   *
   * @param from first layer
   * @param to layer after the last
   * @param predictions takes what is predicted meanwhile, in the calling thread
   */
  void runLayers(Step step, int from, int to, Consumer<Prediction> predictions);

  /** Ends the step: decides the token of every row that wants one. */
  void sample(Step step);

  /**
   * Offers a prediction; never blocks.
   *
   * @return how many of its experts were taken up
   */
  int prefetch(Prediction prediction);

  /** Number of the step that runs or ran last; -1 before the first. */
  long currentStep();

  /** Layer whose router was reached last in the current step. */
  int currentLayer();

  /** What happened so far. */
  EngineStats stats();
}
