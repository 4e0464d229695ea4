package dev.drey.runtime.plan;

import java.util.concurrent.TimeUnit;
import java.util.function.DoubleConsumer;
import java.util.function.Supplier;

/**
 * A plan that is solved again when the machine turns out to be another than it was planned for:
 * compares what steps take with what the {@link StepModel} expects of the very same steps, window
 * by window, and what experts come in at with the planned rate. A window is at least {@value
 * #LEAST_STEPS} steps and a second of them; the first {@value #WARM_UP_WINDOWS} are left out.
 * Decides how fast, never what: no result depends on it.
 *
 * <p><b>What is believed.</b> Computing and bringing experts in overlap.
 *
 * <ul>
 *   <li>The link is slower than planned if it was busy for longer, by more than a {@link Drift}'s
 *       band, than computing should have taken at the speed seen: otherwise it may look slow,
 *       because it shares processors or has little to do, and nothing waits for it. It is faster
 *       whenever it was seen to be. Its rate is a physical one and compared with the planned one as
 *       it is.
 *   <li>Computing takes the time outside stalls. It is slower if that is most of a step's time:
 *       between many stalls it may look slow, because threads have to be woken for every expert,
 *       and hides behind them. It is faster than planned if there are hardly any: a device that
 *       computes while its caller stalls makes that time too little.
 *   <li>The model of computing has an error, and an error is not drift: the ratio is taken relative
 *       to the least one that three windows in a row have kept to (whatever else runs can only make
 *       a machine look slower), as far as that is within a factor of {@value Drift#BAND}; a machine
 *       that is off by more is not the one it was planned for.
 * </ul>
 *
 * <p>The same as a table, a ratio "in use" being the one that the current plan counts on:
 *
 * <pre>
 *  the link, in a window                             its rate is taken
 *    brought nothing in                              as in use
 *    faster than in use                              as seen
 *    slower, busy beyond the band of computing       as seen
 *    slower, busy for less                           as in use
 *
 *  stalls, of the window's time                      the time of computing is taken
 *    up to a tenth                                   as seen
 *    up to a half                                    as seen, at least min(planned, in use)
 *    more                                            the same, at most as in use
 * </pre>
 *
 * <p>Both then pass through a {@link Drift}, which reacts to what lasts, and comes back to exactly
 * 1, and with it to exactly the first plan, when the machine does.
 *
 * <p><b>What changes.</b> The limits of the scheduler, within the memory that is allocated. What
 * another split of the memory would bring is for a restart.
 *
 * <p><b>Threading.</b> One thread; {@link #stats()} by any. No clock: times come from the caller.
 */
public final class LivePlan {
  static final int LEAST_STEPS = 8;
  static final long LEAST_NANOS = TimeUnit.SECONDS.toNanos(1);
  static final int WARM_UP_WINDOWS = 3;
  static final long LASTING_NANOS = TimeUnit.MINUTES.toNanos(5);

  /** Share of stalls up to which the rest of a step's time is all that computing takes. */
  private static final double FEW_STALLS = 0.1;

  /** Share of stalls up to which a step is mostly computing. */
  private static final double HALF = 0.5;

  private final GroupPlan planned;
  private final Planner planner;
  private final StepModel expected;
  private final Supplier<LinkUse> link;
  private final DoubleConsumer lasting;
  private final ModelError error = new ModelError();
  private final Drift slowdown = new Drift();
  private final Drift arrival = new Drift();
  private GroupPlan current;
  private volatile PlanStats stats;

  // -- the window
  private int steps;
  private long nanos;
  private double computeNanos;
  private LinkUse linkBefore = LinkUse.NONE;

  // -- windows so far
  private int windows;
  private long resolves;
  private boolean untold;
  private long arrivalNanos;

  /**
   * @param planned what memory was allocated for
   * @param planner that planned it
   * @param link counters of the link from the start on
   * @param lasting is told the rate that experts come in at, in bytes per second, once it has left
   *     the planned one and then stayed in use for five minutes of steps that moved experts
   */
  public LivePlan(
      GroupPlan planned, Planner planner, Supplier<LinkUse> link, DoubleConsumer lasting) {
    this.planned = planned;
    this.planner = planner;
    this.expected = planner.steps();
    this.link = link;
    this.lasting = lasting;
    this.current = planned;
    this.stats = statsNow();
  }

  /** The plan in use. Its memory, key/value pool and cache policy are those of the first. */
  public GroupPlan current() {
    return current;
  }

