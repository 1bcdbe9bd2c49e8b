package dev.kasuari.it.smp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Machines that are stopped and closed while their harts ask one another to do things. */
@Tag("guest")
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PauseTest {
  private static final int PAUSES = 30;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"shoot", "code"})
  void aPausedMachineDoesNothing(String guest) throws Exception {
    GuestProgram program = new GuestProgram(guest, 4).with("REMAPPERS", 3).rounds(200_000);
    try (var machine = new SmpMachine(program, folder, SmpMachine.usual())) {
      for (int i = 0; i < PAUSES; i++) {
        machine.machine().resume();
        Thread.sleep(i < 3 ? 500 : 10);
        machine.machine().pause();
        assertThat(machine.machine().failure()).isNull();
        byte[] before = machine.memory();
        Thread.sleep(2);
        assertThat(machine.memory()).isEqualTo(before);
      }
      machine.machine().resume();
      assertThat(machine.machine().awaitShutdown(1, TimeUnit.SECONDS))
          .as(machine.printed())
          .isNull();
    }
  }
}
