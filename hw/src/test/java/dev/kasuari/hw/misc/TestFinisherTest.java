package dev.kasuari.hw.misc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.MachineListener;
import dev.kasuari.machine.ResetCause;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.testkit.DeviceProbe;
import dev.kasuari.testkit.TestBench;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class TestFinisherTest {
  private final TestBench bench = new TestBench();
  private final DeviceProbe<TestFinisher> finisher = bench.plug(TestFinisher.of());

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  void passEndsWithSuccess() throws InterruptedException {
    finisher.write16(0, TestFinisher.PASS);
    Shutdown end = bench.awaitShutdown();
    assertThat(end.cause()).isEqualTo(Shutdown.Cause.GUEST);
    assertThat(end.exitCode()).isZero();
  }

  @Test
  void failEndsWithItsCode() throws InterruptedException {
    finisher.write32(0, 42 << 16 | TestFinisher.FAIL);
    assertThat(bench.awaitShutdown().exitCode()).isEqualTo(42);
  }

  @Test
  void resetResets() throws InterruptedException {
    BlockingQueue<ResetCause> causes = new ArrayBlockingQueue<>(4);
    bench
        .machine()
        .addListener(
            new MachineListener() {
              @Override
              public void wasReset(ResetCause cause) {
                causes.add(cause);
              }
            });
    finisher.write32(0, TestFinisher.RESET);
    assertThat(causes.poll(10, TimeUnit.SECONDS)).isEqualTo(ResetCause.GUEST);
  }

  @Test
  void otherValuesMeanNothing() {
    finisher.write32(0, 0x1234);
    assertThat(finisher.read32(0)).isZero();
    assertThat(bench.machine().state().running()).isFalse();
  }
}
