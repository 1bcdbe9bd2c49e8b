package dev.kasuari.img;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("fast")
@Timeout(60)
class WorkersTest {
  private final AtomicInteger working = new AtomicInteger();
  private final AtomicInteger ended = new AtomicInteger();

  @Test
  void waitsForThoseThatWereStartedMeanwhileToo() {
    var meeting = new CountDownLatch(5);
    Workers[] team = new Workers[1];
    team[0] =
        new Workers(
            "worker",
            () -> {
              if (working.incrementAndGet() <= 3) {
                team[0].start();
              }
              meet(meeting);
              ended.incrementAndGet();
            },
            e -> {});
    team[0].run(1);
    assertThat(ended).hasValue(5);
  }

  @Test
  void whatEndsOneIsHeardAndTheOthersGoOn() {
    var heard = new ConcurrentLinkedQueue<RuntimeException>();
    var workers =
        new Workers(
            "worker",
            () -> {
              int number = working.incrementAndGet();
              if (number == 1) {
                throw new IllegalArgumentException("one");
              } else if (number == 2) {
                throw new AssertionError("two");
              }
              ended.incrementAndGet();
            },
            heard::add);
    workers.run(3);
    assertThat(ended).hasValue(2);
    assertThat(heard).hasSize(2).hasAtLeastOneElementOfType(IllegalArgumentException.class);
  }

  private static void meet(CountDownLatch all) {
    all.countDown();
    try {
      all.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
