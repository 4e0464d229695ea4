package dev.drey.runtime.kvcache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A pool whose blocks of four tokens are shared. */
class SharedBlocksTest {
  private static final int BLOCKS = 12;

  private final KvPool pool = KvPool.sharing(new FakeKvStore(BLOCKS, 4));

  private record Tokens(int lengthClass, int... ids) implements PrefixTokens {
    @Override
    public int token(int position) {
      return ids[position];
    }
  }

  private static int[] blocks(BlockTable table) {
    return Arrays.copyOf(table.array(), table.size());
  }

  /** A table with all tokens stored. */
  private BlockTable stored(Tokens tokens) {
    BlockTable table = new BlockTable();
    int adopted = pool.adopt(table, tokens, 0, tokens.ids.length - 1);
    assertThat(adopted % 4).isZero();
    assertThat(pool.grow(table, tokens.ids.length)).isTrue();
    pool.publish(table, tokens, tokens.ids.length);
    return table;
  }

  @Test
  void wholeBlocksAreSharedAndThePartialOneIsNot() {
    BlockTable first = stored(new Tokens(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
    BlockTable second = stored(new Tokens(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11));

    assertThat(blocks(first)).containsExactly(0, 1, 2);
    assertThat(blocks(second)).containsExactly(0, 1, 3);
    assertThat(first.indexed()).isEqualTo(2);
    assertThat(pool.reusedTokens()).isEqualTo(8);
    assertThat(pool.freeBlocks()).isEqualTo(BLOCKS - 4);
    pool.check(List.of(first, second));
    pool.release(first);
    pool.check(List.of(second));
    assertThat(pool.idleBlocks()).isZero();
  }

  @Test
  void aBlockIsFoundOnlyBehindTheSameBeginning() {
    BlockTable first = stored(new Tokens(0, 1, 2, 3, 4, 5, 6, 7, 8));
    Tokens shifted = new Tokens(0, 5, 6, 7, 8, 9);

    assertThat(pool.match(shifted, 4)).isEqualTo(new PrefixMatch(0, 0));
    assertThat(pool.match(new Tokens(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), 8))
        .isEqualTo(new PrefixMatch(2, 0));
    pool.release(first);
    assertThat(pool.match(new Tokens(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), 8))
        .isEqualTo(new PrefixMatch(2, 2));
  }

  @Test
  void equalHashesOfDifferentTokensShareNothing() {
    KvPool clashing = KvPool.sharing(new FakeKvStore(BLOCKS, 4), (before, tokens) -> tokens.length);
    SplittableRandom random = new SplittableRandom(3);
    List<BlockTable> tables = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Tokens tokens = new Tokens(i % 2, random.ints(12, 0, 9).toArray());
      BlockTable table = new BlockTable();
      assertThat(clashing.adopt(table, tokens, 0, 12)).isZero();
      assertThat(clashing.grow(table, 12)).isTrue();
      clashing.publish(table, tokens, 12);
      assertThat(clashing.match(tokens, 12).blocks()).isEqualTo(3);
      tables.add(table);
    }
    clashing.check(tables);
    assertThat(clashing.freeBlocks()).isZero();
  }

  @Test
  void theSameTokensInAnotherLengthClassShareNothing() {
    stored(new Tokens(0, 1, 2, 3, 4, 5));

    assertThat(pool.match(new Tokens(1, 1, 2, 3, 4, 5), 4).blocks()).isZero();
    assertThat(pool.match(new Tokens(0, 1, 2, 3, 4, 5), 4).blocks()).isEqualTo(1);
  }

  @Test
  void aBlockFilledWithKnownTokensIsGivenBackForTheKnownOne() {
    Tokens tokens = new Tokens(0, 1, 2, 3, 4, 5);
    BlockTable first = new BlockTable();
    BlockTable second = new BlockTable();
    pool.grow(first, 5);
    pool.grow(second, 5);

    pool.publish(first, tokens, 4);
    pool.publish(second, tokens, 4);

    assertThat(blocks(second)).containsExactly(0, 3);
    assertThat(pool.freeBlocks()).isEqualTo(BLOCKS - 3);
    assertThat(pool.reusedTokens()).isZero();
    pool.check(List.of(first, second));
  }

  @Test
  void aTableTakesOverInPlaceOfItsOwnBlocksOnlyAtTheEndOfItsIndexedOnes() {
    Tokens tokens = new Tokens(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    BlockTable late = new BlockTable();
    pool.grow(late, 9);
    BlockTable early = stored(tokens);

    assertThat(pool.adopt(late, tokens, 2, 8)).isZero();
    assertThat(pool.adopt(late, tokens, 0, 8)).isEqualTo(8);

    assertThat(blocks(late)).containsExactly(early.block(0), early.block(1), 2);
    pool.check(List.of(late, early));
  }

  @Test
  void idleBlocksAreTakenWhenNoneIsEmptyAndTheOldestFirst() {
    BlockTable first = stored(new Tokens(0, 1, 1, 1, 1, 1, 1, 1, 1, 1));
    BlockTable second = stored(new Tokens(0, 2, 2, 2, 2, 2, 2, 2, 2, 2));
    pool.release(first);
    pool.release(second);
    assertThat(pool.freeBlocks()).isEqualTo(BLOCKS);
    assertThat(pool.idleBlocks()).isEqualTo(4);
    BlockTable large = new BlockTable();

    assertThat(pool.grow(large, 4 * (BLOCKS - 3))).isTrue();

    assertThat(pool.match(new Tokens(0, 1, 1, 1, 1, 1, 1, 1, 1), 8).blocks()).isEqualTo(1);
    assertThat(pool.match(new Tokens(0, 2, 2, 2, 2, 2, 2, 2, 2), 8).blocks()).isEqualTo(2);
    pool.check(List.of(large));
    assertThat(pool.grow(new BlockTable(), 13)).isFalse();
  }

  @Test
  void theSameCallsGiveTheSameBlocksAndTheBooksBalanceOverAnyHistory() {
    assertThat(history(KvPool.sharing(new FakeKvStore(BLOCKS, 4))))
        .isEqualTo(history(KvPool.sharing(new FakeKvStore(BLOCKS, 4))))
        .isEqualTo(
            history(KvPool.sharing(new FakeKvStore(BLOCKS, 4), (before, tokens) -> before & 1)));
  }

  private static List<String> history(KvPool shared) {
    SplittableRandom random = new SplittableRandom(4);
    List<BlockTable> tables = new ArrayList<>();
    List<Tokens> texts = new ArrayList<>();
    int[] stored = new int[6];
    for (int i = 0; i < stored.length; i++) {
      tables.add(new BlockTable());
      texts.add(text(random));
    }
    List<String> seen = new ArrayList<>();
    for (int round = 0; round < 4000; round++) {
      int i = random.nextInt(stored.length);
      BlockTable table = tables.get(i);
      Tokens tokens = texts.get(i);
      if (random.nextInt(5) == 0) {
        shared.release(table);
        stored[i] = 0;
        texts.set(i, text(random));
      } else {
        stored[i] += shared.adopt(table, tokens, stored[i], tokens.ids.length - 1);
        int more = Math.min(stored[i] + random.nextInt(6), tokens.ids.length);
        if (shared.grow(table, more)) {
          stored[i] = more;
          shared.publish(table, tokens, more);
        }
      }
      shared.check(tables);
      seen.add(Arrays.toString(blocks(table)) + shared.reusedTokens());
    }
    assertThat(shared.reusedTokens()).isPositive();
    tables.forEach(shared::release);
    assertThat(shared.freeBlocks()).isEqualTo(BLOCKS);
    shared.close();
    return seen;
  }

  /** Texts over two tokens, so that many begin alike. */
  private static Tokens text(SplittableRandom random) {
    return new Tokens(random.nextInt(8) / 7, random.ints(random.nextInt(1, 25), 0, 2).toArray());
  }

  @Test
  void checkFindsATableThatHoldsASharedBlockWithoutBeingCounted() {
    BlockTable table = stored(new Tokens(0, 1, 2, 3, 4, 5));

    assertThatThrownBy(() -> pool.check(List.of(table, table)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("block 0 is held 2 times, counted 1 times");
  }
}
