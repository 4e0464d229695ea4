package dev.drey.runtime.synth;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** The published layout of one kind of checkpoint. Stateless. */
interface Family {
  /** Which decoder layer is the first that has experts; all behind it have them too. */
  default int firstRoutedLayer() {
    return 0;
  }

  /** Key/value heads of a model of so many query heads, where none are asked for. */
  default int kvHeads(int heads) {
    return SyntheticSpec.DEFAULT.kvHeads();
  }

  /**
   * Refuses dimensions that the family cannot have.
   *
   * @throws IllegalArgumentException if it cannot, naming the rule
   */
  default void require(SyntheticSpec spec) {}

  /** The tensors of a decoder layer, in the order in which they are written. */
  List<SyntheticTensor> layer(SyntheticSpec spec, int layer);

  /** The {@code config.json}. */
  ObjectNode config(SyntheticSpec spec);
}
