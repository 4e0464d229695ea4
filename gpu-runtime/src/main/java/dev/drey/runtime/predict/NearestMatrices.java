package dev.drey.runtime.predict;

/** The few matrices most similar to a growing one, the most similar first, ties to the lower. */
final class NearestMatrices {
  private final int[] matrices;
  private final float[] similarities;
  private int count;

  /**
   * @param most how many at most
   */
  NearestMatrices(int most) {
    matrices = new int[most];
    similarities = new float[most];
  }

  /**
   * Looks for them.
   *
   * @param products of each matrix with the growing one
   * @param square sum of the growing one's squares
   * @param place last layer that counts
   * @param margin how much less similar than the most similar one they may be
   */
  void find(
      ActivationMatrices collection, float[] products, float square, int place, float margin) {
    count = 0;
    for (int matrix = 0; matrix < collection.size(); matrix++) {
      float similarity = collection.similarity(matrix, products[matrix], square, place);
      if (similarity > 0
          && (count < matrices.length || similarity > similarities[matrices.length - 1])) {
        insert(matrix, similarity);
      }
    }
    while (count > 0 && similarities[count - 1] < similarities[0] - margin) {
      count--;
    }
  }

  private void insert(int matrix, float similarity) {
    int at = Math.min(count, matrices.length - 1);
    while (at > 0 && similarities[at - 1] < similarity) {
      matrices[at] = matrices[at - 1];
      similarities[at] = similarities[at - 1];
      at--;
    }
    matrices[at] = matrix;
    similarities[at] = similarity;
    count = Math.min(count + 1, matrices.length);
  }

  /** Notes in a collection that predictions are made from what was found. */
  void note(ActivationMatrices collection) {
    for (int i = 0; i < count; i++) {
      collection.found(matrices[i]);
    }
  }

  /** Forgets what was found. */
  void clear() {
    count = 0;
  }

  int count() {
    return count;
  }

  int matrix(int index) {
    return matrices[index];
  }

  float similarity(int index) {
    return similarities[index];
  }
}
