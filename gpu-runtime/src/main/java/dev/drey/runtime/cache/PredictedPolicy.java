package dev.drey.runtime.cache;

import dev.drey.runtime.model.ExpertId;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/** Scores that follow what is predicted of a layer until the layer is demanded. */
abstract class PredictedPolicy extends ScoredPolicy {
  private final PredictedRows predicted;

  PredictedPolicy(String name, CacheShape shape) {
    super(name, shape);
    predicted = new PredictedRows(table);
  }

  /** What is predicted of each layer. */
  final PredictedRows predicted() {
    return predicted;
  }

  @Override
  public final void onPrediction(long step, int issuedAtLayer, ExpertId expert, float score) {
    int number = table.number(expert);
    predicted.add(step, issuedAtLayer, number, score);
    changed(table.layerOf(number));
  }

  @Override
  final void demanded(int layer, int[] experts, int count, int[] tokens) {
    learn(layer, experts, count, tokens);
    predicted.forget(layer);
    changed(layer);
  }

  /** Takes in what is demanded of a layer, as {@link #demanded} is told of it. */
  abstract void learn(int layer, int[] experts, int count, int[] tokens);

  @Override
  final void write(DataOutputStream out) throws IOException {
    super.write(out);
    writeLearnt(out);
    predicted.write(out);
  }

  @Override
  final void read(DataInputStream in) throws IOException {
    super.read(in);
    readLearnt(in);
    predicted.read(in);
  }

  /** Writes what {@link #learn} has left. */
  abstract void writeLearnt(DataOutputStream out) throws IOException;

  /** Reads what {@link #writeLearnt} wrote. */
  abstract void readLearnt(DataInputStream in) throws IOException;
}
