package dev.drey.runtime.predict;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class KeyTableTest {
  @Test
  void aKeyKeepsItsNumberWhileItIsUsed() {
    KeyTable table = new KeyTable(64);
    int often = table.add(77);
    Random random = new Random(1);
    for (int i = 0; i < 10_000; i++) {
      long key = 1000L + random.nextInt(5000);
      if (table.find(key) == KeyTable.NONE) {
        assertThat(table.holds(table.add(key), key)).isTrue();
      }
      table.use(often);
      assertThat(table.find(77)).isEqualTo(often);
    }
  }

  @Test
  void aKeyThatIsUsedNoMoreMakesRoom() {
    KeyTable table = new KeyTable(8);
    int old = table.add(77);
    for (int i = 0; i < 1000; i++) {
      table.use(old);
    }
    for (long key = 1000; table.find(77) == old; key++) {
      assertThat(key).isLessThan(1200);
      table.use(table.add(key));
    }
    assertThat(table.holds(old, 77)).isFalse();
  }

  @Test
  void capacityIsRoundedUpToWholeBucketsAndIsAllThereIs() {
    KeyTable table = new KeyTable(9);
    assertThat(table.capacity()).isEqualTo(16);
    for (long key = 0; key < 1000; key++) {
      assertThat(table.add(key)).isBetween(0, 15);
    }
  }

  @Test
  void shortListsKeepWhatIsCountedMost() {
    ExpertLists lists = new ExpertLists(2, 3);
    Random random = new Random(2);
    for (int i = 0; i < 20_000; i++) {
      lists.count(1, random.nextInt(2) == 0 ? 5 : random.nextInt(100));
    }
    float[] shares = new float[100];
    lists.addShares(0, shares);
    assertThat(shares).containsOnly(0);
    lists.addShares(1, shares);
    for (int expert = 0; expert < 100; expert++) {
      assertThat(shares[5]).isGreaterThanOrEqualTo(shares[expert]);
    }
    lists.clear(1, 1);
    float[] cleared = new float[100];
    lists.addShares(1, cleared);
    assertThat(cleared).containsOnly(0);
  }
}
