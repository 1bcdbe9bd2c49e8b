package dev.kasuari.hw.intc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.BusResult;
import dev.kasuari.machine.memory.DmaFault;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.testkit.DeviceProbe;
import dev.kasuari.testkit.RegionProbe;
import dev.kasuari.testkit.TestBench;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class Gic3ItsTest {
  private static final long ITS = 0x2000_0000;
  private static final long CTLR = 0x0000;
  private static final long TYPER = 0x0008;
  private static final long CBASER = 0x0080;
  private static final long CWRITER = 0x0088;
  private static final long CREADR = 0x0090;
  private static final long DEVICES = 0x0100;
  private static final long COLLECTIONS = 0x0108;

  private static final long VALID = 1L << 63;
  private static final long INDIRECT = 1L << 62;

  // Offsets in memory.
  private static final int PROPERTIES = 0x1000;
  private static final int PENDING = 0x1_0000; // of each CPU, 64 KiB
  private static final int QUEUE = 0x4_0000;
  private static final int DEVICE_TABLE = 0x5_0000;
  private static final int COLLECTION_TABLE = 0x6_0000;
  private static final int EVENTS = 0x7_0000;

  private final TestBench bench = new TestBench();
  private final RamBlock ram = bench.withRam(0x10_0000);
  private final DeviceProbe<Gic3> gic = bench.plug(Gic3.of(2, 64));
  private final Gic3Its its = gic.device().frames().map(ITS, Gic3Its.of()).device();
  private final CpuHalf cpu0 = new CpuHalf(bench, gic.device().cpu(0)).accept(2);
  private final CpuHalf cpu1 = new CpuHalf(bench, gic.device().cpu(1)).accept(2);
  private final BusAccess access = new BusAccess().from(0, false, true);
  private int next;

  @AfterEach
  void close() {
    bench.close();
  }

  @BeforeEach
  void open() {
    its.connect(gic.device().port("lpi", LpiPort.class));
    gic.region("dist").write32(0, 0x12);
    for (int i = 0; i < 2; i++) {
      RegionProbe redist = gic.region("redist[" + i + "]");
      redist.write64(0x70, TestBench.RAM + PROPERTIES | 13);
      redist.write64(0x78, TestBench.RAM + PENDING + i * 0x1_0000L);
      redist.write32(0, 1);
    }
    byte[] all = new byte[8192];
    java.util.Arrays.fill(all, (byte) 0xa1);
    ram.put(PROPERTIES, all);
    write(DEVICES, 8, VALID | TestBench.RAM + DEVICE_TABLE);
    write(COLLECTIONS, 8, VALID | TestBench.RAM + COLLECTION_TABLE);
    write(CBASER, 8, VALID | TestBench.RAM + QUEUE);
    write(CTLR, 4, 1);
  }

  private void write(long offset, int size, long value) {
    BusResult result = bench.machine().memory().access(access.asWrite(ITS + offset, size, value));
    assertThat(result).isEqualTo(BusResult.OK);
  }

  private long read(long offset, int size) {
    bench.machine().memory().access(access.asRead(ITS + offset, size));
    return access.value();
  }

  private void command(long... words) {
    var bytes = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 4; i++) {
      bytes.putLong(i < words.length ? words[i] : 0);
    }
    ram.put(QUEUE + next, bytes.array());
    next = (next + 32) % 4096;
    write(CWRITER, 8, next);
    assertThat(read(CREADR, 8)).isEqualTo(next);
  }

  private void mapDevice(long device, int bits) {
    command(0x08 | device << 32, bits - 1, VALID | TestBench.RAM + EVENTS);
  }

  private void mapCollection(int collection, long cpu) {
    command(0x09, 0, VALID | cpu << 16 | collection);
  }

  private void mapEvent(long device, int event, long interrupt, int collection) {
    command(0x0a | device << 32, event | interrupt << 32, collection);
  }

  private void message(int device, int event) {
    try {
      bench.machine().memory().dma(device).write32(ITS + 0x1_0040, event);
    } catch (DmaFault e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void saysWhatItIs() {
    assertThat(read(TYPER, 8)).isEqualTo(0x1_ef71L);
    assertThat(read(0xffe8, 4) & 0xf0).isEqualTo(0x30);
    assertThat(read(DEVICES, 8) >>> 48 & 0x71f).as("devices, 8 bytes").isEqualTo(0x107);
    assertThat(read(COLLECTIONS, 8) >>> 48 & 0x71f).as("collections").isEqualTo(0x407);
    assertThat(read(0x110, 8)).isZero();
    assertThat(read(CTLR, 4)).isEqualTo(1);
    write(CTLR, 4, 0);
    assertThat(read(CTLR, 4)).as("quiescent").isEqualTo(0x8000_0000L);
  }

  @Test
  void translatesMessages() {
    mapDevice(0x10, 5);
    mapCollection(3, 1);
    mapEvent(0x10, 7, 8200, 3);
    message(0x10, 7);
    assertThat(cpu0.waits()).isNull();
    assertThat(cpu1.waits()).isEqualTo("8200@0xa0/1");
    cpu1.acknowledge(8200);
    assertThat(cpu1.waits()).isNull();
    message(0x11, 7);
    message(0x10, 8);
    message(0x10, 32);
    assertThat(cpu1.waits()).as("not mapped").isNull();
    assertThat(bench.log()).filteredOn(l -> l.contains("not mapped")).hasSize(3);
  }

  @Test
  void eventsCanBeTheirInterrupts() {
    mapDevice(1, 16);
    mapCollection(0, 0);
    command(0x0b | 1L << 32, 8193, 0);
    message(1, 8193);
    assertThat(cpu0.waits()).isEqualTo("8193@0xa0/1");
  }

  @Test
  void commandsRaiseAndTakeBack() {
    mapDevice(1, 2);
    mapCollection(0, 0);
    mapEvent(1, 0, 8192, 0);
    command(0x03 | 1L << 32, 0);
    assertThat(cpu0.waits()).isEqualTo("8192@0xa0/1");
    command(0x04 | 1L << 32, 0);
    assertThat(cpu0.waits()).isNull();
    command(0x03 | 1L << 32, 0);
    command(0x0f | 1L << 32, 0);
    assertThat(cpu0.waits()).isNull();
    message(1, 0);
    assertThat(cpu0.waits()).as("discarded").isNull();
    command(0x05, 0, 0);
  }

  @Test
  void interruptsMoveToOtherCpus() {
    mapDevice(1, 2);
    mapCollection(0, 0);
    mapCollection(1, 1);
    mapEvent(1, 0, 8192, 0);
    mapEvent(1, 1, 8193, 0);
    message(1, 0);
    command(0x01 | 1L << 32, 0, 1);
    assertThat(cpu0.waits()).isNull();
    assertThat(cpu1.waits()).isEqualTo("8192@0xa0/1");
    cpu1.acknowledge(8192);
    message(1, 0);
    assertThat(cpu1.waits()).isEqualTo("8192@0xa0/1");
    message(1, 1);
    assertThat(cpu0.waits()).isEqualTo("8193@0xa0/1");
    command(0x0e, 0, 1L << 16, 0);
    assertThat(cpu0.waits()).isEqualTo("8192@0xa0/1");
    assertThat(cpu1.waits()).isNull();
  }

  @Test
  void configurationIsReadAgain() {
    mapDevice(1, 2);
    mapCollection(0, 0);
    mapEvent(1, 0, 8192, 0);
    message(1, 0);
    ram.put(PROPERTIES, new byte[] {0x20});
    assertThat(cpu0.waits()).isEqualTo("8192@0xa0/1");
    command(0x0c | 1L << 32, 0);
    assertThat(cpu0.waits()).isNull();
    ram.put(PROPERTIES, new byte[] {0x21});
    command(0x0d, 0, 0);
    assertThat(cpu0.waits()).isEqualTo("8192@0x20/1");
  }

  @Test
  void whatWasTakenAwayIsNotMapped() {
    mapDevice(1, 2);
    mapCollection(0, 0);
    mapEvent(1, 0, 8192, 0);
    command(0x09, 0, 0);
    message(1, 0);
    assertThat(cpu0.waits()).isNull();
    mapCollection(0, 0);
    command(0x08 | 1L << 32, 0, 0);
    message(1, 0);
    assertThat(cpu0.waits()).isNull();
  }

  @Test
  void tablesCanHaveTwoLevels() {
    write(CTLR, 4, 0);
    write(DEVICES, 8, VALID | INDIRECT | TestBench.RAM + DEVICE_TABLE);
    write(CTLR, 4, 1);
    mapDevice(0x201, 2);
    assertThat(bench.log()).anyMatch(l -> l.contains("no place"));
    var entry = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    entry.putLong(VALID | TestBench.RAM + 0x8_0000);
    ram.put(DEVICE_TABLE + 8, entry.array());
    mapDevice(0x201, 2);
    mapCollection(0, 0);
    mapEvent(0x201, 1, 8199, 0);
    message(0x201, 1);
    assertThat(cpu0.waits()).isEqualTo("8199@0xa0/1");
    assertThat(ram.get(0x8_0008, 8)).isNotEqualTo(new byte[8]);
  }

  @Test
  void theQueueGoesRound() {
    mapDevice(1, 2);
    mapCollection(0, 0);
    mapEvent(1, 0, 8192, 0);
    for (int i = 0; i < 300; i++) {
      command(0x03 | 1L << 32, 0);
      assertThat(cpu0.waits()).isEqualTo("8192@0xa0/1");
      cpu0.acknowledge(8192);
    }
    write(CWRITER, 8, 0x8000);
    assertThat(read(CREADR, 8)).as("behind the queue").isNotEqualTo(0x8000);
  }

  @Test
  void badCommandsArePassedOver() {
    command(0x77);
    mapEvent(1, 0, 8192, 0);
    mapDevice(0x1_0000, 2);
    mapDevice(2, 20);
    mapDevice(1, 2);
    mapEvent(1, 0, 40, 0);
    mapEvent(1, 4, 8192, 0);
    command(0x01 | 1L << 32, 0, 1);
    command(0x0e, 0, 9L << 16, 0);
    mapCollection(0, 9);
    mapEvent(1, 0, 8192, 0);
    message(1, 0);
    assertThat(cpu0.waits()).isNull();
    assertThat(bench.machine().failure()).isNull();
  }

  @Test
  void nothingHappensWhileItIsOff() {
    write(CTLR, 4, 0);
    ram.put(QUEUE, new byte[] {9});
    write(CWRITER, 8, 32);
    assertThat(read(CREADR, 8)).isZero();
    message(1, 0);
    assertThat(bench.log()).isEmpty();
    write(CTLR, 4, 1);
    assertThat(read(CREADR, 8)).isEqualTo(32);
  }

  @Test
  void survivesAnyGuest() {
    long seed = 3;
    var random = new SplittableRandom(seed);
    for (int i = 0; i < 5000; i++) {
      int size = 1 << random.nextInt(4);
      long offset = random.nextInt(4) == 0 ? random.nextInt(0x2_0000) : random.nextInt(0x140);
      long value = random.nextLong() >>> random.nextInt(64);
      bench
          .machine()
          .memory()
          .access(access.asWrite(ITS + (offset & -size), size, value & (-1L >>> (64 - 8 * size))));
      if (random.nextInt(8) == 0) {
        write(CBASER, 8, VALID | TestBench.RAM + QUEUE);
        ram.put(QUEUE + random.nextInt(128) * 32, new byte[] {(byte) random.nextInt(16)});
        write(CTLR, 4, random.nextInt(2));
      }
    }
    assertThat(bench.machine().failure()).as("seed " + seed).isNull();
  }

  @Test
  void comesBackWithItsTables() {
    mapDevice(1, 2);
    mapCollection(0, 0);
    mapEvent(1, 0, 8192, 0);
    gic.saveAndRestore();
    message(1, 0);
    assertThat(cpu0.waits()).isEqualTo("8192@0xa0/1");
  }

  @Test
  void isDescribedInItsController() {
    bench.machine().describe();
    assertThat(gic.device().node().children())
        .extracting(HardwareNode::fullName)
        .containsExactly("its@20000000");
    HardwareNode node = its.node();
    assertThat(node.properties())
        .containsOnlyKeys("compatible", "reg", "msi-controller", "#msi-cells");
  }
}
