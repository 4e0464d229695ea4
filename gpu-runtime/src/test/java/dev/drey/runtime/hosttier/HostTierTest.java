package dev.drey.runtime.hosttier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.expertstore.ExpertFetch;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.memory.MemorySize;
import dev.drey.runtime.model.ExpertId;
import dev.drey.runtime.model.ExpertShape;
import dev.drey.runtime.plan.InsufficientMemoryException;
import dev.drey.runtime.transfer.FakeDevice;
import dev.drey.runtime.transfer.FakeHostMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HostTierTest {
  private static final int STAGING = 8192;

  private final FakeDevice device = new FakeDevice(true);
  private final ExpertLayout layout = device.expertLayout(new ExpertShape(32, 64));
  private final MemoryBudget budget = MemoryBudget.root("test", 1 << 20);
  private final CountedSource source = new CountedSource();
  private final FakeHostMemory memory = new FakeHostMemory();
  private final HostBuffer staging = device.allocateHost(budget, STAGING);
  private final DeviceBuffer slot = device.allocate(budget, layout.bytes());
  private final CopyStream stream = device.newCopyStream(budget);
  private HostTier tier = open(4);
  private HostTierSource front = tier.before(source);

  private HostTier open(int slots) {
    return HostTier.open(plan(MemorySize.ofBytes(slots * 12288L)), memory);
  }

  private HostTierPlan plan(MemorySize size) {
    return HostTierPlan.of(source, layout, CountedSource.EXPERTS, size);
  }

  private void reopen(int slots) {
    tier.close();
    tier = open(slots);
    front = tier.before(source);
  }

  @AfterEach
  void everythingComesBack() {
    tier.close();
    assertThat(memory.isClosed()).isTrue();
    assertThat(tier.budget().usedBytes()).isZero();
    stream.close();
    slot.close();
    staging.close();
    budget.close();
  }

  private ExpertFetch begin(int expert) {
    return front.blocks(layout).fetch(new ExpertId(0, expert));
  }

  private void read(ExpertFetch fetch, int block) throws IOException {
    ByteBuffer target = staging.bytes().limit(CountedSource.BLOCKS[block]);
    fetch.read(block, target);
    assertThat(target.hasRemaining()).isFalse();
    fetch.copy(block, staging, 0, stream, new Expert(layout, slot));
  }

  /** Fetches an expert whole; the copies are issued and not done. */
  private DeviceEvent issue(int expert) throws IOException {
    ExpertFetch fetch = begin(expert);
    read(fetch, 0);
    stream.record().await();
    read(fetch, 1);
    DeviceEvent copied = stream.record();
    fetch.end(copied);
    return copied;
  }

  private void fetch(int... experts) throws IOException {
    for (int expert : experts) {
      issue(expert).await();
      byte[] found = FakeDevice.read(slot);
      for (int i = 0; i < CountedSource.BLOCKS[0] + CountedSource.BLOCKS[1]; i++) {
        int block = i < CountedSource.BLOCKS[0] ? 0 : 1;
        int at = block == 0 ? i : i - CountedSource.BLOCKS[0];
        assertThat(found[i]).isEqualTo(CountedSource.byteAt(expert, block, at));
      }
    }
  }

  @Test
  void anExpertIsReadFromStorageOnceAndCopiedFromHostMemoryFromThenOn() throws IOException {
    fetch(3, 3, 5, 3);
    assertThat(source.read).containsExactly(3, 5);
    HostTierStats stats = front.stats();
    assertThat(stats)
        .isEqualTo(new HostTierStats(2, 2, 2 * 5100, 2 * 5100, 4, 2, tier.budget().limitBytes()));
  }

  @Test
  void everyByteOfItsMemoryIsReservedWhenItIsOpened() {
    assertThat(tier.budget().limitBytes()).isEqualTo(4 * 12288);
    assertThat(tier.budget().usedBytes()).isEqualTo(4 * 12288);
  }

  @Test
  void aCycleThroughMoreExpertsThanFitKeepsThoseThatCameFirst() throws IOException {
    for (int round = 0; round < 5; round++) {
      fetch(0, 1, 2, 3, 4, 5, 6, 7);
    }
    assertThat(source.read.subList(8, source.read.size()))
        .as("half of each further round comes from host memory, whoever that is")
        .hasSize(4 * 4);
  }

  @Test
  void anExpertThatIsFetchedMoreOftenTakesTheRarestOnesPlace() throws IOException {
    fetch(0, 0, 1, 1, 2, 3, 3);
    fetch(4);
    assertThat(source.read).containsExactly(0, 1, 2, 3, 4);
    fetch(4, 4);
    assertThat(source.read).as("the second fetch stayed").containsExactly(0, 1, 2, 3, 4, 4);
    fetch(0, 1, 3);
    assertThat(source.read).hasSize(6);
    fetch(2);
    assertThat(source.read).as("it had to go").hasSize(7);
  }

  @Test
  void aSlotIsNotGivenToAnotherWhileACopyOutOfItIsUnderWay() throws IOException {
    reopen(1);
    fetch(0);
    DeviceEvent copying = issue(0);
    for (int i = 0; i < 3; i++) {
      ExpertFetch other = begin(1);
      other.read(0, staging.bytes().limit(CountedSource.BLOCKS[0]));
      other.end(DeviceEvent.REACHED);
    }
    assertThat(front.stats().resident()).isEqualTo(1);
    copying.await();
    assertThat(FakeDevice.read(slot)[200]).isEqualTo(CountedSource.byteAt(0, 1, 100));
    fetch(1);
    assertThat(source.read.subList(source.read.size() - 1, source.read.size())).containsExactly(1);
    fetch(1);
    assertThat(front.stats().hits()).as("expert 1 is there now").isEqualTo(2);
  }

  @Test
  void aFetchOfAnExpertThatAnotherIsReadingReadsItForItself() throws IOException {
    ExpertFetch first = begin(6);
    read(first, 0);
    stream.record().await();
    fetch(6);
    assertThat(source.read).containsExactly(6, 6);
    read(first, 1);
    stream.record().await();
    first.end(DeviceEvent.REACHED);
    fetch(6);
    assertThat(source.read).containsExactly(6, 6);
  }

  @Test
  void aFetchThatBreaksOffLeavesNothing() throws IOException {
    ExpertFetch first = begin(6);
    read(first, 0);
    stream.record().await();
    first.end(DeviceEvent.REACHED);
    assertThat(front.stats().resident()).isZero();
    fetch(6);
    assertThat(source.read).containsExactly(6, 6);
  }

  @Test
  void aReadThatFailsMayBeTriedAgain() throws IOException {
    source.failures = 1;
    ExpertFetch fetch = begin(2);
    assertThatThrownBy(() -> read(fetch, 0)).hasMessage("no luck with L0/E2");
    read(fetch, 0);
    stream.record().await();
    read(fetch, 1);
    stream.record().await();
    fetch.end(DeviceEvent.REACHED);
    fetch(2);
    assertThat(source.read).containsExactly(2);
  }

  @Test
  void closingBeforeTheLastFetchHasEndedIsRefused() {
    ExpertFetch fetch = begin(2);
    assertThatThrownBy(tier::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("1 of 4 slots are in use");
    fetch.end(DeviceEvent.REACHED);
    tier.close();
    assertThatThrownBy(() -> begin(2)).hasMessageContaining("after close");
  }

  @Test
  void aLimitIsRoundedDownToWholeExpertsAndNeverAboveAllOfThem() {
    assertThat(plan(MemorySize.ofPercent(50)).slots()).isEqualTo(4);
    assertThat(plan(MemorySize.ofBytes(12288 * 3 - 1)).slots()).isEqualTo(2);
    assertThat(plan(MemorySize.ofBytes(1L << 40)).slots()).isEqualTo(8);
    assertThat(plan(MemorySize.ofBytes(1L << 40)).bytes()).isEqualTo(8 * 12288);
  }

  @Test
  void aLimitBelowOneExpertIsRefusedWithTheBytesThatWouldDo() {
    assertThatThrownBy(() -> plan(MemorySize.ofBytes(12287)))
        .isInstanceOfSatisfying(
            InsufficientMemoryException.class,
            refusal -> assertThat(refusal.neededBytes()).isEqualTo(12288))
        .hasMessageContaining("one expert takes 12288 bytes");
  }

  @Test
  void aTierThatCouldNotBeClosedIsSharedByTheNextEngineInsteadOfDoubled() {
    HostTiers tiers = new HostTiers();
    HostTiers.Key key = new HostTiers.Key("digest", "files", "rows", 4);
    FakeHostMemory shared = new FakeHostMemory();
    HostTierPlan plan = plan(MemorySize.ofPercent(100));
    HostTiers.Share first = tiers.acquire(key, () -> HostTier.open(plan, shared));
    ExpertFetch hanging = first.tier().before(source).blocks(layout).fetch(new ExpertId(0, 1));
    assertThatThrownBy(first::close).hasMessageContaining("slots are in use");

    HostTiers.Share next =
        tiers.acquire(
            key,
            () -> {
              throw new AssertionError("a second tier beside the first");
            });
    assertThat(next.tier()).isSameAs(first.tier());
    hanging.end(DeviceEvent.REACHED);
    next.close();
    assertThat(shared.isClosed()).isTrue();
  }

  @Test
  void enginesThatWantTheSameTierShareItAndTheLastOneClosesIt() throws IOException {
    HostTiers tiers = new HostTiers();
    HostTiers.Key key = new HostTiers.Key("digest", "files", "rows", 4);
    FakeHostMemory shared = new FakeHostMemory();
    HostTierPlan plan = plan(MemorySize.ofPercent(100));
    HostTiers.Share one = tiers.acquire(key, () -> HostTier.open(plan, shared));
    HostTiers.Share two = tiers.acquire(key, () -> HostTier.open(plan, new FakeHostMemory()));
    assertThat(two.tier()).isSameAs(one.tier());
    HostTiers.Key other = new HostTiers.Key("digest", "other files", "rows", 4);
    HostTiers.Share three = tiers.acquire(other, () -> HostTier.open(plan, new FakeHostMemory()));
    assertThat(three.tier()).isNotSameAs(one.tier());
    three.close();
    one.close();
    one.close();
    assertThat(shared.isClosed()).isFalse();
    two.close();
    assertThat(shared.isClosed()).isTrue();
  }
}
