package dev.drey.runtime.kvcache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class KvPoolTest {
  private final FakeKvStore store = new FakeKvStore(20, 4);
  private final KvPool pool = new KvPool(store);

  private static int[] blocks(BlockTable table) {
    return Arrays.copyOf(table.array(), table.size());
  }

  @Test
  void growsATableBlockByBlockTakingTheLowestFree() {
    BlockTable first = new BlockTable();
    BlockTable second = new BlockTable();

    assertThat(pool.grow(first, 1)).isTrue();
    assertThat(pool.grow(second, 8)).isTrue();
    assertThat(pool.grow(first, 4)).isTrue();
    assertThat(pool.grow(first, 5)).isTrue();

    assertThat(blocks(first)).containsExactly(0, 3);
    assertThat(blocks(second)).containsExactly(1, 2);
    pool.release(second);
    assertThat(pool.grow(first, 13)).isTrue();
    assertThat(blocks(first)).containsExactly(0, 3, 1, 2);
    pool.check(List.of(first, second));
  }

  @Test
  void growsAllTheWayOrNotAtAll() {
    BlockTable first = new BlockTable();
    BlockTable second = new BlockTable();
    assertThat(pool.grow(first, 60)).isTrue();

    assertThat(pool.grow(second, 21)).isFalse();

    assertThat(second.size()).isZero();
    assertThat(pool.freeBlocks()).isEqualTo(5);
    assertThat(pool.grow(second, 20)).isTrue();
    assertThat(pool.freeBlocks()).isZero();
    assertThat(pool.peakBlocks()).isEqualTo(20);
    assertThat(pool.grow(first, 60)).isTrue();
    pool.check(List.of(first, second));
  }

  @Test
  void conservesBlocksOverAnyHistory() {
    SplittableRandom random = new SplittableRandom(4);
    List<BlockTable> tables = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      tables.add(new BlockTable());
    }
    for (int round = 0; round < 2000; round++) {
      BlockTable table = tables.get(random.nextInt(tables.size()));
      if (random.nextInt(4) == 0) {
        pool.release(table);
      } else {
        pool.grow(table, random.nextInt(40));
      }
      pool.check(tables);
    }
    tables.forEach(pool::release);
    assertThat(pool.freeBlocks()).isEqualTo(20);
  }

  @Test
  void checkFindsATableThatWasForgotten() {
    BlockTable table = new BlockTable();
    pool.grow(table, 5);

    assertThatThrownBy(() -> pool.check(List.of()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("key/value block 0 is held 0 times, counted 1 times and not free");
    assertThatThrownBy(() -> pool.check(List.of(table, table)))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void refusesToReleaseABlockThatIsFree() {
    BlockTable table = new BlockTable();
    table.append(3);

    assertThatThrownBy(() -> pool.release(table))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("block 3");
  }

  @Test
  void closesTheStoreOnce() {
    pool.close();
    pool.close();

    assertThat(store.closes()).isEqualTo(1);
  }

  @Test
  void closingWithBlocksHeldIsALeakAndStillClosesTheStore() {
    pool.grow(new BlockTable(), 9);

    assertThatThrownBy(pool::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("3 of 20 blocks");
    assertThat(store.closes()).isEqualTo(1);
    pool.close();
  }

  @Test
  void refusesAnIndexBehindTheTable() {
    BlockTable table = new BlockTable();
    pool.grow(table, 4);

    assertThat(table.block(0)).isZero();
    assertThatThrownBy(() -> table.block(1)).isInstanceOf(IndexOutOfBoundsException.class);
  }
}
