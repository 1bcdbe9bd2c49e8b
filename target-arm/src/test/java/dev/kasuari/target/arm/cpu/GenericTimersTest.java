package dev.kasuari.target.arm.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.Machine;
import dev.kasuari.machine.time.ManualClock;
import dev.kasuari.machine.time.Timebase;
import dev.kasuari.machine.time.Timer;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Timers while time goes on. */
@Tag("fast")
class GenericTimersTest {
  /** However late it is noticed, a deadline that is ahead when it is set is not forgotten. */
  @ParameterizedTest
  @EnumSource(ArmTimer.class)
  void aDeadlineMayPassWhileItIsSet(ArmTimer timer) {
    try (var machine = Machine.builder("test").clock(new ManualClock()).build()) {
      var ticks = new AtomicLong();
      var time = new Timebase(() -> ticks.addAndGet(1000), ArmCpu.DEFAULT_TIMEBASE);
      ArmModel model = ArmModel.parse("max").withLevels(true, true);
      try (var cpu = new ArmCpu(0, model, machine, time)) {
        for (int ahead = 500; ahead < 5000; ahead += 1000) {
          cpu.state().set(ArmState.CNT_CTL, timer.ordinal(), 1);
          cpu.state().set(ArmState.CNT_CVAL, timer.ordinal(), ticks.get() + ahead);
          cpu.timeChanged();
          boolean waits = machine.timers().nextDeadline() != Timer.NEVER;
          assertThat(waits || cpu.timerOutput(timer).level()).as("%d ahead", ahead).isTrue();
        }
      }
    }
  }

  /** The same of a wait that ends at a time. */
  @Test
  void theTimeOfAWaitMayComeWhileItBegins() {
    try (var machine = Machine.builder("test").clock(new ManualClock()).build()) {
      var ticks = new AtomicLong();
      var time = new Timebase(() -> ticks.addAndGet(1000), ArmCpu.DEFAULT_TIMEBASE);
      try (var cpu = new ArmCpu(0, ArmModel.parse("max"), machine, time)) {
        for (int ahead = 500; ahead < 5000; ahead += 1000) {
          cpu.waitTimeout().start(ticks.get() + ahead);
          boolean ends = machine.timers().nextDeadline() != Timer.NEVER;
          assertThat(ends || cpu.waitTimeout().over()).as("%d ahead", ahead).isTrue();
          cpu.waitTimeout().end();
        }
      }
    }
  }
}
