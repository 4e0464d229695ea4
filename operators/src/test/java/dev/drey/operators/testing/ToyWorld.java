package dev.drey.operators.testing;

import dev.drey.operators.records.Outcome;
import dev.drey.operators.slot.SamplingDefaults;
import dev.drey.operators.slot.SlotKey;
import dev.drey.runtime.predict.Prediction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a test and the jobs it runs in this process share: engines by slot, what the sink committed,
 * how long a step takes, which fault comes next. Job graphs carry its name. Thread-safe.
 */
public final class ToyWorld implements AutoCloseable {
  private static final Map<String, ToyWorld> WORLDS = new ConcurrentHashMap<>();
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final String name = "world-" + COUNT.incrementAndGet();
  private final Map<SlotKey, ToyEngine> engines = new HashMap<>();
  private final Set<String> committedBatches = new HashSet<>();
  private final List<Outcome> committed = new ArrayList<>();
  private final List<Prediction> offers = new ArrayList<>();
  private int opened;
  private int misplaced;
  private long steps;
  private long rows;
  private long outcomes;
  private long stepNanos;
  private boolean failNextStep;
  private boolean tokenizerBroken;
  private boolean cancellationIgnored;
  private SamplingDefaults defaults = SamplingDefaults.NEUTRAL.greedy();
  private Optional<String> chatTemplate = Optional.empty();
  private String specialTokens = "";

  private ToyWorld() {}

  /** A new world. */
  public static ToyWorld create() {
    ToyWorld world = new ToyWorld();
    WORLDS.put(world.name, world);
    return world;
  }

  static ToyWorld named(String name) {
    ToyWorld world = WORLDS.get(name);
    if (world == null) {
      throw new IllegalStateException(name + " is closed; a job outlived its test");
    }
    return world;
  }

  /** Engines for jobs in this world. */
  public ToyEngines engines() {
    return new ToyEngines(name, ToyEngines.IDENTITY, 8, 4096);
  }

  String name() {
    return name;
  }

  // -- for the test

  /** How long each step takes from now on. */
  public synchronized void stepsTake(Duration time) {
    stepNanos = time.toNanos();
  }

  /** Makes the next step of any replica throw, once. */
  public synchronized void failNextStep() {
    failNextStep = true;
  }

  /** Whether the fault was met. */
  public synchronized boolean failed() {
    return !failNextStep;
  }

  /** Makes a running step go on to its end whatever happens. */
  public synchronized void stepsIgnoreCancellation() {
    cancellationIgnored = true;
  }

  synchronized boolean heedsCancellation() {
    return !cancellationIgnored;
  }

  /** Makes the tokenizer throw for texts that contain an exclamation mark. */
  public synchronized void breakTokenizer() {
    tokenizerBroken = true;
  }

  /** Steps begun so far. */
  public synchronized long steps() {
    return steps;
  }

  /** Rows computed so far. */
  public synchronized long rows() {
    return rows;
  }

  /** Outcomes that reached the sink so far, committed or not. */
  public synchronized long outcomes() {
    return outcomes;
  }

  /** Engines opened so far. */
  public synchronized int openedEngines() {
    return opened;
  }

  /** Engines open now. */
  public synchronized int liveEngines() {
    return engines.size();
  }

  /** What the sink committed. */
  public synchronized List<Outcome> committed() {
    return List.copyOf(committed);
  }

  /** Predictions offered to engines. */
  public synchronized List<Prediction> offers() {
    return List.copyOf(offers);
  }

  /** Predictions offered to an engine that did not make them. */
  public synchronized int misplacedOffers() {
    return misplaced;
  }

  /** Waits until so many more steps have begun. */
  public void awaitSteps(long more) throws InterruptedException {
    long target = steps() + more;
    await(() -> steps >= target, "step " + target);
  }

  /** Waits until so many outcomes are committed. */
  public void awaitCommitted(int count) throws InterruptedException {
    await(() -> committed.size() >= count, count + " committed outcomes");
  }

  /** Waits until the fault was met. */
  public void awaitFailure() throws InterruptedException {
    await(() -> !failNextStep, "the failure");
  }

  /** Waits until no engine is open. */
  public void awaitNoEngines() throws InterruptedException {
    await(engines::isEmpty, "all engines to be closed");
  }

  private synchronized void await(BooleanSupplier reached, String what)
      throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!reached.getAsBoolean()) {
      long millis = (deadline - System.nanoTime()) / 1_000_000;
      if (millis <= 0) {
        throw new AssertionError(
            "waited a minute for %s: %d steps, %d committed, %d engines"
                .formatted(what, steps, committed.size(), engines.size()));
      }
      wait(millis);
    }
  }

  // -- for engines and sinks

  synchronized ToyEngine share(SlotKey slot, ToyEngines settings) {
    ToyEngine engine = engines.get(slot);
    if (engine == null) {
      engine = new ToyEngine(this, settings, opened);
      engines.put(slot, engine);
      opened++;
    }
    engine.share();
    return engine;
  }

  synchronized void giveBack(SlotKey slot) {
    ToyEngine engine = engines.get(slot);
    if (engine != null && engine.giveBack()) {
      engines.remove(slot);
      engine.close();
      notifyAll();
    }
  }

  /** Returns how long the step is to take. */
  synchronized long beginStep(int stepRows) {
    steps++;
    rows += stepRows;
    notifyAll();
    if (failNextStep) {
      failNextStep = false;
      throw new IllegalStateException("injected failure");
    }
    return stepNanos;
  }

  /** What the model's authors want, from the next engine on. */
  public synchronized void defaults(SamplingDefaults wanted) {
    defaults = wanted;
  }

  synchronized SamplingDefaults defaults() {
    return defaults;
  }

  /** Gives the model a chat template. */
  public synchronized void chatTemplate(String source) {
    chatTemplate = Optional.of(source);
  }

  synchronized Optional<String> chatTemplate() {
    return chatTemplate;
  }

  /** What the tokenizer puts in front of a text when it adds special tokens. */
  public synchronized void specialTokens(String text) {
    specialTokens = text;
  }

  synchronized String specialTokens() {
    return specialTokens;
  }

  synchronized void checkTokenizer(String text) {
    if (tokenizerBroken && text.contains("!")) {
      throw new IllegalArgumentException("cannot encode: " + text);
    }
  }

  synchronized void offered(Prediction prediction, boolean own) {
    offers.add(prediction);
    misplaced += own ? 0 : 1;
  }

  synchronized void written() {
    outcomes++;
  }

  synchronized void commit(String batch, List<Outcome> of) {
    if (committedBatches.add(batch)) {
      committed.addAll(of);
      notifyAll();
    }
  }

  /** The world ends; fails if an engine is still open. */
  @Override
  public void close() {
    @Nullable ToyWorld known = WORLDS.remove(name);
    if (known != null && liveEngines() > 0) {
      throw new AssertionError(liveEngines() + " engines are still open at the end of the test");
    }
  }
}
