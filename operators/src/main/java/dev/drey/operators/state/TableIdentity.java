package dev.drey.operators.state;

import dev.drey.operators.flink.ValueType;
import dev.drey.operators.slot.EngineIdentity;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/** What a checkpoint says about the engine its sequences were generated with. */
public final class TableIdentity {
  /** The type under which it is stored, with a serializer of its own. */
  public static final TypeInformation<EngineIdentity> TYPE =
      ValueType.of(EngineIdentity.class, new EngineIdentitySerializer());

  private TableIdentity() {}

  /**
   * Compares what was stored with what is there.
   *
   * @return one line per difference with both values; empty if results go on bit by bit
   */
  public static List<String> differences(EngineIdentity stored, EngineIdentity current) {
    List<String> found = new ArrayList<>();
    compare(found, "model digest", stored.modelDigest(), current.modelDigest());
    compare(found, "compute type", stored.computeType(), current.computeType());
    compare(
        found, "numeric fingerprint", stored.numericFingerprint(), current.numericFingerprint());
    return found;
  }

  private static void compare(List<String> found, String what, String stored, String current) {
    if (!stored.equals(current)) {
      found.add("%s: the state has '%s', this job has '%s'".formatted(what, stored, current));
    }
  }
}
