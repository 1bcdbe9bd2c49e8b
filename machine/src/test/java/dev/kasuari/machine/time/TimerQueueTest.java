package dev.kasuari.machine.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.machine.Machine;
import dev.kasuari.machine.TestMachine;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class TimerQueueTest {
  @Test
  void timersRunAtTheirDeadlineInOrder() {
    try (var test = new TestMachine()) {
      TimerQueue timers = test.machine.timers();
      List<String> ran = new ArrayList<>();
      Timer a = timers.create("a", () -> ran.add("a@" + test.clock.now()));
      Timer b = timers.create("b", () -> ran.add("b@" + test.clock.now()));
      Timer c = timers.create("c", () -> ran.add("c@" + test.clock.now()));
      b.at(200);
      a.at(100);
      c.at(200);
      test.clock.advance(99);
      assertThat(ran).isEmpty();
      test.clock.advance(1);
      assertThat(ran).containsExactly("a@100");
      assertThat(a.armed()).isFalse();
      test.clock.advance(1000);
      assertThat(ran).containsExactly("a@100", "b@200", "c@200");
    }
  }

  @Test
  void timersMoveAndCancel() {
    try (var test = new TestMachine()) {
      List<Long> ran = new ArrayList<>();
      Timer timer = test.machine.timers().create("t", () -> ran.add(test.clock.now()));
      timer.at(100);
      timer.at(300);
      test.clock.advance(200);
      timer.cancel();
      test.clock.advance(200);
      assertThat(ran).isEmpty();
      timer.after(Long.MAX_VALUE);
      assertThat(timer.armed()).isFalse();
      timer.after(50);
      assertThat(timer.deadline()).isEqualTo(450);
      test.clock.advanceTo(450);
      assertThat(ran).containsExactly(450L);
      assertThatThrownBy(() -> test.clock.advanceTo(449)).hasMessageContaining("past 449");
    }
  }

  @Test
  void aPeriodicTimerKeepsItsPeriod() {
    try (var test = new TestMachine()) {
      List<Long> ran = new ArrayList<>();
      Timer[] timer = new Timer[1];
      timer[0] =
          test.machine
              .timers()
              .create(
                  "tick",
                  () -> {
                    ran.add(test.clock.now());
                    timer[0].after(10);
                  });
      timer[0].at(10);
      test.clock.advance(35);
      assertThat(ran).containsExactly(10L, 20L, 30L);
    }
  }

  @Test
  void realTimeTimersRunOnTheLoopWhileTheMachineRuns() throws InterruptedException {
    try (Machine machine = Machine.builder("real").build()) {
      var ran = new CountDownLatch(1);
      Timer timer = machine.timers().create("t", ran::countDown);
      timer.at(1_000_000);
      assertThat(machine.clock().now()).isZero();
      assertThat(timer.armed()).isTrue();
      machine.resume();
      assertThat(ran.await(10, TimeUnit.SECONDS)).isTrue();
      machine.pause();
      long stopped = machine.clock().now();
      assertThat(stopped).isGreaterThanOrEqualTo(1_000_000);
      assertThat(machine.clock().now()).isEqualTo(stopped);
    }
  }

  @Test
  void datesGoWithTheClock() {
    var clock = new ManualClock();
    WallClock date = WallClock.startingAt(Instant.parse("2001-09-09T01:46:40Z"), clock);
    clock.advance(5);
    assertThat(date.epochNanos()).isEqualTo(1_000_000_000_000_000_005L);
  }
}
