package dev.kasuari.hw.intc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.HardwareNode;
import dev.kasuari.testkit.DeviceProbe;
import dev.kasuari.testkit.IrqProbe;
import dev.kasuari.testkit.RegionProbe;
import dev.kasuari.testkit.TestBench;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The security extensions, and what a hypervisor's guests see. */
@Tag("fast")
class Gic2WorldsTest {
  private static final int CTLR = 0x000;
  private static final int IGROUPR = 0x080;
  private static final int ISENABLER = 0x100;
  private static final int ISPENDR = 0x200;
  private static final int ISACTIVER = 0x300;
  private static final int IPRIORITYR = 0x400;
  private static final int ITARGETSR = 0x800;
  private static final int SGIR = 0xf00;

  private static final int PMR = 0x04;
  private static final int BPR = 0x08;
  private static final int IAR = 0x0c;
  private static final int EOIR = 0x10;
  private static final int RPR = 0x14;
  private static final int HPPIR = 0x18;
  private static final int AIAR = 0x20;
  private static final int DIR = 0x1000;

  private static final int HCR = 0x00;
  private static final int VMCR = 0x08;
  private static final int MISR = 0x10;
  private static final int EISR = 0x20;
  private static final int ELRSR = 0x30;
  private static final int HAPR = 0xf0;
  private static final int LR = 0x100;

  private static final int PENDING = 1 << 28;
  private static final int NONE = 1023;

  private final TestBench bench = new TestBench();
  private final DeviceProbe<Gic2> gic = bench.plug(Gic2.of(2, 64, true, true));
  private final RegionProbe dist = gic.region("dist");
  private final RegionProbe secureDist = dist.as(0, true);
  private final RegionProbe cpu = gic.region("cpu");
  private final RegionProbe secureCpu = cpu.as(0, true);
  private final RegionProbe hyp = gic.region("hyp");
  private final RegionProbe guest = gic.region("vcpu");
  private final IrqProbe irq = gic.irq("irq[0]");
  private final IrqProbe fiq = gic.irq("fiq[0]");
  private final IrqProbe virq = gic.irq("virq[0]");
  private final IrqProbe vfiq = gic.irq("vfiq[0]");
  private final IrqProbe maintenance = gic.irq("maintenance[0]");

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  void withoutFirmwareAllIsOfTheOtherWorld() {
    gic.device().startNonsecure();
    for (int i = 0; i < 2; i++) {
      assertThat(secureDist.read32(IGROUPR + 4)).isEqualTo(-1);
      assertThat(secureCpu.read32(PMR)).isEqualTo(0x80);
      secureDist.write32(IGROUPR + 4, 0);
      gic.reset();
    }
  }

  /** Interrupt 40 is secure, 41 is not. */
  private void open() {
    secureDist.write32(CTLR, 3);
    secureDist.write32(IGROUPR + 4, ~(1 << 8));
    secureDist.write32(ISENABLER + 4, 3 << 8);
    secureDist.write8(IPRIORITYR + 40, 0x20);
    dist.write8(IPRIORITYR + 41, 0x40);
    secureDist.write16(ITARGETSR + 40, 0x0101);
    secureCpu.write32(PMR, 0xf8);
    secureCpu.write32(CTLR, 0x0b);
  }

  @Test
  void theNonSecureWorldSeesItsGroupOnly() {
    open();
    assertThat(dist.read32(ISENABLER + 4)).isEqualTo(1 << 9);
    assertThat(dist.read32(IGROUPR + 4)).isZero();
    assertThat(dist.read8(IPRIORITYR + 40)).isZero();
    assertThat(dist.read8(ITARGETSR + 40)).isZero();
    dist.write8(IPRIORITYR + 40, 0xf0);
    assertThat(secureDist.read8(IPRIORITYR + 40)).isEqualTo(0x20);
    dist.write32(ISPENDR + 4, 1 << 8);
    assertThat(secureDist.read32(ISPENDR + 4)).isZero();
    dist.write32(ISACTIVER + 4, 3 << 8);
    assertThat(secureDist.read32(ISACTIVER + 4)).isEqualTo(1 << 9);
    assertThat(dist.read32(CTLR)).isEqualTo(1);
    dist.write32(CTLR, 0);
    assertThat(secureDist.read32(CTLR)).isEqualTo(1);
    assertThat(dist.read32(0x004) & 0x400).isEqualTo(0x400);
  }

  @Test
  void theNonSecureWorldHasTheLowerHalfOfThePriorities() {
    open();
    assertThat(dist.read8(IPRIORITYR + 41)).isEqualTo(0x40);
    assertThat(secureDist.read8(IPRIORITYR + 41)).isEqualTo(0xa0);
    assertThat(cpu.read32(PMR)).isEqualTo(0xf0);
    cpu.write32(PMR, 0x20);
    assertThat(secureCpu.read32(PMR)).isEqualTo(0x90);
    secureCpu.write32(PMR, 0x40);
    assertThat(cpu.read32(PMR)).isZero();
    cpu.write32(PMR, 0xf0);
    assertThat(secureCpu.read32(PMR)).as("out of its reach").isEqualTo(0x40);
    assertThat(cpu.read32(BPR)).isEqualTo(3);
    assertThat(secureCpu.read32(BPR)).isEqualTo(2);
  }

