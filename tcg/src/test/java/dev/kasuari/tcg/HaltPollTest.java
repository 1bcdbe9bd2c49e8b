package dev.kasuari.tcg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.Machine;
import dev.kasuari.softfloat.FloatEnv;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** How long is looked before a thread sleeps. */
@Tag("fast")
class HaltPollTest {
  private final Machine machine = Machine.builder("halt").build();
  private final TestCpu cpu = new TestCpu();
  private final ExecutionContext context =
      new ExecutionContext(cpu, new SoftMmu(cpu, machine.memory()), FloatEnv.riscv());
  private long now;

  /** A microsecond passes each time that somebody looks at the clock. */
  private final HaltPoll poll = new HaltPoll(() -> now += 1000, true);

  @AfterEach
  void close() {
    context.close();
    cpu.close();
    machine.close();
  }

  private void waitFor(long nanos) {
    assertThat(poll.await(context)).isFalse();
    now += nanos;
    poll.ended();
  }

  @Test
  void nobodyLooksBeforeAWaitWasShort() {
    assertThat(poll.window()).isZero();
    waitFor(HaltPoll.MOST);
    assertThat(poll.window()).isZero();
  }

  @Test
  void shortWaitsLetItLookLongerUpToABound() {
    waitFor(5_000);
    assertThat(poll.window()).isEqualTo(HaltPoll.FIRST);
    waitFor(10_000);
    assertThat(poll.window()).isEqualTo(2 * HaltPoll.FIRST);
    waitFor(30_000);
    waitFor(30_000);
    assertThat(poll.window()).isLessThanOrEqualTo(HaltPoll.MOST);
  }

  @Test
  void oneLongWaitEndsIt() {
    waitFor(5_000);
    waitFor(2 * HaltPoll.MOST);
    assertThat(poll.window()).isZero();
  }

  @Test
  void aWaitThatWasLongEnoughIsNotMadeLonger() {
    waitFor(5_000);
    context.requestExit();
    assertThat(poll.await(context)).isTrue();
    poll.ended();
    assertThat(poll.window()).isEqualTo(HaltPoll.FIRST);
  }

  @Test
  void kicksForNothingDoNotMakeItLookForEver() {
    waitFor(5_000);
    context.requestExit();
    int looks = 0;
    while (poll.await(context)) {
      looks++;
    }
    assertThat(looks).isBetween(1, (int) HaltPoll.FIRST / 1000);
  }

  @Test
  void onASingleProcessorNobodyLooks() {
    var single = new HaltPoll(() -> now += 1000, false);
    assertThat(single.await(context)).isFalse();
    single.ended();
    assertThat(single.window()).isZero();
  }
}
