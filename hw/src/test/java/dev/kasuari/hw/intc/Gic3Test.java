package dev.kasuari.hw.intc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.InterruptPort;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.testkit.DeviceContract;
import dev.kasuari.testkit.DeviceProbe;
import dev.kasuari.testkit.RegionProbe;
import dev.kasuari.testkit.TestBench;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class Gic3Test {
  private static final long CTLR = 0x000;
  private static final long TYPER = 0x004;
  private static final long IGROUPR = 0x080;
  private static final long ISENABLER = 0x100;
  private static final long ISPENDR = 0x200;
  private static final long ICPENDR = 0x280;
  private static final long ISACTIVER = 0x300;
  private static final long IPRIORITYR = 0x400;
  private static final long ICFGR = 0xc00;
  private static final long IGRPMODR = 0xd00;
  private static final long IROUTER = 0x6000;

  private static final long R_CTLR = 0x00;
  private static final long R_TYPER = 0x08;
  private static final long R_WAKER = 0x14;
  private static final long R_PROPBASER = 0x70;
  private static final long R_PENDBASER = 0x78;
  private static final long SGI = 0x1_0000;

  private static final long PROPERTIES = 0x1000;
  private static final long PENDING = 0x1_0000; // of CPU 0; of CPU 1 64 KiB higher

  private final TestBench bench = new TestBench();
  private final RamBlock ram = bench.withRam(0x10_0000);
  private final DeviceProbe<Gic3> gic = bench.plug(Gic3.of(2, 64));
  private final RegionProbe dist = gic.region("dist");
  private final RegionProbe redist0 = gic.region("redist[0]");
  private final RegionProbe redist1 = gic.region("redist[1]");
  private final CpuHalf cpu0 = new CpuHalf(bench, gic.device().cpu(0));
  private final CpuHalf cpu1 = new CpuHalf(bench, gic.device().cpu(1));

  @AfterEach
  void close() {
    bench.close();
  }

  /** As software sets it up in one world: all of group 1. */
  private void open() {
    dist.write32(CTLR, 0x12);
    dist.write32(IGROUPR + 4, -1);
    dist.write32(IGROUPR + 8, -1);
    redist0.write32(SGI + IGROUPR, -1);
    redist1.write32(SGI + IGROUPR, -1);
    cpu0.accept(2);
    cpu1.accept(2);
  }

  private void enable(int id, int priority, long cpu) {
    dist.write32(ISENABLER + id / 32 * 4L, 1 << id);
    dist.write8(IPRIORITYR + id, priority);
    dist.write64(IROUTER + 8L * id, cpu);
  }

  private void drive(int id, boolean level) {
    gic.drive("spi[" + (id - 32) + "]", level);
  }

  @Test
  void saysWhatItIs() {
    assertThat(dist.read32(TYPER)).isEqualTo(0x037a_0002);
    assertThat(dist.read32(CTLR)).as("one world, affinity routing").isEqualTo(0x50);
    assertThat(dist.read32(0xffe8) & 0xf0).as("version 3").isEqualTo(0x30);
    assertThat(redist0.read32(0xffe8) & 0xf0).isEqualTo(0x30);
    assertThat(redist0.read64(R_TYPER)).isEqualTo(1);
    assertThat(redist1.read64(R_TYPER)).as("address 1, number 1, last").isEqualTo(0x1_0000_0111L);
    assertThat(redist0.read32(R_WAKER)).isEqualTo(6);
    redist0.write32(R_WAKER, 0);
    assertThat(redist0.read32(R_WAKER)).isZero();
  }

  @Test
  void registersKeepTheBitsTheyHave() {
    dist.write32(IPRIORITYR + 40, -1);
    assertThat(dist.read32(IPRIORITYR + 40)).isEqualTo(0xf8f8_f8f8);
    dist.write64(IROUTER + 8 * 40, 0xffff_ffff_ffff_ffffL);
    assertThat(dist.read64(IROUTER + 8 * 40)).isEqualTo(0xff_00ff_ffffL);
    dist.write32(IROUTER + 8 * 40, 0x0102);
    assertThat(dist.read64(IROUTER + 8 * 40)).isEqualTo(0xff_0000_0102L);
    dist.write32(ISENABLER + 4, 0x0c);
    dist.write32(0x184, 0x04);
    assertThat(dist.read32(ISENABLER + 4)).isEqualTo(0x08);
    dist.write32(ICFGR + 8, -1);
    assertThat(dist.read32(ICFGR + 8)).isEqualTo(0xaaaa_aaaa);
    redist0.write32(SGI + ICFGR, 0);
    assertThat(redist0.read32(SGI + ICFGR)).isEqualTo(0xaaaa_aaaa);
    redist0.write32(SGI + ICFGR + 4, -1);
    assertThat(redist0.read32(SGI + ICFGR + 4)).isEqualTo(0xaaaa_aaaa);
    redist0.write32(SGI + ISENABLER, 0xff);
    assertThat(redist1.read32(SGI + ISENABLER)).isZero();
  }

  @Test
  void aSharedInterruptGoesWhereItIsRouted() {
    open();
    enable(40, 0xa0, 0);
    drive(40, true);
    assertThat(cpu0.waits()).isEqualTo("40@0xa0/1");
    assertThat(cpu1.waits()).isNull();
    dist.write64(IROUTER + 8 * 40, 1);
    assertThat(cpu0.waits()).isNull();
    assertThat(cpu1.waits()).isEqualTo("40@0xa0/1");
    dist.write64(IROUTER + 8 * 40, 2);
    assertThat(cpu1.waits()).as("nobody has this address").isNull();
    dist.write64(IROUTER + 8 * 40, 0x1_0000);
    assertThat(cpu0.waits()).isNull();
  }

  @Test
  void aLevelComesAgainUntilItIsGone() {
    open();
    enable(40, 0xa0, 0);
    drive(40, true);
    cpu0.acknowledge(40);
    assertThat(cpu0.waits()).isNull();
    assertThat(dist.read32(ISACTIVER + 4)).isEqualTo(1 << 8);
    cpu0.deactivate(40);
    assertThat(cpu0.waits()).isEqualTo("40@0xa0/1");
    cpu0.acknowledge(40);
    drive(40, false);
    cpu0.deactivate(40);
    assertThat(cpu0.waits()).isNull();
  }

  @Test
  void anEdgeComesOnce() {
    open();
    enable(40, 0xa0, 0);
    dist.write32(ICFGR + 8, 2 << 16);
    drive(40, true);
    drive(40, false);
    assertThat(cpu0.waits()).isEqualTo("40@0xa0/1");
    cpu0.acknowledge(40);
    cpu0.deactivate(40);
    assertThat(cpu0.waits()).isNull();
    dist.write32(ISPENDR + 4, 1 << 8);
    assertThat(cpu0.waits()).isEqualTo("40@0xa0/1");
    dist.write32(ICPENDR + 4, 1 << 8);
    assertThat(cpu0.waits()).isNull();
  }

  @Test
  void theMostUrgentIsToldAndOnlyChangesAre() {
    open();
    enable(50, 0x80, 0);
    enable(41, 0xa0, 0);
    enable(40, 0xa0, 0);
    int before = cpu0.changes();
    drive(41, true);
    drive(50, true);
    drive(40, true);
    assertThat(cpu0.waits()).isEqualTo("50@0x80/1");
    assertThat(cpu0.changes()).isEqualTo(before + 2);
    drive(50, false);
    assertThat(cpu0.waits()).isEqualTo("40@0xa0/1");
  }

  @Test
  void privateInterruptsAreEachCpusOwn() {
    open();
    redist1.write32(SGI + ISENABLER, 1 << 27);
    redist1.write8(SGI + IPRIORITYR + 27, 0x40);
    gic.drive("ppi[11]", true);
    assertThat(cpu0.waits()).isNull();
    gic.drive("ppi[27]", true);
    assertThat(cpu1.waits()).isEqualTo("27@0x40/1");
    assertThat(redist1.read32(SGI + ISPENDR)).isEqualTo(1 << 27);
  }

  @Test
  void onlyGroupsThatAreForwardedAndTakenCount() {
    open();
    enable(40, 0x20, 0);
    dist.write32(IGROUPR + 4, ~(1 << 8));
    enable(41, 0xa0, 0);
    drive(40, true);
    drive(41, true);
    assertThat(cpu0.waits()).isEqualTo("41@0xa0/1");
    dist.write32(CTLR, 0x13);
    assertThat(cpu0.waits()).as("the CPU takes no group 0").isEqualTo("41@0xa0/1");
    cpu0.accept(3);
    assertThat(cpu0.waits()).isEqualTo("40@0x20/0");
    assertThat(cpu0.groupOf(40)).isZero();
    assertThat(cpu0.groupOf(41)).isEqualTo(1);
  }

  private static InterruptPort.Message to(int members, int id) {
    return new InterruptPort.Message(id, 1, false, false, 0, 0, members);
  }

  @Test
  void cpusSendToEachOther() {
    open();
    redist0.write32(SGI + ISENABLER, 0xffff);
    redist1.write32(SGI + ISENABLER, 0xffff);
    cpu0.send(to(2, 5));
    assertThat(cpu0.waits()).isNull();
    assertThat(cpu1.waits()).isEqualTo("5@0x0/1");
    cpu1.acknowledge(5);
    cpu1.deactivate(5);
    cpu1.send(new InterruptPort.Message(6, 1, false, true, 0, 0, 0));
    assertThat(cpu0.waits()).as("all others").isEqualTo("6@0x0/1");
    assertThat(cpu1.waits()).isNull();
    cpu1.send(new InterruptPort.Message(7, 1, false, false, 0x100, 0, 3));
    assertThat(redist0.read32(SGI + ISPENDR)).as("another cluster").isEqualTo(1 << 6);
    cpu1.send(new InterruptPort.Message(7, 0, false, false, 0, 0, 3));
    assertThat(redist0.read32(SGI + ISPENDR)).as("another group").isEqualTo(1 << 6);
  }

  // Two worlds.

  @Test
  void theNonSecureWorldSeesItsGroupOnly() {
    DeviceProbe<Gic3> two =
        bench.plug(Gic3.of(new Gic3.Props(1, 96, true, false, false, true, 16, 0)));
    CpuHalf cpu = new CpuHalf(bench, two.device().cpu(0)).accept(7);
    RegionProbe normal = two.region("dist");
    RegionProbe secure = normal.as(0, true);
    RegionProbe redist = two.region("redist[0]");
    assertThat(secure.read32(CTLR)).isEqualTo(0x30);
    secure.write32(CTLR, 7);
    assertThat(secure.read32(CTLR)).isEqualTo(0x37);
    assertThat(normal.read32(CTLR)).isEqualTo(0x12);
    normal.write32(CTLR, 0);
    assertThat(secure.read32(CTLR)).isEqualTo(0x35);
    normal.write32(CTLR, 0x12);
    secure.write32(IGROUPR + 4, 1 << 8);
    secure.write32(IGRPMODR + 4, 1 << 9);
    secure.write32(ISENABLER + 4, 7 << 8);
    assertThat(normal.read32(ISENABLER + 4)).isEqualTo(1 << 8);
    assertThat(normal.read32(IGROUPR + 4)).isZero();
    normal.write8(IPRIORITYR + 40, 0x40);
    normal.write8(IPRIORITYR + 41, 0x40);
    assertThat(secure.read16(IPRIORITYR + 40)).isEqualTo(0x00a0);
    secure.write8(IPRIORITYR + 41, 0x50);
    secure.write8(IPRIORITYR + 42, 0x60);
    normal.write64(IROUTER + 8 * 41, 5);
    assertThat(secure.read64(IROUTER + 8 * 41)).isZero();
    two.drive("spi[8]", true);
    assertThat(cpu.waits()).isEqualTo("40@0xa0/1");
    two.drive("spi[10]", true);
    assertThat(cpu.waits()).isEqualTo("42@0x60/0");
    two.drive("spi[9]", true);
    assertThat(cpu.waits()).isEqualTo("41@0x50/2");
    assertThat(redist.read32(R_WAKER)).isZero();
    assertThat(redist.as(0, true).read32(R_WAKER)).isEqualTo(6);
    secure.write32(CTLR, 0x43);
    assertThat(normal.read32(CTLR)).as("one world from now on").isEqualTo(0x53);
    assertThat(cpu.waits()).as("no group of the secure world any more").isEqualTo("41@0x50/0");
  }

  @Test
  void theNonSecureWorldSendsToItsGroupOnly() {
    DeviceProbe<Gic3> two =
        bench.plug(Gic3.of(new Gic3.Props(1, 96, true, false, false, true, 16, 0)));
    RegionProbe redist = two.region("redist[0]").as(0, true);
    CpuHalf cpu = new CpuHalf(bench, two.device().cpu(0));
    redist.write32(SGI + IGROUPR, 2);
    cpu.send(new InterruptPort.Message(0, 0, false, false, 0, 0, 1));
    assertThat(redist.read32(SGI + ISPENDR)).isZero();
    cpu.send(new InterruptPort.Message(1, 1, false, false, 0, 0, 1));
    assertThat(redist.read32(SGI + ISPENDR)).isEqualTo(2);
    cpu.send(new InterruptPort.Message(0, 0, true, false, 0, 0, 1));
    assertThat(redist.read32(SGI + ISPENDR)).isEqualTo(3);
  }

  @Test
  void interruptsCanBeTheNonSecureWorldsFromTheStart() {
    DeviceProbe<Gic3> two =
        bench.plug(Gic3.of(new Gic3.Props(1, 96, true, false, true, true, 16, 0)));
    CpuHalf cpu = new CpuHalf(bench, two.device().cpu(0)).accept(7);
    two.reset();
    two.region("dist").write32(CTLR, 0x12);
    two.region("redist[0]").write32(SGI + ISENABLER, 1 << 27);
    two.region("redist[0]").write32(SGI + ISPENDR, 1 << 27);
    assertThat(cpu.waits()).isEqualTo("27@0x0/1");
  }

  // Messages.

  private LpiPort openMessages() {
    open();
    for (RegionProbe redist : List.of(redist0, redist1)) {
      long pending = PENDING + (redist == redist0 ? 0 : 0x1_0000);
      redist.write64(R_PROPBASER, TestBench.RAM + PROPERTIES | 13);
      redist.write64(R_PENDBASER, TestBench.RAM + pending | 1L << 62);
      redist.write32(R_CTLR, 1);
    }
    return gic.device().port("lpi", LpiPort.class);
  }

  private void configure(int id, int priority, boolean enabled) {
    ram.put(PROPERTIES + id - 8192, new byte[] {(byte) (priority | (enabled ? 1 : 0))});
  }

  private int pendingByte(int cpu, int id) {
    return ram.get(PENDING + cpu * 0x1_0000L + id / 8, 1)[0];
  }

  @Test
  void messagesAreConfiguredAndKeptInMemory() {
    LpiPort messages = openMessages();
    configure(8192, 0xa0, true);
    configure(8201, 0x40, true);
    bench.machine().locked(() -> messages.setPending(0, 8192, true));
    assertThat(cpu0.waits()).isEqualTo("8192@0xa0/1");
    bench.machine().locked(() -> messages.setPending(0, 8201, true));
    assertThat(cpu0.waits()).isEqualTo("8201@0x40/1");
    assertThat(pendingByte(0, 8201)).isEqualTo(2);
    cpu0.acknowledge(8201);
    assertThat(pendingByte(0, 8201)).isZero();
    assertThat(cpu0.waits()).isEqualTo("8192@0xa0/1");
    configure(8192, 0xa0, false);
    bench.machine().locked(() -> messages.invalidate(0));
    assertThat(cpu0.waits()).isNull();
    assertThat(pendingByte(0, 8192)).as("pending still").isEqualTo(1);
    bench.machine().locked(() -> messages.setPending(0, 16384, true));
    assertThat(pendingByte(0, 16384)).as("there are 16384 numbers").isZero();
    assertThat(redist0.read64(R_PENDBASER)).isEqualTo(TestBench.RAM + PENDING);
  }

  @Test
  void messagesMove() {
    LpiPort messages = openMessages();
    configure(8192, 0xa0, true);
    configure(8300, 0xa0, true);
    bench
        .machine()
        .locked(() -> {
          messages.setPending(0, 8192, true);
          messages.setPending(0, 8300, true);
          messages.move(0, 1, 8300);
        });
    assertThat(cpu1.waits()).isEqualTo("8300@0xa0/1");
    bench.machine().locked(() -> messages.moveAll(0, 1));
    assertThat(cpu0.waits()).isNull();
    assertThat(cpu1.waits()).isEqualTo("8192@0xa0/1");
    assertThat(pendingByte(0, 8300)).isZero();
  }

  @Test
  void whatIsPendingInMemoryIsFoundWhenMessagesAreEnabled() {
    configure(8200, 0x80, true);
    ram.put(PENDING + 1025, new byte[] {1});
    openMessages();
    assertThat(cpu0.waits()).isEqualTo("8200@0x80/1");
    redist0.write32(R_CTLR, 0);
    assertThat(cpu0.waits()).isNull();
  }

  @Test
  void tablesThatAreNotThereAreAnErrorOfTheGuest() {
    open();
    redist0.write64(R_PROPBASER, 0xdead_0000_0000L | 13);
    redist0.write64(R_PENDBASER, 0xdead_0000_0000L);
    redist0.write32(R_CTLR, 1);
    LpiPort messages = gic.device().port("lpi", LpiPort.class);
    bench.machine().locked(() -> messages.setPending(0, 8192, true));
    assertThat(cpu0.waits()).isNull();
    assertThat(bench.log()).anyMatch(l -> l.contains("tables of CPU 0"));
  }

  // The house.

  @Test
  void comesBackInTheMiddleOfAnInterrupt() {
    open();
    enable(40, 0xa0, 0);
    enable(41, 0x40, 0);
    drive(41, true);
    cpu0.acknowledge(41);
    drive(40, true);
    gic.saveAndRestore();
    assertThat(cpu0.waits()).isEqualTo("40@0xa0/1");
    cpu0.deactivate(41);
    assertThat(cpu0.waits()).isEqualTo("41@0x40/1");
    gic.reset();
    assertThat(cpu0.waits()).isNull();
  }

  @Test
  void survivesAnyGuest() {
    DeviceProbe<Gic3> full =
        bench.plug(Gic3.of(new Gic3.Props(3, 288, true, true, false, true, 2, 0)));
    new CpuHalf(bench, full.device().cpu(2)).accept(7);
    DeviceContract.checkSurvives(bench, full, 1, 5000);
  }

  @Test
  void cpusOfSeveralClustersHaveAddresses() {
    DeviceProbe<Gic3> three =
        bench.plug(Gic3.of(new Gic3.Props(3, 96, false, false, false, true, 2, 0)));
    assertThat(three.region("redist[2]").read64(R_TYPER) >>> 32).isEqualTo(0x100);
    var cpu = new CpuHalf(bench, three.device().cpu(2));
    cpu.send(new InterruptPort.Message(3, 0, false, false, 0x100, 0, 1));
    assertThat(three.region("redist[2]").read32(SGI + ISPENDR)).isEqualTo(8);
    assertThat(three.region("redist[0]").read32(SGI + ISPENDR)).isZero();
  }

  @Test
  void isDescribed() {
    DeviceProbe<Gic3> other =
        bench.plug(Gic3.of(new Gic3.Props(2, 288, false, true, false, true, 16, 0xf6_0000)));
    bench.machine().describe();
    HardwareNode node = other.device().node();
    assertThat(node.get("compatible")).isEqualTo(new HardwareNode.Strings(List.of("arm,gic-v3")));
    long dist = other.device().region("dist").absoluteAddress();
    long redist = other.device().region("redist[0]").absoluteAddress();
    assertThat(node.get("reg"))
        .isEqualTo(
            new HardwareNode.Ranges(
                List.of(
                    new HardwareNode.Range(dist, 0x1_0000),
                    new HardwareNode.Range(redist, 0xf6_0000))));
    assertThat(node.get("interrupts")).isInstanceOf(HardwareNode.Interrupts.class);
    var own = other.device().ppi(1, 11).specifier();
    assertThat(own).isNotNull();
    assertThat(own.cells()).containsExactly(1, 11, 4);
  }
}
