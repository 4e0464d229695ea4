package dev.drey.runtime.device.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class RowTilesTest {
  @Test
  void rowsAreCoveredOnceInOrderAndOnlyTheLastTileIsPadded() {
    TileList tiles = new TileList();
    for (int largest = 0; largest < RowTiles.SIZES.length; largest++) {
      for (int rows = 0; rows <= 300; rows++) {
        tiles.cut(rows, largest);
        int next = 0;
        for (int i = 0; i < tiles.count(); i++) {
          assertThat(tiles.first(i)).isEqualTo(next);
          assertThat(tiles.tile(i)).isBetween(0, largest);
          assertThat(tiles.rows(i)).isBetween(1, RowTiles.SIZES[tiles.tile(i)]);
          assertThat(tiles.padded(i)).isEqualTo(tiles.rows(i) < RowTiles.SIZES[tiles.tile(i)]);
          assertThat(tiles.padded(i) && i < tiles.count() - 1).isFalse();
          next += tiles.rows(i);
        }
        assertThat(next).isEqualTo(rows);
      }
    }
  }

  @Test
  void rowsArePaddedWhereAnotherPassOverTheWeightsWouldCostMore() {
    assertThat(sizes(3)).containsExactly(4);
    assertThat(sizes(5)).containsExactly(8);
    assertThat(sizes(17)).containsExactly(24);
    assertThat(sizes(31)).containsExactly(32);
    assertThat(sizes(60)).containsExactly(64);
    assertThat(sizes(90)).containsExactly(96);
  }

  @Test
  void rowsAreSplitWherePaddingWouldCostMore() {
    assertThat(sizes(33)).containsExactly(32, 4);
    assertThat(sizes(50)).containsExactly(48, 4);
    assertThat(sizes(68)).containsExactly(64, 4);
    assertThat(sizes(130)).containsExactly(128, 4);
  }

  @Test
  void noNumberOfRowsIsPaddedByMoreThanAFewRows() {
    for (int rows = 1; rows <= 300; rows++) {
      int computed = Arrays.stream(sizes(rows)).sum();
      assertThat(computed - rows).as("padding of %d rows", rows).isBetween(0, 7);
    }
  }

  private static int[] sizes(int rows) {
    TileList tiles = new TileList();
    tiles.cut(rows, RowTiles.SIZES.length - 1);
    int[] sizes = new int[tiles.count()];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = RowTiles.SIZES[tiles.tile(i)];
    }
    return sizes;
  }
}
