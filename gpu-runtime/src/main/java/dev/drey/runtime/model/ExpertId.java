package dev.drey.runtime.model;

/**
 * Identity of one routed expert.
 *
 * @param layer decoder layer, from 0
 * @param index expert within the layer, from 0
 */
public record ExpertId(int layer, int index) implements Comparable<ExpertId> {
  @Override
  public int compareTo(ExpertId other) {
    int byLayer = Integer.compare(layer, other.layer);
    return byLayer != 0 ? byLayer : Integer.compare(index, other.index);
  }

  @Override
  public String toString() {
    return "L" + layer + "/E" + index;
  }
}
