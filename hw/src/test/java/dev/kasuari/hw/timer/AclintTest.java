package dev.kasuari.hw.timer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.InterruptSpecifier;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.memory.BusResult;
import dev.kasuari.machine.time.ManualClock;
import dev.kasuari.testkit.DeviceContract;
import dev.kasuari.testkit.DeviceProbe;
import dev.kasuari.testkit.IrqProbe;
import dev.kasuari.testkit.TestBench;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class AclintTest {
  private static final long MSIP = 0x0000;
  private static final long MTIMECMP = 0x4000;
  private static final long MTIME = 0xbff8;

  private final TestBench bench = new TestBench();
  private final ManualClock clock = bench.clock();
  private final DeviceProbe<Aclint> clint = bench.plug(Aclint.of(3, 10_000_000));
  private final IrqProbe msip1 = clint.irq("msip[1]");
  private final IrqProbe mtip0 = clint.irq("mtip[0]");
  private final IrqProbe mtip1 = clint.irq("mtip[1]");

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  void softwareInterruptsFollowTheirBit() {
    clint.write32(MSIP + 4, -1);
    assertThat(msip1).isHigh();
    assertThat(clint.read32(MSIP + 4)).isEqualTo(1);
    assertThat(clint.read32(MSIP)).isZero();
    clint.write32(MSIP + 4, 0xfe);
    assertThat(msip1).isLow();
  }

  @Test
  void thereIsNothingForHartsThatAreNotThere() {
    clint.write32(MSIP + 12, 1);
    assertThat(clint.read32(MSIP + 12)).isZero();
    clint.write64(MTIMECMP + 24, 1);
    assertThat(clint.read64(MTIMECMP + 24)).isZero();
    assertThat(clint.tryRead(MTIME, 2)).isNotEqualTo(BusResult.OK);
  }

  @Test
  void timeCountsTicks() {
    clock.advance(1_000_000_099L);
    assertThat(clint.read64(MTIME)).isEqualTo(10_000_000);
    clock.advance(1);
    assertThat(clint.read64(MTIME)).isEqualTo(10_000_001);
    assertThat(clint.device().mtime()).isEqualTo(10_000_001);
    clock.advanceTo(500L * 365 * 86_400 * 500_000_000L);
    assertThat(clint.read64(MTIME)).isEqualTo(500L * 365 * 86_400 * 5_000_000L);
  }

  @Test
  void timersRaiseTheirLineOnTime() {
    assertThat(mtip0).isLow();
    clint.write64(MTIMECMP, 10);
    clint.write64(MTIMECMP + 8, 20);
    clock.advance(999);
    assertThat(mtip0).isLow();
    clock.advance(1);
    assertThat(mtip0).isHigh();
    assertThat(mtip1).isLow();
    clock.advance(1000);
    assertThat(mtip1).isHigh();
    clint.write64(MTIMECMP, 21);
    assertThat(mtip0).isLow();
    clock.advance(100);
    assertThat(mtip0).isHigh().hasRisen(2);
  }

  @Test
  void aFrequencyThatDoesNotDivideASecondIsExact() {
    DeviceProbe<Aclint> odd = bench.plug(Aclint.of(1, 32_768));
    IrqProbe mtip = odd.irq("mtip[0]");
    odd.write64(MTIMECMP, 3);
    clock.advance(91_552); // 3 / 32768 s are 91552.7 ns
    assertThat(mtip).isLow();
    assertThat(odd.read64(MTIME)).isEqualTo(2);
    clock.advance(1);
    assertThat(mtip).isHigh();
    assertThat(odd.read64(MTIME)).isEqualTo(3);
  }

  @Test
  void halvesAreWrittenAsTheManualTellsSoftwareOf32Bits() {
    clint.write32(MTIMECMP, -1);
    clint.write32(MTIMECMP + 4, 1);
    clint.write32(MTIMECMP, 5);
    assertThat(clint.read64(MTIMECMP)).isEqualTo(0x1_0000_0005L);
    assertThat(clint.read32(MTIMECMP + 4)).isEqualTo(1);
    clint.write32(MTIME + 4, 1);
    assertThat(mtip0).isLow();
    clock.advance(500);
    assertThat(mtip0).isHigh();
    assertThat(clint.read32(MTIME)).isEqualTo(5);
    assertThat(clint.read32(MTIME + 4)).isEqualTo(1);
  }

  @Test
  void settingTheTimeMovesTimersAndIsTold() {
    var told = new java.util.concurrent.atomic.AtomicInteger();
    clint.device().onTimeChange(told::incrementAndGet);
    clint.write64(MTIMECMP, 1000);
    clint.write64(MTIME, 1000);
    assertThat(told).hasValue(1);
    assertThat(mtip0).isHigh();
    clint.write64(MTIME, 990);
    assertThat(mtip0).isLow();
    clock.advance(1000);
    assertThat(mtip0).isHigh();
  }

  @Test
  void timeIsUnsignedAndWraps() {
    clint.write64(MTIMECMP, 1);
    clint.write64(MTIME, -10);
    assertThat(mtip0).isHigh();
    assertThat(mtip1).isLow();
    clock.advance(900); // mtime is -1, where hart 1's timer was since the reset
    assertThat(mtip1).isHigh();
    clock.advance(100);
    assertThat(mtip0).isLow();
    assertThat(mtip1).isLow();
    clock.advance(100);
    assertThat(mtip0).isHigh();
  }

  @Test
  void resetClearsTheTimeAndItsInterrupts() {
    clint.write64(MTIMECMP, 1);
    clint.write32(MSIP + 4, 1);
    clock.advance(5000);
    clint.reset();
    assertThat(mtip0).isLow();
    assertThat(msip1).isLow();
    assertThat(clint.read64(MTIME)).isZero();
    assertThat(clint.device().mtime()).isZero();
    clock.advance(1000);
    assertThat(clint.read64(MTIME)).isEqualTo(10);
  }

  @Test
  void restoredTimersStillGoOff() {
    clint.write64(MTIME, 100);
    clint.write64(MTIMECMP, 110);
    clint.write32(MSIP + 4, 1);
    clint.saveAndRestore();
    assertThat(msip1).isHigh();
    assertThat(mtip0).isLow();
    clock.advance(1000);
    assertThat(mtip0).isHigh();
    clint.saveAndRestore();
    assertThat(mtip0).isHigh();
    assertThat(clint.device().mtime()).isEqualTo(110);
  }

  @Test
  void nothingAGuestDoesIsAFailure() {
    DeviceContract.checkSurvives(bench, clint, 1, 20_000);
    clint.reset();
    DeviceContract.checkResetValues(clint);
  }

  @Test
  void itIsDescribedAsWired() {
    var harts = List.of(new HardwareNode("cpu0"), new HardwareNode("cpu1"));
    for (int i = 0; i < 2; i++) {
      clint.device().connect("msip[" + i + "]", input(harts.get(i), 3));
      clint.device().connect("mtip[" + i + "]", input(harts.get(i), 7));
    }
    bench.machine().describe();
    HardwareNode node = clint.device().node();
    assertThat(node.fullName()).startsWith("clint@");
    assertThat(node.get("compatible"))
        .isEqualTo(new HardwareNode.Strings(List.of("sifive,clint0", "riscv,clint0")));
    assertThat(node.get("interrupts-extended"))
        .isEqualTo(
            new HardwareNode.Cells(
                List.of(
                    new HardwareNode.Cell.Reference(harts.get(0)),
                    new HardwareNode.Cell.U32(3),
                    new HardwareNode.Cell.Reference(harts.get(0)),
                    new HardwareNode.Cell.U32(7),
                    new HardwareNode.Cell.Reference(harts.get(1)),
                    new HardwareNode.Cell.U32(3),
                    new HardwareNode.Cell.Reference(harts.get(1)),
                    new HardwareNode.Cell.U32(7))));
  }

  private static IrqLine input(HardwareNode hart, int cause) {
    return new IrqLine("in").describe(new InterruptSpecifier(hart, List.of(cause)));
  }
}
