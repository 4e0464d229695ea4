package dev.drey.runtime.cache;

import dev.drey.runtime.model.ExpertId;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Chooses which resident expert leaves when a slot is needed. It is told what happens and asked for
 * victims; it moves nothing. Every method is called under the residency window's lock, in one total
 * order, with no clock: the same calls give the same victims. It hears of an expert when the window
 * decides to load it, not when its bytes have come, so that no choice depends on the link's speed.
 *
 * <p>A policy is made for one {@link CacheShape}; experts outside of it are refused.
 */
public interface CachePolicy {
  /** Name for configuration and reports, {@code family.name}. */
  String name();

  /**
   * One layer's router has chosen. The set is one atomic access: no member may be evicted before it
   * has been used.
   *
   * @param step forward pass, from 0; another number than before means another pass
   * @param layer decoder layer
   * @param experts the union over all tokens of the batch group, in rising order
   * @param tokens how many tokens chose each of {@code experts}; only read during the call
   */
  void onDemand(long step, int layer, List<ExpertId> experts, int[] tokens);

  /**
   * Somebody predicts that an expert will be demanded, and its layer has not been reached yet. The
   * predictions of one issue come one by one; a later issue for the same layer replaces an earlier
   * one.
   *
   * @param step forward pass the prediction is for
   * @param issuedAtLayer layer whose router had run when it was made; -1 if the step had just begun
   * @param expert the expert; its layer is the target layer
   * @param score how strongly; higher is likelier, comparable only within one issue and layer
   */
  default void onPrediction(long step, int issuedAtLayer, ExpertId expert, float score) {}

  /** An expert has been given a slot; its bytes may still be on their way. */
  void onInsert(ExpertId expert);

  /** An expert has lost its slot: it was evicted, or its load was given up. */
  void onEvict(ExpertId expert);

  /**
   * Picks a victim.
   *
   * @param incoming the expert that room is made for. A caller that can use it without keeping it
   *     (a simulation with staging memory beside the window) puts it among the candidates; a policy
   *     that ranks experts may then return it, which means that it is not worth a slot.
   * @param candidates resident, unleased and unprotected experts in rising order, perhaps none. A
   *     live view: asking for membership is cheap, walking through it is not.
   * @param must whether one has to leave because a demand could not go on otherwise. If not, a
   *     policy may spare all candidates and let the incoming expert wait for a slot that comes free
   *     by itself.
   * @return one of the candidates; null if there is none or all are spared
   */
  @Nullable ExpertId victim(ExpertId incoming, Collection<ExpertId> candidates, boolean must);

  /**
   * Whether an expert stays in the window when the demand that used it has ended. If not, the
   * window evicts at the end of each demand every expert that no prediction is waiting for.
   */
  default boolean keepsUsed() {
    return true;
  }

  /**
   * Everything the policy remembers, for a policy of the same name and shape to go on from. Carries
   * a version and a checksum. Empty if it remembers nothing.
   */
  default byte[] snapshot() {
    return new byte[0];
  }

  /**
   * Takes over what another policy remembered. The decisions that follow are those the other would
   * have made. A snapshot only saves misses: a caller may drop one that is refused.
   *
   * @param snapshot what {@link #snapshot} returned
   * @param resident the experts that have slots now; the policy makes up the difference to what was
   *     resident then as if the others had been evicted and inserted
   * @throws IllegalArgumentException if it is damaged, or of another policy, version or shape; says
   *     which. The policy is unchanged then.
   */
  default void restore(byte[] snapshot, Collection<ExpertId> resident) {
    if (snapshot.length > 0) {
      throw new IllegalArgumentException(
          "cache policy '%s' remembers nothing, but was given a snapshot of %d bytes"
              .formatted(name(), snapshot.length));
    }
  }
}
