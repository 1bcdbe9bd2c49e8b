package dev.kasuari.target.arm.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.Log;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.time.ManualClock;
import dev.kasuari.machine.time.Timebase;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What {@code -d int} and {@code -d guest_errors} tell of exceptions. */
@Tag("fast")
class ExceptionLogTest {
  private static final long HERE = 0x4000_1000L;

  private final List<String> lines = new ArrayList<>();
  private final ManualClock clock = new ManualClock();
  private final Log log = Log.to(lines::add);
  private final Machine machine = Machine.builder("test").clock(clock).log(log).build();
  private final ArmCpu cpu =
      new ArmCpu(
          0,
          ArmModel.parse("cortex-a57").withLevels(true, true),
          machine,
          Timebase.of(clock, ArmCpu.DEFAULT_TIMEBASE));

  @AfterEach
  void close() {
    cpu.close();
    machine.close();
  }

  private void start(int level, long pstate) {
    cpu.startAt(level, HERE, 0);
    cpu.switchTo(level, pstate);
    log.select(List.of(LogCategory.INT, LogCategory.GUEST_ERRORS));
  }

  @Test
  void interruptsAreLogged() {
    start(1, Pstate.SP_SELECT);
    machine.locked(() -> cpu.irqInput().set(true));
    assertThat(cpu.deliverInterrupt()).isTrue();
    machine.locked(() -> cpu.irqInput().set(false));
    cpu.state().set(ArmState.SCR, cpu.state().get(ArmState.SCR) | Exceptions.SCR_FIQ);
    machine.locked(() -> cpu.fiqInput().set(true));
    assertThat(cpu.deliverInterrupt()).isTrue();
    assertThat(lines)
        .containsExactly(
            "cpu0: IRQ at 0x40001000 from EL1 to EL1", "cpu0: FIQ at 0x280 from EL1 to EL3");
  }

  @Test
  void aHandlerThatFaultsAtItselfIsReportedOnce() {
    start(1, Pstate.SP_SELECT);
    for (int i = 0; i < 10; i++) {
      cpu.raise(Syndrome.INSTRUCTION_ABORT | Syndrome.EXTERNAL, cpu.pc());
    }
    assertThat(lines)
        .filteredOn(line -> line.contains("loops"))
        .containsExactly(
            "cpu0: loops in an exception: class 0x21, syndrome 0x86000010 (address 0x200) at its"
                + " own handler, pc 0x200 at EL1");
  }
}
