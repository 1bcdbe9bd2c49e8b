package dev.kasuari.hw.intc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.InterruptSpecifier;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.memory.BusResult;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.testkit.DeviceContract;
import dev.kasuari.testkit.DeviceProbe;
import dev.kasuari.testkit.IrqProbe;
import dev.kasuari.testkit.TestBench;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class PlicTest {
  private static final long PENDING = 0x1000;

  private final TestBench bench = new TestBench();
  private final DeviceProbe<Plic> plic = bench.plug(Plic.of(Plic.machineAndSupervisor(2)));
  private final IrqProbe machine0 = plic.irq("hart0.M");
  private final IrqProbe supervisor0 = plic.irq("hart0.S");
  private final IrqProbe supervisor1 = plic.irq("hart1.S");

  @AfterEach
  void close() {
    bench.close();
  }

  private void priority(int source, int priority) {
    plic.write32(4L * source, priority);
  }

  private void enable(int context, int source) {
    long word = 0x2000 + 0x80L * context + source / 32 * 4L;
    plic.write32(word, plic.read32(word) | 1 << source);
  }

  private static long threshold(int context) {
    return 0x20_0000 + 0x1000L * context;
  }

  private static long claim(int context) {
    return threshold(context) + 4;
  }

  private void drive(int source, boolean level) {
    plic.drive("irq[" + source + "]", level);
  }

  @Test
  void aSourceIsClaimedServedAndCompleted() {
    priority(10, 1);
    enable(1, 10);
    drive(10, true);
    assertThat(supervisor0).isHigh();
    assertThat(machine0).isLow();
    assertThat(plic.read32(PENDING)).isEqualTo(1 << 10);
    assertThat(plic.read32(claim(1))).isEqualTo(10);
    assertThat(supervisor0).isLow();
    assertThat(plic.read32(PENDING)).isZero();
    assertThat(plic.read32(claim(1))).isZero();
    drive(10, false);
    plic.write32(claim(1), 10);
    assertThat(supervisor0).isLow().hasRisen(1);
  }

  @Test
  void aLevelThatStaysHighInterruptsAgainAfterCompletion() {
    priority(33, 7);
    enable(0, 33);
    drive(33, true);
    assertThat(plic.read32(claim(0))).isEqualTo(33);
    assertThat(plic.read32(PENDING + 4)).isZero();
    plic.write32(claim(0), 33);
    assertThat(plic.read32(PENDING + 4)).isEqualTo(2);
    assertThat(machine0).isHigh().hasRisen(2);
  }

  @Test
  void aRequestIsNotTakenBack() {
    priority(5, 1);
    enable(0, 5);
    drive(5, true);
    drive(5, false);
    assertThat(machine0).isHigh();
    assertThat(plic.read32(claim(0))).isEqualTo(5);
    drive(5, true);
    drive(5, false); // while claimed, the gateway sends nothing
    plic.write32(claim(0), 5);
    assertThat(machine0).isLow();
  }

  @Test
  void theMostUrgentComesFirstAndOfEqualsTheLowest() {
    for (int source : new int[] {3, 40, 64, 95}) {
      enable(0, source);
      drive(source, true);
    }
    priority(3, 1);
    priority(40, 5);
    priority(64, 5);
    priority(95, 7);
    assertThat(plic.peek(claim(0), 4)).isEqualTo(95);
    assertThat(plic.read32(claim(0))).isEqualTo(95);
    assertThat(plic.read32(claim(0))).isEqualTo(40);
    assertThat(plic.read32(claim(0))).isEqualTo(64);
    assertThat(plic.read32(claim(0))).isEqualTo(3);
    assertThat(plic.read32(claim(0))).isZero();
  }

  @Test
  void thresholdsMaskInterruptsButNotClaims() {
    priority(1, 3);
    enable(0, 1);
    plic.write32(threshold(0), 3);
    drive(1, true);
    assertThat(machine0).isLow();
    plic.write32(threshold(0), 2);
    assertThat(machine0).isHigh();
    plic.write32(threshold(0), 7);
    assertThat(machine0).isLow();
    assertThat(plic.read32(claim(0))).isEqualTo(1);
  }

  @Test
  void priorityZeroNeverInterrupts() {
    enable(0, 1);
    drive(1, true);
    assertThat(machine0).isLow();
    assertThat(plic.read32(claim(0))).isZero();
    priority(1, 8); // three bits are there
    assertThat(machine0).isLow();
    assertThat(plic.read32(4)).isZero();
    priority(1, 9);
    assertThat(machine0).isHigh();
  }

  @Test
  void oneContextClaimsWhatAllWereTold() {
    priority(7, 1);
    enable(1, 7);
    enable(3, 7);
    drive(7, true);
    assertThat(supervisor0).isHigh();
    assertThat(supervisor1).isHigh();
    assertThat(plic.read32(claim(3))).isEqualTo(7);
    assertThat(supervisor0).isLow();
    assertThat(plic.read32(claim(1))).isZero();
    plic.write32(claim(0), 7); // not enabled there: ignored
    assertThat(supervisor1).isLow();
    plic.write32(claim(1), 7); // enabled: any context that is told may complete
    assertThat(supervisor1).isHigh();
  }

  @Test
  void onlyRealSourcesCanBeEnabled() {
    plic.write32(0x2000, -1);
    plic.write32(0x2008, -1);
    plic.write32(0x200c, -1);
    assertThat(plic.read32(0x2000)).isEqualTo(~1);
    assertThat(plic.read32(0x2008)).isEqualTo(-1);
    assertThat(plic.read32(0x200c)).isZero();
    plic.write32(0, 7);
    assertThat(plic.read32(0)).isZero();
    drive(0, true);
    assertThat(plic.read32(PENDING)).isZero();
    plic.write32(claim(0), 96);
    plic.write32(claim(0), -1);
    assertThat(plic.tryRead(0, 1)).isNotEqualTo(BusResult.OK);
    assertThat(plic.tryRead(0, 8)).isNotEqualTo(BusResult.OK);
  }

  @Test
  void resetForgetsRequestsButNotLevels() {
    priority(2, 1);
    enable(0, 2);
    drive(2, true);
    drive(4, true);
    drive(4, false);
    assertThat(plic.read32(PENDING)).isEqualTo(1 << 4 | 1 << 2);
    assertThat(plic.read32(claim(0))).isEqualTo(2);
    plic.reset();
    assertThat(machine0).isLow();
    assertThat(plic.read32(PENDING)).isEqualTo(1 << 2);
    priority(2, 1);
    enable(0, 2);
    assertThat(machine0).isHigh();
    drive(2, false);
    assertThat(machine0).isLow();
  }

  @Test
  void claimedAndPendingComeBack() {
    priority(2, 1);
    priority(3, 1);
    enable(0, 2);
    enable(0, 3);
    plic.write32(threshold(1), 4);
    drive(2, true);
    assertThat(plic.read32(claim(0))).isEqualTo(2);
    drive(3, true);
    drive(3, false);
    plic.saveAndRestore();
    assertThat(machine0).isHigh();
    assertThat(plic.read32(threshold(1))).isEqualTo(4);
    assertThat(plic.read32(claim(0))).isEqualTo(3);
    assertThat(plic.read32(claim(0))).isZero();
    plic.write32(claim(0), 2);
    assertThat(plic.read32(claim(0))).isEqualTo(2);
  }

  @Test
  void nothingAGuestDoesIsAFailure() {
    for (int source = 1; source < 96; source += 3) {
      drive(source, true);
    }
    DeviceContract.checkSurvives(bench, plic, 1, 20_000);
    for (int source = 1; source < 96; source += 3) {
      drive(source, false);
    }
    plic.reset();
    DeviceContract.checkResetValues(plic);
  }

  @Test
  void impossibleContextsAreRefused() {
    var twice = Plic.of(List.of("a", "a"));
    assertThatThrownBy(() -> bench.plug(twice))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("[a, a]: give one or more names, each once");
    var small = PlicType.TYPE.create(new Plic.Props(List.of("a"), 1, 0x20_0fff));
    assertThatThrownBy(() -> bench.plug(small))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("1 contexts take 2101248");
  }

  @Test
  void itIsDescribedAsWired() {
    var hart = new HardwareNode("cpu0");
    plic.device().connect("hart0.M", line(hart, 11));
    plic.device().connect("hart0.S", line(hart, 9));
    bench.machine().describe();
    HardwareNode node = plic.device().node();
    assertThat(node.fullName()).startsWith("plic@");
    assertThat(node.get("compatible"))
        .isEqualTo(new HardwareNode.Strings(List.of("sifive,plic-1.0.0", "riscv,plic0")));
    assertThat(node.get("riscv,ndev")).isEqualTo(number(95));
    assertThat(node.get("#interrupt-cells")).isEqualTo(number(1));
    assertThat(node.get("#address-cells")).isEqualTo(number(0));
    assertThat(node.get("interrupt-controller")).isEqualTo(new HardwareNode.Flag());
    assertThat(node.get("interrupts-extended"))
        .isEqualTo(
            new HardwareNode.Cells(
                List.of(
                    new HardwareNode.Cell.Reference(hart),
                    new HardwareNode.Cell.U32(11),
                    new HardwareNode.Cell.Reference(hart),
                    new HardwareNode.Cell.U32(9))));
    InterruptSpecifier tenth = plic.device().input(10).specifier();
    assertThat(tenth).isEqualTo(new InterruptSpecifier(node, List.of(10)));
  }

  private static HardwareNode.Value number(int value) {
    return new HardwareNode.Cells(List.of(new HardwareNode.Cell.U32(value)));
  }

  private static IrqLine line(HardwareNode hart, int cause) {
    return new IrqLine("in").describe(new InterruptSpecifier(hart, List.of(cause)));
  }
}
