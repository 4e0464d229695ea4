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
    assertThat(sizes(5)).containsExactly(6);
    assertThat(sizes(21)).containsExactly(24);
    assertThat(sizes(31)).containsExactly(32);
    assertThat(sizes(60)).containsExactly(64);
    assertThat(sizes(90)).containsExactly(96);
  }

  @Test
  void rowsAreSplitWherePaddingWouldCostMore() {
    assertThat(sizes(25)).containsExactly(20, 6);
    assertThat(sizes(33)).containsExactly(24, 10);
    assertThat(sizes(50)).containsExactly(32, 18);
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

  @Test
  void theLargestTilesComeFirstAndOfEqualsThoseAddedFirst() {
    TileList tiles = new TileList();
    for (int largest : new int[] {0, 3, 1, 3, 0}) {
      tiles.add(0, largest, 1);
    }
    assertThat(Arrays.copyOf(tiles.largestFirst(), tiles.count())).containsExactly(1, 3, 2, 0, 4);
    tiles.clear();
    for (int i = 0; i < 40; i++) {
      tiles.add(0, i % RowTiles.SIZES.length, 1);
    }
    assertThat(Arrays.copyOf(tiles.largestFirst(), tiles.count()))
        .doesNotHaveDuplicates()
        .isSortedAccordingTo((a, b) -> Integer.compare(tiles.tile(b), tiles.tile(a)));
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
