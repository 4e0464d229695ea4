package dev.drey.runtime.device;

import dev.drey.runtime.model.GatedDeltaRule;

/** The rule in double. */
final class DeltaOracle {
  private DeltaOracle() {}

  static double[] run(DeltaProbe probe, int length) {
    GatedDeltaRule shape = probe.shape;
    double[] out = new double[length * shape.values()];
    double[][][] states = new double[shape.valueHeads()][shape.keyWidth()][shape.valueWidth()];
    for (int row = 0; row < length; row++) {
      for (int head = 0; head < shape.valueHeads(); head++) {
        int keyHead = head / (shape.valueHeads() / shape.keyHeads());
        int keys = shape.keyHeads() * shape.keyWidth();
        int place = keyHead * shape.keyWidth();
        double[] query = mixed(probe, probe.queries, keys, row, place, place, shape.keyWidth());
        double[] key = mixed(probe, probe.keys, keys, row, place, keys + place, shape.keyWidth());
        int valuePlace = head * shape.valueWidth();
        double[] value =
            mixed(
                probe,
                probe.values,
                shape.values(),
                row,
                valuePlace,
                2 * keys + valuePlace,
                shape.valueWidth());
        unit(query);
        unit(key);
        double[] attended = step(probe, states[head], row, head, query, key, value);
        double squares = 0;
        for (double number : attended) {
          squares += number * number / attended.length;
        }
        for (int i = 0; i < attended.length; i++) {
          int at = row * shape.values() + valuePlace + i;
          double gate = probe.gate[at];
          out[at] =
              attended[i]
                  / Math.sqrt(squares + 1e-6f)
                  * probe.norm[i]
                  * gate
                  / (1 + Math.exp(-gate));
        }
      }
    }
    return out;
  }

  /** Convolution over this and earlier tokens, then SiLU. */
  private static double[] mixed(
      DeltaProbe probe, float[] matrix, int width, int row, int column, int channel, int count) {
    int kernel = probe.shape.kernel();
    double[] result = new double[count];
    for (int i = 0; i < count; i++) {
      double sum = 0;
      for (int tap = 0; tap < kernel; tap++) {
        int from = row - (kernel - 1) + tap;
        if (from >= 0) {
          sum +=
              (double) matrix[from * width + column + i]
                  * probe.convolution[(channel + i) * kernel + tap];
        }
      }
      result[i] = sum / (1 + Math.exp(-sum));
    }
    return result;
  }

  private static void unit(double[] values) {
    double squares = 1e-6;
    for (double value : values) {
      squares += value * value;
    }
    for (int i = 0; i < values.length; i++) {
      values[i] /= Math.sqrt(squares);
    }
  }

  private static double[] step(
      DeltaProbe probe,
      double[][] state,
      int row,
      int head,
      double[] query,
      double[] key,
      double[] value) {
    int at = row * probe.shape.valueHeads() + head;
    double strength = 1 / (1 + Math.exp(-probe.strength[at]));
    double softplus = Math.log1p(Math.exp(probe.decay[at] + (double) probe.decayBias[head]));
    double decay = Math.exp(-Math.exp(probe.decayRate[head]) * softplus);
    double[] attended = new double[value.length];
    for (int v = 0; v < value.length; v++) {
      double seen = 0;
      for (int k = 0; k < key.length; k++) {
        state[k][v] *= decay;
        seen += state[k][v] * key[k];
      }
      for (int k = 0; k < key.length; k++) {
        state[k][v] += key[k] * strength * (value[v] - seen);
        attended[v] += state[k][v] * query[k] / Math.sqrt(key.length);
      }
    }
    return attended;
  }
}
