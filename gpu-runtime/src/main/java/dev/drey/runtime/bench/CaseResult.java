package dev.drey.runtime.bench;

import dev.drey.runtime.plan.Floor;
import dev.drey.runtime.plan.Machine;
import dev.drey.runtime.plan.WorkModel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a case did in a phase, all measured rounds together.
 *
 * @param phase the phase
 * @param name the case
 * @param kind the case without its window: results of a kind differ in their windows alone
 * @param group sequences and rows of its steps
 * @param tokensPerSecond tokens computed per second
 * @param plannedTokensPerSecond what the planner expects of that; null where it has no model of the
 *     case
 * @param floor the least time of one round, and its parts
 * @param efficiency {@code floor} as a share of the measured time
 * @param efficiencyInTurn likewise the floor of operations that follow one another
 * @param tokens tokens of one round
 * @param steps steps of one round
 * @param touchedPerLayer experts a layer needed, on average
 * @param moves what the window did in all rounds
 * @param measuredNanos time of all rounds
 * @param rounds number of rounds
 * @param allocatedPerStep heap bytes the computing thread allocated per step
 * @param allocatedByAllPerStep heap bytes all threads allocated per step, the benchmark's counting
 *     included
 * @param fetchedBytes bytes that came from the storage device in all rounds; negative if unknown
 * @param slots expert slots of the window
 * @param memoryBytes everything the engine holds on the device
 * @param memoryShare that, as a share of holding every expert
 * @param outputs digest of what was produced, the same in all rounds
 */
public record CaseResult(
    Phase phase,
    String name,
    String kind,
    SizedGroup group,
    Spread tokensPerSecond,
    @Nullable Double plannedTokensPerSecond,
    Floor floor,
    Spread efficiency,
    Spread efficiencyInTurn,
    long tokens,
    int steps,
    double touchedPerLayer,
    Moves moves,
    long measuredNanos,
    int rounds,
    long allocatedPerStep,
    long allocatedByAllPerStep,
    long fetchedBytes,
    int slots,
    long memoryBytes,
    double memoryShare,
    String outputs) {

  /** A case, how its engine was set up, and what is expected of it. */
  record Setup(
      String name,
      String kind,
      SizedGroup group,
      int moeLayers,
      int slots,
      long memoryBytes,
      long residentBytes,
      @Nullable Double plannedTokensPerSecond) {}

  static CaseResult of(Phase phase, Setup setup, List<Run> runs, WorkModel model, Machine machine) {
    Run first = runs.get(0);
    Moves moves = runs.stream().map(Run::moves).reduce(Moves.NONE, Moves::plus);
    double[] speed = runs.stream().mapToDouble(Run::tokensPerSecond).toArray();
    double[] efficiency =
        runs.stream().mapToDouble(r -> r.floor(model, machine).nanos() / r.nanos()).toArray();
    double[] inTurn =
        runs.stream().mapToDouble(r -> r.floor(model, machine).inTurnNanos() / r.nanos()).toArray();
    long steps = runs.stream().mapToLong(run -> run.steps().size()).sum();
    Floor floor =
        runs.stream().map(run -> run.floor(model, machine)).reduce(Floor.NONE, Floor::plus);
    return new CaseResult(
        phase,
        setup.name(),
        setup.kind(),
        setup.group(),
        Spread.of(speed),
        setup.plannedTokensPerSecond(),
        floor.dividedBy(runs.size()),
        Spread.of(efficiency),
        Spread.of(inTurn),
        first.tokens(),
        first.steps().size(),
        (double) moves.demanded() / (steps * setup.moeLayers()),
        moves,
        runs.stream().mapToLong(Run::nanos).sum(),
        runs.size(),
        runs.stream().mapToLong(Run::allocatedBytes).sum() / steps,
        runs.stream().mapToLong(Run::allocatedByAll).sum() / steps,
        runs.stream().mapToLong(Run::fetchedBytes).sum(),
        setup.slots(),
        setup.memoryBytes(),
        (double) setup.memoryBytes() / setup.residentBytes(),
        outputs(runs));
  }

  private static String outputs(List<Run> runs) {
    List<String> digests = runs.stream().map(Run::outputs).distinct().toList();
    return digests.size() == 1 ? digests.get(0) : "differs between rounds: " + digests;
  }

  /** What was planned, as a share of what was measured; null where nothing was. */
  public @Nullable Double plannedShare() {
    return plannedTokensPerSecond == null
        ? null
        : plannedTokensPerSecond / tokensPerSecond.median();
  }

  /** Share of demanded experts that were resident. */
  public double hitRate() {
    return share(moves.hits());
  }

  /** Share that was on the way. */
  public double lateRate() {
    return share(moves.lateHits());
  }

  /** Share that was neither. */
  public double missRate() {
    return share(moves.misses());
  }

  private double share(long experts) {
    return moves.demanded() == 0 ? 0 : (double) experts / moves.demanded();
  }

  /** Nanoseconds of a step, at the median speed. */
  double stepNanos() {
    return 1e9 * tokens / steps / tokensPerSecond.median();
  }

  /** Bytes moved per token computed. */
  public double bytesPerToken() {
    return (double) moves.bytes() / (tokens * rounds);
  }

  /** Share of the time spent waiting for experts. */
  public double stallShare() {
    return (double) moves.stallNanos() / measuredNanos;
  }
}
