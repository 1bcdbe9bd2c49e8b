package dev.kasuari.hw.intc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.HardwareNode.Cell;
import dev.kasuari.testkit.DeviceContract;
import dev.kasuari.testkit.DeviceProbe;
import dev.kasuari.testkit.IrqProbe;
import dev.kasuari.testkit.RegionProbe;
import dev.kasuari.testkit.TestBench;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class Gic2Test {
  private static final long CTLR = 0x000;
  private static final long TYPER = 0x004;
  private static final long IGROUPR = 0x080;
  private static final long ISENABLER = 0x100;
  private static final long ICENABLER = 0x180;
  private static final long ISPENDR = 0x200;
  private static final long ICPENDR = 0x280;
  private static final long ISACTIVER = 0x300;
  private static final long ICACTIVER = 0x380;
  private static final long IPRIORITYR = 0x400;
  private static final long ITARGETSR = 0x800;
  private static final long ICFGR = 0xc00;
  private static final long SGIR = 0xf00;
  private static final long CPENDSGIR = 0xf10;
  private static final long SPENDSGIR = 0xf20;

  private static final long PMR = 0x04;
  private static final long BPR = 0x08;
  private static final long IAR = 0x0c;
  private static final long EOIR = 0x10;
  private static final long RPR = 0x14;
  private static final long HPPIR = 0x18;
  private static final long AIAR = 0x20;
  private static final long AEOIR = 0x24;
  private static final long APR = 0xd0;
  private static final long NSAPR = 0xe0;
  private static final long DIR = 0x1000;

  private static final int NONE = 1023;

  private final TestBench bench = new TestBench();
  private final DeviceProbe<Gic2> gic = bench.plug(Gic2.of(2, 64));
  private final RegionProbe dist = gic.region("dist");
  private final RegionProbe cpu0 = gic.region("cpu");
  private final RegionProbe cpu1 = cpu0.as(1, false);
  private final IrqProbe irq0 = gic.irq("irq[0]");
  private final IrqProbe irq1 = gic.irq("irq[1]");
  private final IrqProbe fiq0 = gic.irq("fiq[0]");

  @AfterEach
  void close() {
    bench.close();
  }

  /** As software sets it up that knows no groups. */
  private void open() {
    dist.write32(CTLR, 1);
    for (RegionProbe cpu : List.of(cpu0, cpu1)) {
      cpu.write32(PMR, 0xf0);
      cpu.write32(CTLR, 1);
    }
  }

  private void enable(int id, int priority, int cpus) {
    dist.write32(ISENABLER + id / 32 * 4L, 1 << id);
    dist.write8(IPRIORITYR + id, priority);
    dist.write8(ITARGETSR + id, cpus);
  }

  private void drive(int id, boolean level) {
    gic.drive("spi[" + (id - 32) + "]", level);
  }

  // The distributor.

  @Test
  void saysWhatItIs() {
    assertThat(dist.read32(TYPER)).as("96 interrupts, 2 CPUs").isEqualTo(0x22);
    assertThat(dist.read32(0x008)).isEqualTo(0x0200143b);
    assertThat(dist.read32(0xfe8) & 0xf0).as("version 2").isEqualTo(0x20);
    assertThat(cpu0.read32(0x0fc)).isEqualTo(0x0202143b);
    assertThat(cpu0.read32(BPR)).isEqualTo(2);
    assertThat(cpu0.read32(RPR)).isEqualTo(0xff);
  }

  @Test
  void registersKeepTheBitsTheyHave() {
    dist.write32(IPRIORITYR + 40, 0xffff_ffff);
    assertThat(dist.read32(IPRIORITYR + 40)).isEqualTo(0xf8f8_f8f8);
    dist.write8(ITARGETSR + 41, 0xff);
    assertThat(dist.read8(ITARGETSR + 41)).as("two CPUs").isEqualTo(3);
    assertThat(dist.read8(ITARGETSR + 5)).isEqualTo(1);
    assertThat(dist.as(1, false).read32(ITARGETSR)).isEqualTo(0x0202_0202);
    dist.write32(ISENABLER + 4, 0x0f);
    dist.write32(ICENABLER + 4, 0x03);
    assertThat(dist.read32(ISENABLER + 4)).isEqualTo(0x0c);
    assertThat(dist.read32(ICENABLER + 4)).isEqualTo(0x0c);
    dist.write32(ICENABLER, -1);
    assertThat(dist.read32(ISENABLER)).as("what software sends is enabled").isEqualTo(0xffff);
    dist.write32(ICFGR + 8, -1);
    assertThat(dist.read32(ICFGR + 8)).isEqualTo(0xaaaa_aaaa);
    dist.write32(ICFGR, 0);
    assertThat(dist.read32(ICFGR)).isEqualTo(0xaaaa_aaaa);
    cpu0.write32(PMR, 0xff);
    assertThat(cpu0.read32(PMR)).isEqualTo(0xf8);
    cpu0.write32(BPR, 0);
    assertThat(cpu0.read32(BPR)).isEqualTo(2);
  }

  @Test
  void aLevelInterruptsUntilItIsGoneAndEnded() {
    open();
    enable(40, 0xa0, 1);
    assertThat(irq0).isLow();
    drive(40, true);
    assertThat(irq0).isHigh();
    assertThat(irq1).isLow();
    assertThat(cpu0.read32(HPPIR)).isEqualTo(40);
    assertThat(cpu0.read32(IAR)).isEqualTo(40);
    assertThat(irq0).as("active, it does not interrupt again").isLow();
    assertThat(cpu0.read32(RPR)).isEqualTo(0xa0);
    assertThat(cpu0.read32(IAR)).isEqualTo(NONE);
    assertThat(dist.read32(ISACTIVER + 4)).isEqualTo(1 << 8);
    assertThat(dist.read32(ISPENDR + 4)).as("it is high still").isEqualTo(1 << 8);
    cpu0.write32(EOIR, 40);
    assertThat(irq0).isHigh();
    assertThat(cpu0.read32(IAR)).isEqualTo(40);
    drive(40, false);
    cpu0.write32(EOIR, 40);
    assertThat(irq0).isLow();
    assertThat(cpu0.read32(RPR)).isEqualTo(0xff);
  }

  @Test
  void anEdgeInterruptsOnce() {
    open();
    enable(40, 0xa0, 1);
    dist.write32(ICFGR + 8, 2 << 16);
    drive(40, true);
    drive(40, false);
    assertThat(irq0).isHigh();
    assertThat(cpu0.read32(IAR)).isEqualTo(40);
    drive(40, true);
    assertThat(irq0).isLow();
    cpu0.write32(EOIR, 40);
    assertThat(irq0).as("the second edge").isHigh();
    assertThat(cpu0.read32(IAR)).isEqualTo(40);
    cpu0.write32(EOIR, 40);
    assertThat(irq0).as("high, but no edge").isLow();
  }

  @Test
  void softwareMakesPendingAndTakesItBack() {
    open();
    enable(33, 0xa0, 1);
    dist.write32(ISPENDR + 4, 2);
    assertThat(irq0).isHigh();
    dist.write32(ICPENDR + 4, 2);
    assertThat(irq0).isLow();
    dist.write32(ISPENDR + 4, 2);
    dist.write32(ISACTIVER + 4, 2);
    assertThat(irq0).isLow();
    dist.write32(ICACTIVER + 4, 2);
    assertThat(irq0).isHigh();
    dist.write32(ICENABLER + 4, 2);
    assertThat(irq0).isLow();
  }

  @Test
  void theMostUrgentComesFirstAndOfEqualsTheLowest() {
    open();
    enable(50, 0x80, 1);
    enable(41, 0xa0, 1);
    enable(40, 0xa0, 1);
    for (int id : new int[] {40, 41, 50}) {
      drive(id, true);
    }
    for (int id : new int[] {50, 40, 41}) {
      assertThat(cpu0.read32(IAR)).isEqualTo(id);
      drive(id, false);
      cpu0.write32(EOIR, id);
    }
    assertThat(cpu0.read32(IAR)).isEqualTo(NONE);
  }

  @Test
  void onlyTheMoreUrgentInterruptsAnInterrupt() {
    open();
    cpu0.write32(BPR, 5); // bits 7 and 6 decide
    enable(40, 0xa0, 1);
    enable(41, 0x80, 1);
    enable(42, 0x40, 1);
    drive(40, true);
    assertThat(cpu0.read32(IAR)).isEqualTo(40);
    drive(41, true);
    assertThat(irq0).as("0x80 and 0xa0 are of one group").isLow();
    drive(42, true);
    assertThat(irq0).isHigh();
    assertThat(cpu0.read32(IAR)).isEqualTo(42);
    assertThat(cpu0.read32(RPR)).isEqualTo(0x40);
    assertThat(cpu0.read32(APR)).isEqualTo(1 << 16 | 1 << 8);
    drive(42, false);
    cpu0.write32(EOIR, 42);
    assertThat(cpu0.read32(RPR)).isEqualTo(0x80);
    drive(40, false);
    cpu0.write32(EOIR, 40);
    assertThat(cpu0.read32(IAR)).isEqualTo(41);
  }

  @Test
  void theMaskKeepsBackTheLessUrgent() {
    open();
    enable(40, 0xa0, 1);
    drive(40, true);
    cpu0.write32(PMR, 0xa0);
    assertThat(irq0).isLow();
    assertThat(cpu0.read32(IAR)).isEqualTo(NONE);
    assertThat(cpu0.read32(HPPIR)).isEqualTo(40);
    cpu0.write32(PMR, 0xa8);
    assertThat(irq0).isHigh();
  }

  @Test
  void oneOfSeveralCpusTakesASharedInterrupt() {
    open();
    enable(40, 0xa0, 3);
    drive(40, true);
    assertThat(irq0).isHigh();
    assertThat(irq1).isHigh();
    assertThat(cpu1.read32(IAR)).isEqualTo(40);
    assertThat(irq0).isLow();
    assertThat(cpu0.read32(IAR)).isEqualTo(NONE);
    drive(40, false);
    cpu1.write32(EOIR, 40);
    dist.write8(ITARGETSR + 40, 1);
    drive(40, true);
    assertThat(irq1).isLow();
    assertThat(irq0).isHigh();
  }

  @Test
  void eachCpuHasItsOwnPrivateInterrupts() {
    open();
    dist.as(1, false).write32(ISENABLER, 1 << 27);
    gic.drive("ppi[11]", true);
    assertThat(irq0).as("not enabled there").isLow();
    gic.drive("ppi[27]", true);
    assertThat(irq1).isHigh();
    assertThat(cpu1.read32(IAR)).isEqualTo(27);
    assertThat(dist.read32(ISACTIVER)).isZero();
    assertThat(dist.as(1, false).read32(ISACTIVER)).isEqualTo(1 << 27);
  }

  @Test
  void endAndDeactivationCanBeSplit() {
    open();
    cpu0.write32(CTLR, 0x201);
    enable(40, 0xa0, 1);
    drive(40, true);
    cpu0.read32(IAR);
    cpu0.write32(EOIR, 40);
    assertThat(cpu0.read32(RPR)).isEqualTo(0xff);
    assertThat(irq0).as("active still").isLow();
    cpu0.write32(DIR, 40);
    assertThat(irq0).isHigh();
  }

  // What CPUs send to each other.

  @Test
  void cpusInterruptEachOther() {
    open();
    dist.write32(SGIR, 2 << 16 | 5);
    assertThat(irq0).isLow();
    assertThat(irq1).isHigh();
    dist.as(1, false).write32(SGIR, 2 << 24 | 5);
    assertThat(cpu1.read32(IAR)).as("from CPU 0").isEqualTo(5);
    assertThat(irq1).as("5 is active").isLow();
    cpu1.write32(EOIR, 5);
    assertThat(cpu1.read32(HPPIR)).isEqualTo(1 << 10 | 5);
    assertThat(cpu1.read32(IAR)).as("from CPU 1").isEqualTo(1 << 10 | 5);
    cpu1.write32(EOIR, 1 << 10 | 5);
    assertThat(irq1).isLow();
    dist.write32(SGIR, 1 << 24 | 6);
    assertThat(irq0).isLow();
    assertThat(irq1).isHigh();
  }

  @Test
  void whatWasSentCanBeTakenBack() {
    open();
    dist.write8(SPENDSGIR + 3, 0x02);
    assertThat(dist.read8(CPENDSGIR + 3)).isEqualTo(0x02);
    assertThat(dist.read32(ISPENDR)).isEqualTo(1 << 3);
    assertThat(irq0).isHigh();
    dist.write32(ICPENDR, 1 << 3);
    assertThat(irq0).as("not this way").isHigh();
    dist.write8(CPENDSGIR + 3, 0x02);
    assertThat(irq0).isLow();
  }

  // Groups.

  @Test
  void groupZeroCanBeFast() {
    dist.write32(CTLR, 3);
    cpu0.write32(PMR, 0xf0);
    cpu0.write32(CTLR, 0x0b);
    enable(40, 0xa0, 1);
    enable(41, 0x80, 1);
    dist.write32(IGROUPR + 4, 1 << 9);
    drive(40, true);
    assertThat(fiq0).isHigh();
    assertThat(irq0).isLow();
    drive(41, true);
    assertThat(fiq0).isLow();
    assertThat(irq0).isHigh();
    assertThat(cpu0.read32(IAR)).as("of group 1").isEqualTo(1022);
    assertThat(cpu0.read32(AIAR)).isEqualTo(41);
    assertThat(cpu0.read32(NSAPR)).isEqualTo(1 << 16);
    drive(41, false);
    cpu0.write32(AEOIR, 41);
    assertThat(cpu0.read32(AIAR)).isEqualTo(NONE);
    assertThat(cpu0.read32(IAR)).isEqualTo(40);
    cpu0.write32(EOIR, 40);
    drive(40, false);
    cpu0.write32(CTLR, 0x0f);
    drive(41, true);
    assertThat(cpu0.read32(IAR)).as("AckCtl").isEqualTo(41);
  }

  // The house.

  @Test
  void comesBackInTheMiddleOfAnInterrupt() {
    open();
    enable(40, 0xa0, 1);
    enable(41, 0x40, 1);
    drive(40, true);
    cpu0.read32(IAR);
    drive(41, true);
    gic.saveAndRestore();
    assertThat(irq0).isHigh();
    assertThat(cpu0.read32(IAR)).isEqualTo(41);
    drive(40, false);
    drive(41, false);
    cpu0.write32(EOIR, 41);
    assertThat(cpu0.read32(RPR)).isEqualTo(0xa0);
    gic.reset();
    assertThat(cpu0.read32(RPR)).isEqualTo(0xff);
  }

  @Test
  void survivesAnyGuest() {
    DeviceProbe<Gic2> full = bench.plug(Gic2.of(8, 160, true, true));
    DeviceContract.checkSurvives(bench, full, 1, 5000);
  }

  // Messages.

  @Test
  void messagesBecomeSharedInterrupts() {
    Gic2m device = gic.device().frames().map(0x2000_0000, Gic2m.of(80, 16)).device();
    for (int i = 0; i < 16; i++) {
      device.connect("irq[" + i + "]", gic.device().spi(48 + i));
    }
    open();
    enable(81, 0xa0, 1);
    dist.write32(ICFGR + 20, 0xaaaa_aaaa);
    var memory = bench.machine().memory().dma(7);
    assertThat(memoryRead(memory, 0x2000_0008)).isEqualTo(80 << 16 | 16);
    memoryWrite(memory, 0x2000_0040, 81);
    assertThat(irq0).isHigh();
    assertThat(cpu0.read32(IAR)).isEqualTo(81);
    cpu0.write32(EOIR, 81);
    memoryWrite(memory, 0x2000_0040, 96);
    assertThat(irq0).isLow();
  }

  private static int memoryRead(dev.kasuari.machine.memory.Dma memory, long address) {
    try {
      return memory.read32(address);
    } catch (dev.kasuari.machine.memory.DmaFault e) {
      throw new AssertionError(e);
    }
  }

  private static void memoryWrite(dev.kasuari.machine.memory.Dma memory, long address, int value) {
    try {
      memory.write32(address, value);
    } catch (dev.kasuari.machine.memory.DmaFault e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void isDescribedWithItsFrames() {
    gic.device().frames().map(0x2000_0000, Gic2m.of(80, 16));
    bench.machine().describe();
    HardwareNode node = gic.device().node();
    assertThat(node.get("compatible"))
        .isEqualTo(new HardwareNode.Strings(List.of("arm,cortex-a15-gic")));
    assertThat(node.children()).extracting(HardwareNode::fullName).containsExactly("v2m@20000000");
    assertThat(node.get("interrupts")).isNull();
    var specifier = gic.device().spi(1).specifier();
    assertThat(specifier).isNotNull();
    assertThat(specifier.cells()).containsExactly(0, 1, 4);
    var own = gic.device().ppi(1, 11).specifier();
    assertThat(own).isNotNull();
    assertThat(own.cells()).containsExactly(1, 11, 0x304);
    assertThat(node.get("#interrupt-cells"))
        .isEqualTo(new HardwareNode.Cells(List.of(new Cell.U32(3))));
  }
}
