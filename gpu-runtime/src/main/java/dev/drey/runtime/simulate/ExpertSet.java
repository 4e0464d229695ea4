package dev.drey.runtime.simulate;

import dev.drey.runtime.model.ExpertId;
import java.util.AbstractCollection;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** Experts by number, offered to cache policies as a collection in rising order. */
final class ExpertSet extends AbstractCollection<ExpertId> {
  private final ExpertId[] ids;
  private final int experts;
  private final long[] words;
  private int size;

  /**
   * @param ids the id of every number
   * @param experts experts per layer
   */
  ExpertSet(ExpertId[] ids, int experts) {
    this.ids = ids;
    this.experts = experts;
    this.words = new long[(ids.length + Long.SIZE - 1) / Long.SIZE];
  }

  void set(int expert, boolean member) {
    long bit = 1L << expert;
    long word = words[expert >>> 6];
    if (((word & bit) != 0) != member) {
      words[expert >>> 6] = word ^ bit;
      size += member ? 1 : -1;
    }
  }

  @Override
  public boolean contains(@Nullable Object o) {
    if (o instanceof ExpertId id && id.layer() >= 0 && id.index() >= 0 && id.index() < experts) {
      int expert = id.layer() * experts + id.index();
      return expert < ids.length && (words[expert >>> 6] & 1L << expert) != 0;
    }
    return false;
  }

  @Override
  public boolean isEmpty() {
    return size == 0;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public Iterator<ExpertId> iterator() {
    return new Iterator<>() {
      private int next = nextFrom(0);

      @Override
      public boolean hasNext() {
        return next >= 0;
      }

      @Override
      public ExpertId next() {
        if (next < 0) {
          throw new NoSuchElementException();
        }
        ExpertId id = ids[next];
        next = nextFrom(next + 1);
        return id;
      }
    };
  }

  private int nextFrom(int expert) {
    int word = expert >>> 6;
    if (word >= words.length) {
      return -1;
    }
    long rest = words[word] & -1L << expert;
    while (rest == 0) {
      if (++word == words.length) {
        return -1;
      }
      rest = words[word];
    }
    return (word << 6) + Long.numberOfTrailingZeros(rest);
  }
}