  @Test
  void eachWorldTakesItsOwnInterrupts() {
    open();
    gic.drive("spi[8]", true);
    assertThat(fiq).isHigh();
    assertThat(cpu.read32(IAR)).as("secure").isEqualTo(NONE);
    assertThat(cpu.read32(HPPIR)).isEqualTo(NONE);
    gic.drive("spi[9]", true);
    assertThat(secureCpu.read32(IAR)).isEqualTo(40);
    assertThat(irq).as("less urgent").isLow();
    assertThat(secureCpu.read32(RPR)).isEqualTo(0x20);
    assertThat(cpu.read32(RPR)).isZero();
    gic.drive("spi[8]", false);
    cpu.write32(EOIR, 40);
    assertThat(secureCpu.read32(RPR)).as("not its own").isEqualTo(0x20);
    secureCpu.write32(EOIR, 40);
    assertThat(irq).isHigh();
    assertThat(secureCpu.read32(IAR)).isEqualTo(1022);
    assertThat(cpu.read32(IAR)).isEqualTo(41);
    assertThat(cpu.read32(RPR)).isEqualTo(0x40);
    assertThat(secureCpu.read32(RPR)).isEqualTo(0xa0);
    gic.drive("spi[9]", false);
    cpu.write32(EOIR, 41);
    assertThat(cpu.read32(RPR)).isEqualTo(0xff);
    assertThat(cpu.read32(AIAR)).as("the secure world's").isZero();
  }

  @Test
  void controlsAreShownToEachWorldAtItsPlaces() {
    open();
    assertThat(cpu.read32(CTLR)).isEqualTo(1);
    cpu.write32(CTLR, 0x201);
    assertThat(secureCpu.read32(CTLR)).isEqualTo(0x40b);
    cpu.write32(CTLR, 0);
    assertThat(secureCpu.read32(CTLR)).isEqualTo(0x009);
  }

  @Test
  void sentInterruptsReachTheirGroup() {
    open();
    secureDist.write32(IGROUPR, 1 << 2);
    dist.write32(SGIR, 2 << 24 | 1);
    assertThat(fiq).as("1 is secure").isLow();
    dist.write32(SGIR, 2 << 24 | 2);
    assertThat(secureDist.read32(ISPENDR)).isEqualTo(1 << 2);
    secureDist.write32(SGIR, 2 << 24 | 1 << 15 | 1);
    assertThat(secureDist.read32(ISPENDR)).isEqualTo(1 << 2);
    secureDist.write32(SGIR, 2 << 24 | 1);
    assertThat(secureDist.read32(ISPENDR)).isEqualTo(3 << 1);
  }

  @Test
  void interruptsCanBeTheNonSecureWorldsFromTheStart() {
    DeviceProbe<Gic2> other = bench.plug(Gic2.of(new Gic2.Props(1, 96, true, false, true)));
    IrqProbe line = other.irq("irq[0]");
    other.reset();
    RegionProbe normal = other.region("dist");
    normal.write32(CTLR, 1);
    normal.write32(ISENABLER, 1 << 27);
    other.region("cpu").write32(PMR, 0xf0);
    other.region("cpu").write32(CTLR, 1);
    other.drive("ppi[11]", true);
    assertThat(line).isHigh();
    assertThat(other.region("cpu").read32(IAR)).isEqualTo(27);
  }

  // A guest of the guest.

  private static int listed(int id, int priority) {
    return PENDING | priority << 20 | id;
  }

  private void openGuest() {
    hyp.write32(HCR, 1);
    guest.write32(PMR, 0xf0);
    guest.write32(CTLR, 1);
  }

  @Test
  void hasFourListRegisters() {
    assertThat(hyp.read32(0x04)).isEqualTo(0x9000_0003);
    assertThat(hyp.read32(ELRSR)).isEqualTo(0xf);
    guest.write32(PMR, 0xff);
    guest.write32(CTLR, -1);
    guest.write32(BPR, 4);
    assertThat(hyp.read32(VMCR)).isEqualTo(0xf88c_021f);
    hyp.write32(VMCR, 0x80a0_0001);
    assertThat(guest.read32(PMR)).isEqualTo(0x80);
    assertThat(guest.read32(BPR)).isEqualTo(5);
    assertThat(guest.read32(CTLR)).isEqualTo(1);
  }

