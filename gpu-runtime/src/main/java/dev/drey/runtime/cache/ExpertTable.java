package dev.drey.runtime.cache;

import dev.drey.runtime.model.ExpertId;
import java.util.Arrays;
import java.util.List;

/**
 * Numbers the experts of a shape from 0, layer by layer, so that policies can keep their books in
 * arrays. A layer's place is its position among the layers that have experts.
 */
final class ExpertTable {
  /** No expert, or no layer. */
  static final int NONE = -1;

  private final CacheShape shape;
  private final ExpertId[] ids;
  private final int[] places;

  ExpertTable(CacheShape shape) {
    this.shape = shape;
    List<Integer> layers = shape.layers();
    ids = new ExpertId[shape.totalExperts()];
    places = new int[layers.get(layers.size() - 1) + 1];
    Arrays.fill(places, NONE);
    for (int place = 0; place < layers.size(); place++) {
      places[layers.get(place)] = place;
      for (int i = 0; i < shape.experts(); i++) {
        ids[place * shape.experts() + i] = new ExpertId(layers.get(place), i);
      }
    }
  }

  CacheShape shape() {
    return shape;
  }

  /** All experts. */
  int size() {
    return ids.length;
  }

  /** Layers that have experts. */
  int layers() {
    return ids.length / shape.experts();
  }

  /** Experts per layer. */
  int perLayer() {
    return shape.experts();
  }

  ExpertId id(int expert) {
    return ids[expert];
  }

  /** The place of an expert's layer. */
  int layerOf(int expert) {
    return expert / shape.experts();
  }

  /** The place of a decoder layer. */
  int place(int layer) {
    int place = layer >= 0 && layer < places.length ? places[layer] : NONE;
    if (place == NONE) {
      throw new IllegalArgumentException("layer " + layer + " has no experts in " + shape);
    }
    return place;
  }

  int number(ExpertId id) {
    if (id.index() < 0 || id.index() >= shape.experts()) {
      throw new IllegalArgumentException("there is no expert " + id + " in " + shape);
    }
    return place(id.layer()) * shape.experts() + id.index();
  }
}
