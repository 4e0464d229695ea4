package dev.drey.runtime.threads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URL;
import java.net.URLClassLoader;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ThreadTeamTest {
  @Test
  void everyPieceIsDoneOnceByAWorkerOfTheTeam() {
    try (ThreadTeam team = new ThreadTeam(3, "test")) {
      for (int pieces = 0; pieces < 200; pieces++) {
        AtomicIntegerArray done = new AtomicIntegerArray(pieces);
        team.run(
            pieces,
            (worker, piece) -> {
              assertThat(worker).isBetween(0, 2);
              done.incrementAndGet(piece);
            },
            () -> false);
        for (int piece = 0; piece < pieces; piece++) {
          assertThat(done.get(piece)).isEqualTo(1);
        }
      }
    }
  }

  @Test
  void helpersAreDaemonsThatDoNotHoldTheCallersClassLoader() throws Exception {
    BlockingQueue<Thread> helpers = new LinkedBlockingQueue<>();
    CountDownLatch seen = new CountDownLatch(1);
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    try (URLClassLoader callers = new URLClassLoader(new URL[0], before)) {
      Thread.currentThread().setContextClassLoader(callers);
      try (ThreadTeam team = new ThreadTeam(2, "test")) {
        team.run(
            2,
            (worker, piece) -> {
              if (worker == 1) {
                helpers.add(Thread.currentThread());
                seen.countDown();
              }
              await(seen);
            },
            () -> false);
      }
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
    Thread helper = helpers.remove();
    assertThat(helper.isDaemon()).isTrue();
    assertThat(helper.getContextClassLoader()).isSameAs(ThreadTeam.class.getClassLoader());
    assertThat(helper.isAlive()).isFalse();
  }

  @Test
  void workersWorkAtTheSameTimeEachWithItsOwnNumber() {
    try (ThreadTeam team = new ThreadTeam(2, "test")) {
      CountDownLatch both = new CountDownLatch(2);
      AtomicInteger workers = new AtomicInteger();
      team.run(
          2,
          (worker, piece) -> {
            workers.addAndGet(1 << worker);
            both.countDown();
            await(both);
          },
          () -> false);
      assertThat(workers.get()).isEqualTo(0b11);
    }
  }

  @Test
  void theCallerGetsTheExceptionOfAHelperAndTheTeamGoesOn() {
    try (ThreadTeam team = new ThreadTeam(2, "test")) {
      CountDownLatch failed = new CountDownLatch(1);
      assertThatThrownBy(
              () ->
                  team.run(
                      100,
                      (worker, piece) -> {
                        if (worker == 1) {
                          failed.countDown();
                          throw new IllegalStateException("piece failed");
                        }
                        await(failed);
                      },
                      () -> false))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("piece failed");
      AtomicInteger done = new AtomicInteger();
      team.run(50, (worker, piece) -> done.incrementAndGet(), () -> false);
      assertThat(done.get()).isEqualTo(50);
    }
  }

  @Test
  void aFailureEndsTheJob() {
    try (ThreadTeam team = new ThreadTeam(2, "test")) {
      AtomicInteger done = new AtomicInteger();
      assertThatThrownBy(
              () ->
                  team.run(
                      1_000_000,
                      (worker, piece) -> {
                        done.incrementAndGet();
                        throw new AssertionError("every piece fails");
                      },
                      () -> false))
          .isInstanceOf(AssertionError.class);
      assertThat(done.get()).isLessThanOrEqualTo(2);
    }
  }

  @Test
  void cancellationIsAskedBetweenPieces() {
    for (int threads : new int[] {1, 2}) {
      try (ThreadTeam team = new ThreadTeam(threads, "test")) {
        CountDownLatch asked = new CountDownLatch(3);
        AtomicInteger byCaller = new AtomicInteger();
        assertThatThrownBy(
                () ->
                    team.run(
                        10,
                        (worker, piece) -> {
                          if (worker == 0) {
                            byCaller.incrementAndGet();
                          } else {
                            await(asked);
                          }
                        },
                        () -> {
                          asked.countDown();
                          return asked.getCount() == 0;
                        }))
            .isInstanceOf(CancellationException.class);
        assertThat(byCaller.get()).isEqualTo(2);
      }
    }
  }

  @Test
  void aQuestionThatThrowsEndsTheJob() {
    try (ThreadTeam team = new ThreadTeam(2, "test")) {
      CountDownLatch asked = new CountDownLatch(1);
      assertThatThrownBy(
              () ->
                  team.run(
                      10,
                      (worker, piece) -> await(asked),
                      () -> {
                        asked.countDown();
                        throw new IllegalStateException("no answer");
                      }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("no answer");
      AtomicInteger done = new AtomicInteger();
      team.run(5, (worker, piece) -> done.incrementAndGet(), () -> false);
      assertThat(done.get()).isEqualTo(5);
    }
  }

  @Test
  void aPieceThatFailedBesideTheQuestionDoesNotFailTheNextJob() {
    try (ThreadTeam team = new ThreadTeam(2, "test")) {
      CountDownLatch asked = new CountDownLatch(1);
      CountDownLatch failed = new CountDownLatch(1);
      assertThatThrownBy(
              () ->
                  team.run(
                      10,
                      (worker, piece) -> {
                        await(asked);
                        failed.countDown();
                        throw new IllegalStateException("piece failed");
                      },
                      () -> {
                        asked.countDown();
                        await(failed);
                        throw new IllegalStateException("no answer");
                      }))
          .hasMessage("no answer");
      team.run(5, (worker, piece) -> {}, () -> false);
    }
  }

  @Test
  void helpersEndWithTheTeam() {
    ThreadTeam team = new ThreadTeam(3, "leak-check");
    team.run(10, (worker, piece) -> {}, () -> false);
    team.close();
    team.close();
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("leak-check"));
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