  @Test
  void aGuestTakesWhatIsListed() {
    openGuest();
    hyp.write32(LR, listed(50, 0xa0));
    assertThat(virq).isHigh();
    assertThat(irq).isLow();
    hyp.write32(LR + 4, listed(3, 0x80) | 2 << 10);
    assertThat(guest.read32(HPPIR)).isEqualTo(2 << 10 | 3);
    assertThat(guest.read32(IAR)).isEqualTo(2 << 10 | 3);
    assertThat(virq).as("busy").isLow();
    assertThat(hyp.read32(HAPR)).isEqualTo(1 << 16);
    assertThat(hyp.read32(LR + 4) >>> 28).isEqualTo(2);
    guest.write32(EOIR, 2 << 10 | 3);
    assertThat(hyp.read32(ELRSR)).isEqualTo(0xe);
    assertThat(virq).isHigh();
    assertThat(guest.read32(IAR)).isEqualTo(50);
    assertThat(guest.read32(RPR)).isEqualTo(0xa0);
    assertThat(guest.read32(IAR)).isEqualTo(NONE);
    hyp.write32(HCR, 0);
    hyp.write32(LR + 8, listed(51, 0x10));
    assertThat(virq).as("switched off").isLow();
  }

  @Test
  void aRealInterruptIsDeactivatedByTheGuest() {
    open();
    openGuest();
    secureCpu.write32(CTLR, 0x40b);
    gic.drive("spi[9]", true);
    assertThat(cpu.read32(IAR)).isEqualTo(41);
    cpu.write32(EOIR, 41);
    hyp.write32(LR, 1 << 31 | 41 << 10 | listed(60, 0x80));
    assertThat(guest.read32(IAR)).isEqualTo(60);
    assertThat(irq).as("active still").isLow();
    guest.write32(EOIR, 60);
    assertThat(irq).isHigh();
  }

  @Test
  void groupsOfAGuestCanBeFast() {
    openGuest();
    guest.write32(CTLR, 0x0b);
    hyp.write32(LR, listed(50, 0xa0));
    assertThat(vfiq).isHigh();
    hyp.write32(LR + 4, 1 << 30 | listed(51, 0x80));
    assertThat(vfiq).isLow();
    assertThat(virq).isHigh();
    assertThat(guest.read32(IAR)).isEqualTo(1022);
    assertThat(guest.read32(AIAR)).isEqualTo(51);
  }

  @Test
  void theHypervisorIsTold() {
    openGuest();
    hyp.write32(LR, listed(50, 0xa0) | 1 << 19);
    guest.read32(IAR);
    assertThat(maintenance).isLow();
    guest.write32(EOIR, 50);
    assertThat(maintenance).isHigh();
    assertThat(hyp.read32(MISR)).isEqualTo(1);
    assertThat(hyp.read32(EISR)).isEqualTo(1);
    assertThat(hyp.read32(ELRSR)).isEqualTo(0xe);
    hyp.write32(LR, 0);
    assertThat(maintenance).isLow();
    hyp.write32(HCR, 0x03);
    assertThat(hyp.read32(MISR)).as("underflow").isEqualTo(2);
    hyp.write32(LR, listed(50, 0xa0));
    hyp.write32(LR + 4, listed(51, 0xa0));
    assertThat(hyp.read32(MISR)).isZero();
    hyp.write32(HCR, 0x09);
    assertThat(hyp.read32(MISR)).isZero();
    hyp.write32(LR, 0);
    hyp.write32(LR + 4, 0);
    assertThat(hyp.read32(MISR)).as("none pending").isEqualTo(8);
    hyp.write32(HCR, 0xf1);
    assertThat(hyp.read32(MISR)).as("group 0 on, group 1 off").isEqualTo(0x90);
  }

  @Test
  void endsOfWhatIsNotListedAreCounted() {
    openGuest();
    guest.write32(CTLR, 0x201);
    hyp.write32(HCR, 0x05);
    guest.write32(DIR, 70);
    assertThat(hyp.read32(HCR)).isEqualTo(1 << 27 | 0x05);
    assertThat(hyp.read32(MISR)).isEqualTo(4);
    assertThat(maintenance).isHigh();
  }

  @Test
  void comesBackInTheMiddleOfAGuestsInterrupt() {
    openGuest();
    hyp.write32(LR, listed(50, 0xa0));
    hyp.write32(LR + 4, listed(51, 0x20));
    guest.read32(IAR);
    gic.saveAndRestore();
    assertThat(guest.read32(RPR)).isEqualTo(0x20);
    guest.write32(EOIR, 51);
    assertThat(virq).isHigh();
  }

  @Test
  void theMaintenanceInterruptIsDescribedWhereItIsWired() {
    gic.device().connect("maintenance[0]", gic.device().ppi(0, 9));
    bench.machine().describe();
    assertThat(gic.device().node().get("interrupts")).isInstanceOf(HardwareNode.Interrupts.class);
  }
}