  /** What would be planned for the machine as it is now, with the memory still to be split. */
  public GroupPlan anew(long budgetBytes) {
    return planner.expecting(corrected()).solve(budgetBytes);
  }

  /** The rate experts come in at that the plan in use counts on. */
  public double arrivalBytesPerSecond() {
    return corrected().arrivalBytesPerSecond();
  }

  /** The rate experts come in at that the first plan counted on. */
  public double plannedArrivalBytesPerSecond() {
    return expected.arrivalBytesPerSecond();
  }

  /** How steps compare with the first plan. */
  public PlanStats stats() {
    return stats;
  }

  /**
   * Takes a step that was run into account.
   *
   * @param step its rows; its records do not matter
   * @param stepNanos what it took
   * @return whether the plan was solved again
   */
  public boolean observe(MeanStep step, long stepNanos) {
    steps++;
    nanos += stepNanos;
    computeNanos += expected.computeNanos(step);
    if (steps < LEAST_STEPS || nanos < LEAST_NANOS) {
      return false;
    }
    LinkUse linkNow = link.get();
    boolean changed = windows++ >= WARM_UP_WINDOWS && judge(linkNow.since(linkBefore));
    if (changed) {
      boolean asPlanned = slowdown.ratio() == 1 && arrival.ratio() == 1;
      current = asPlanned ? planned : planner.expecting(corrected()).solveWithin(planned);
      resolves++;
      stats = statsNow();
    }
    linkBefore = linkNow;
    steps = 0;
    nanos = 0;
    computeNanos = 0;
    return changed;
  }

  private boolean judge(LinkUse used) {
    double stalls = (double) Math.min(nanos, used.stallNanos());
    double load = expected.loadCoreNanos((double) used.bytes());
    double loadBesides = Math.max(0, load - stalls * expected.processors());
    double measured = (nanos - stalls) / sharedNanos(loadBesides);
    boolean slowdownChanged = judgeComputing(measured, stalls / nanos);
    boolean arrivalChanged = judgeLink(used, Math.max(1, measured) * sharedNanos(load));
    noteHowLong(arrivalChanged, used.bytes() > 0);
    return slowdownChanged || arrivalChanged;
  }

  private boolean judgeComputing(double measured, double stallShare) {
    double most = slowdown.ratio();
    if (stallShare <= HALF) {
      error.observe(measured);
      most = Double.MAX_VALUE;
    }
    double least = stallShare <= FEW_STALLS ? 0 : Math.min(1, slowdown.ratio());
    return slowdown.observe(Math.max(least, Math.min(most, measured / error.factor())));
  }

  private boolean judgeLink(LinkUse used, double computingNanos) {
    double rate = used.busyNanos() <= 0 ? 0 : used.bytes() * 1e9 / used.busyNanos();
    double ratio = rate / expected.arrivalBytesPerSecond();
    boolean told =
        rate > 0 && (ratio > arrival.ratio() || used.busyNanos() > Drift.BAND * computingNanos);
    return arrival.observe(told ? ratio : arrival.ratio());
  }

  private double sharedNanos(double loadCoreNanos) {
    return Math.max(computeNanos, expected.sharedNanos(computeNanos, loadCoreNanos));
  }

  private void noteHowLong(boolean arrivalChanged, boolean seen) {
    if (arrivalChanged) {
      untold = true;
      arrivalNanos = 0;
    } else if (untold && seen) {
      arrivalNanos += nanos;
      if (arrivalNanos >= LASTING_NANOS) {
        untold = false;
        lasting.accept(arrivalBytesPerSecond());
      }
    }
  }

  private StepModel corrected() {
    return expected.corrected(slowdown.ratio(), arrival.ratio());
  }

  private PlanStats statsNow() {
    return new PlanStats(
        resolves, slowdown.ratio(), arrival.ratio(), current.sequences(), current.stepTokens());
  }

  /** The factor between what computing takes on an undisturbed machine and what is expected. */
  private static final class ModelError {
    private final double[] recent = new double[Drift.WINDOWS];
    private int windows;
    private double least = Drift.BAND;

    void observe(double measured) {
      recent[windows++ % recent.length] = measured;
      if (windows >= recent.length) {
        double kept = 0;
        for (double ratio : recent) {
          kept = Math.max(kept, ratio);
        }
        least = Math.min(least, kept);
      }
    }

    /** The most that an error may be, until an undisturbed machine was seen. */
    double factor() {
      return Math.max(1 / Drift.BAND, least);
    }
  }
}
