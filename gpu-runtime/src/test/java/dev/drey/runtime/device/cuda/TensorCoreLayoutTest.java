package dev.drey.runtime.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * How the kernels hand their operands to the tensor core ({@code mma32} in {@code common.cuh}), by
 * the tables of the PTX manual for {@code mma.m16n8k16}: without a compiler, the arithmetic alone.
 */
class TensorCoreLayoutTest {
  private static final int LANES = 32;
  private static final int INPUTS = 32;

  private final int[][] weights = numbers(1, 16);
  private final int[][] tokens = numbers(2, 8);

  private static int[][] numbers(long seed, int rows) {
    SplittableRandom random = new SplittableRandom(seed);
    int[][] numbers = new int[rows][INPUTS];
    for (int[] row : numbers) {
      for (int i = 0; i < INPUTS; i++) {
        row[i] = random.nextInt(-100, 100);
      }
    }
    return numbers;
  }

  /** Number {@code half} of word {@code word} of the eight that a lane loads of a row. */
  private static int loaded(int[] row, int lane, int word, int half) {
    return row[lane % 4 * 8 + 2 * word + half];
  }

  /** What a lane gives as register {@code register} of the left operand to an instruction. */
  private int left(int lane, int instruction, int register, int half) {
    int row = lane / 4 + (register % 2 == 0 ? 0 : 8);
    return loaded(weights[row], lane, 2 * instruction + register / 2, half);
  }

  private int right(int lane, int instruction, int register, int half) {
    return loaded(tokens[lane / 4], lane, 2 * instruction + register, half);
  }

  @Test
  void twoInstructionsSumEveryInputOnce() {
    int[][] sum = new int[16][8];
    for (int instruction = 0; instruction < 2; instruction++) {
      int[][] a = new int[16][16];
      int[][] b = new int[16][8];
      for (int lane = 0; lane < LANES; lane++) {
        for (int half = 0; half < 2; half++) {
          for (int register = 0; register < 4; register++) {
            int row = lane / 4 + (register == 1 || register == 3 ? 8 : 0);
            int column = lane % 4 * 2 + half + (register >= 2 ? 8 : 0);
            a[row][column] = left(lane, instruction, register, half);
          }
          for (int register = 0; register < 2; register++) {
            b[lane % 4 * 2 + half + 8 * register][lane / 4] =
                right(lane, instruction, register, half);
          }
        }
      }
      for (int row = 0; row < 16; row++) {
        for (int column = 0; column < 8; column++) {
          for (int k = 0; k < 16; k++) {
            sum[row][column] += a[row][k] * b[k][column];
          }
        }
      }
    }
    for (int row = 0; row < 16; row++) {
      for (int token = 0; token < 8; token++) {
        int expected = 0;
        for (int i = 0; i < INPUTS; i++) {
          expected += weights[row][i] * tokens[token][i];
        }
        assertThat(sum[row][token]).as("row %d, token %d", row, token).isEqualTo(expected);
      }
    }
  }

  /**
   * Shared memory has 32 banks of 4 bytes and serves a quarter of a warp's 16-byte loads at once.
   */
  @Test
  void lanesThatAreServedTogetherReadDifferentBanks() {
    for (int quarter = 0; quarter < 4; quarter++) {
      Set<Integer> banks = new HashSet<>();
      for (int lane = 8 * quarter; lane < 8 * quarter + 8; lane++) {
        int at = lane / 4 * INPUTS * Short.BYTES + lane % 4 * 16;
        for (int word = 0; word < 4; word++) {
          banks.add((at / Integer.BYTES + word) % 32);
        }
      }
      assertThat(banks).as("quarter %d", quarter).hasSize(32);
    }
  }
}
