package dev.kasuari.hw.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.hw.virtio.Driver.Buffer;
import dev.kasuari.hw.virtio.Driver.Used;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.testkit.DeviceContract;
import dev.kasuari.testkit.IrqProbe;
import dev.kasuari.testkit.TestBench;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The transport and the rings, with an entropy device behind them. */
@Tag("fast")
class VirtioMmioTest {
  private static final long INDIRECT = 1 << 28;
  private static final int NEEDS_RESET = 64;

  private final TestBench bench = new TestBench();
  private final Driver driver = new Driver(bench, bench.plug(VirtioMmio.of(3)));
  private final IrqProbe irq = driver.regs.irq("irq");

  @AfterEach
  void close() {
    bench.close();
  }

  private void plug(VirtioRng rng) {
    bench.machine().devices().add(rng, driver.regs.device().virtioBus());
  }

  private Driver.Queue start(long features) {
    plug(VirtioRng.of());
    assertThat(driver.negotiate(features)).isEqualTo(11);
    Driver.Queue queue = driver.queue(0, 8);
    driver.go();
    return queue;
  }

  private byte[] content(Buffer buffer) {
    return driver.read(buffer.address(), buffer.length());
  }

  @Test
  void anEmptySlotHasNoDevice() {
    assertThat(driver.regs.read32(0)).isEqualTo(0x7472_6976);
    assertThat(driver.regs.read32(4)).isEqualTo(2);
    assertThat(driver.regs.read32(8)).isZero();
    driver.regs.write32(Driver.STATUS, 15);
    driver.regs.write32(Driver.QUEUE_NOTIFY, 0);
    assertThat(driver.regs.read32(Driver.STATUS)).isZero();
    assertThat(driver.regs.read32(Driver.QUEUE_NUM_MAX)).isZero();
    assertThat(driver.regs.read32(Driver.CONFIG)).isZero();
    assertThat(driver.regs.device().virtioBus().name()).isEqualTo("virtio-mmio-bus.3");
    DeviceContract.checkResetValues(driver.regs);
  }

  @Test
  void itIsDescribed() {
    HardwareNode soc = bench.machine().describe().children().getFirst();
    assertThat(soc.children().getFirst().fullName()).startsWith("virtio_mmio@");
  }

  @Test
  void fillsBuffersWithRandomBytes() {
    Driver.Queue queue = start(0);
    Buffer one = driver.in(64);
    queue.run(queue.chain(one));
    assertThat(queue.used()).containsExactly(new Used(0, 64));
    assertThat(content(one)).isNotEqualTo(new byte[64]);
    Buffer two = driver.in(64);
    queue.run(queue.chain(two));
    assertThat(content(two)).isNotEqualTo(content(one));
  }

  @Test
  void ringsWrapAround() {
    Driver.Queue queue = start(0);
    for (int i = 0; i < 70_000; i++) {
      queue.offer(queue.chain(new Buffer(0x8008_0000L, 4, true)));
      queue.kick();
    }
    assertThat(driver.read16(queue.used + 2)).isEqualTo(70_000 & 0xffff);
  }

  @Test
  void aLimitLetsRequestsWaitForTheNextPeriod() {
    plug(VirtioRngType.TYPE.create(new VirtioRng.Props(100, 10, true, true)));
    driver.negotiate(0);
    Driver.Queue queue = driver.queue(0, 8);
    driver.go();
    queue.run(queue.chain(driver.in(64)));
    queue.run(queue.chain(driver.in(64)));
    queue.run(queue.chain(driver.in(64)));
    assertThat(queue.used()).containsExactly(new Used(0, 64), new Used(1, 36));
    bench.clock().advance(9_999_999);
    queue.settle();
    assertThat(queue.used()).isEmpty();
    bench.clock().advance(1);
    queue.settle();
    assertThat(queue.used()).containsExactly(new Used(2, 64));
  }

  @Test
  void aDriverOfTheLegacyInterfaceIsNotAccepted() {
    plug(VirtioRng.of());
    driver.regs.write32(Driver.STATUS, 3);
    driver.regs.write32(Driver.STATUS, 11);
    assertThat(driver.regs.read32(Driver.STATUS)).isEqualTo(3);
    driver.regs.write32(Driver.STATUS, 7);
    assertThat(driver.regs.read32(Driver.STATUS)).isEqualTo(3);
  }

  @Test
  void featuresAreThoseOfferedAndFixedOnceAgreedOn() {
    plug(VirtioRng.of());
    assertThat(driver.offered()).isEqualTo(1L << 32 | 1 << 28 | 1 << 29);
    assertThat(driver.negotiate(1L << 40 | 1)).isEqualTo(11);
    assertThat(bench.log()).anyMatch(l -> l.contains("not offered"));
    driver.accept(0);
    assertThat(bench.log()).anyMatch(l -> l.contains("after they were agreed on"));
    driver.regs.write32(0x14, 2);
    assertThat(driver.regs.read32(0x10)).isZero();
  }

  @Test
  void onlyTheDeviceSaysThatItNeedsAReset() {
    start(0);
    driver.regs.write32(Driver.STATUS, 0x40 | 15);
    assertThat(driver.regs.read32(Driver.STATUS)).isEqualTo(15);
  }

  @Test
  void aQueueIsSetUpWithinItsLimits() {
    plug(VirtioRng.of());
    driver.negotiate(0);
    driver.regs.write32(Driver.QUEUE_SEL, 0);
    assertThat(driver.regs.read32(Driver.QUEUE_NUM_MAX)).isEqualTo(8);
    for (int wrong : new int[] {0, 3, 16, -1, 0x10008}) {
      driver.regs.write32(Driver.QUEUE_NUM, wrong);
    }
    assertThat(bench.log()).hasSize(5);
    Driver.Queue queue = driver.queue(0, 4);
    driver.regs.write32(0x80, 0);
    assertThat(driver.regs.read32(0x80)).isEqualTo((int) queue.descriptors);
    driver.regs.write32(Driver.QUEUE_SEL, 1);
    assertThat(driver.regs.read32(Driver.QUEUE_NUM_MAX)).isZero();
    driver.regs.write32(Driver.QUEUE_READY, 1);
    assertThat(driver.regs.read32(Driver.QUEUE_READY)).isZero();
    driver.regs.write32(Driver.QUEUE_SEL, -1);
    assertThat(driver.regs.read32(Driver.QUEUE_READY)).isZero();
  }

  @Test
  void nothingIsTakenBeforeTheDriverDrives() {
    plug(VirtioRng.of());
    driver.negotiate(0);
    Driver.Queue queue = driver.queue(0, 8);
    queue.run(queue.chain(driver.in(8)));
    assertThat(queue.used()).isEmpty();
    driver.go();
    queue.settle();
    assertThat(queue.used()).hasSize(1);
    driver.regs.write32(Driver.QUEUE_NOTIFY, 9);
    assertThat(driver.regs.read32(Driver.STATUS)).isEqualTo(15);
  }

  // What a ring may not hold.

  private void breaks(long features, Consumer<Driver.Queue> evil, String message) {
    Driver.Queue queue = start(features);
    evil.accept(queue);
    queue.kick();
    queue.settle();
    assertThat(driver.regs.read32(Driver.STATUS)).isEqualTo(15 | NEEDS_RESET);
    assertThat(driver.regs.read32(Driver.INTERRUPT_STATUS) & 2).isEqualTo(2);
    assertThat(irq).isHigh();
    assertThat(bench.log()).anyMatch(l -> l.contains(message));
    queue.run(queue.chain(driver.in(8)));
    assertThat(queue.used()).as("a broken device does nothing").isEmpty();
    assertThat(driver.negotiate(0)).as("until it is reset").isEqualTo(11);
    Driver.Queue fresh = driver.queue(0, 8);
    driver.go();
    fresh.run(fresh.chain(driver.in(8)));
    assertThat(fresh.used()).hasSize(1);
  }

  @Test
  void loops() {
    breaks(
        0,
        q -> {
          q.descriptor(q.descriptors, 0, 0x8000_0000L, 1, 3, 1);
          q.descriptor(q.descriptors, 1, 0x8000_0000L, 1, 3, 0);
          q.offer(0);
        },
        "no end");
  }

  @Test
  void headsOutsideTheTable() {
    breaks(0, q -> q.offer(8), "descriptor 8 of 8");
  }

  @Test
  void nextOutsideTheTable() {
    breaks(
        0,
        q -> {
          q.descriptor(q.descriptors, 0, 0x8000_0000L, 1, 3, 0xffff);
          q.offer(0);
        },
        "descriptor 65535 of 8");
  }

  @Test
  void buffersOfNoBytes() {
    breaks(
        0,
        q -> {
          q.descriptor(q.descriptors, 0, 0x8000_0000L, 0, 2, 0);
          q.offer(0);
        },
        "no bytes");
  }

  @Test
  void buffersBeyondTheEndOfAddresses() {
    breaks(
        0,
        q -> {
          q.descriptor(q.descriptors, 0, -8, 16, 2, 0);
          q.offer(0);
        },
        "end of addresses");
  }

  @Test
  void buffersWithoutMemory() {
    breaks(
        0,
        q -> {
          q.descriptor(q.descriptors, 0, 0x7000_0000L, 16, 2, 0);
          q.offer(0);
        },
        "DECODE_ERROR");
  }

  @Test
  void readableBehindWritable() {
    breaks(
        0,
        q -> {
          q.descriptor(q.descriptors, 0, 0x8000_0000L, 16, 3, 1);
          q.descriptor(q.descriptors, 1, 0x8000_0000L, 16, 0, 0);
          q.offer(0);
        },
        "behind a writable one");
  }

  @Test
  void indirectWithoutNegotiation() {
    breaks(0, q -> q.offer(q.indirect(driver.in(8))), "not negotiated");
  }

  @Test
  void indirectInIndirect() {
    breaks(
        INDIRECT,
        q -> {
          long table = driver.allocate(32);
          q.descriptor(table, 0, table, 32, 4, 0);
          q.descriptor(q.descriptors, 0, table, 32, 4, 0);
          q.offer(0);
        },
        "inside a chain");
  }

  @Test
  void indirectTablesOfOddLength() {
    breaks(
        INDIRECT,
        q -> {
          q.descriptor(q.descriptors, 0, 0x8000_0000L, 17, 4, 0);
          q.offer(0);
        },
        "table of 17 bytes");
  }

  @Test
  void tooMuchInOneChain() {
    breaks(
        INDIRECT,
        q -> {
          long table = driver.allocate(32);
          q.descriptor(table, 0, 0x8000_0000L, -1, 3, 1);
          q.descriptor(table, 1, 0x8000_0000L, -1, 2, 0);
          q.descriptor(q.descriptors, 0, table, 32, 4, 0);
          q.offer(0);
        },
        "more than 4 GiB");
  }

  @Test
  void anIndexTooFarAhead() {
    breaks(0, q -> driver.write16(q.available + 2, 9), "9 ahead in a queue of 8");
  }

  @Test
  void ringsWithoutMemory() {
    plug(VirtioRng.of());
    driver.negotiate(0);
    driver.queue(0, 8);
    driver.regs.write32(Driver.QUEUE_READY, 0);
    driver.regs.write32(0x94, 0x1234);
    driver.regs.write32(Driver.QUEUE_READY, 1);
    driver.go();
    assertThat(driver.regs.read32(Driver.STATUS)).isEqualTo(15 | NEEDS_RESET);
  }

  @Test
  void ringsInItsOwnRegisters() {
    plug(VirtioRng.of());
    driver.negotiate(0);
    Driver.Queue queue = driver.queue(0, 8);
    driver.regs.write32(Driver.QUEUE_READY, 0);
    driver.regs.write32(0xa0, (int) driver.regs.address() + Driver.QUEUE_NOTIFY - 4);
    driver.regs.write32(0xa4, 0);
    driver.regs.write32(Driver.QUEUE_READY, 1);
    queue.offer(queue.chain(driver.in(8)));
    driver.go();
    queue.kick();
    queue.settle();
    assertThat(driver.regs.read32(Driver.STATUS) & NEEDS_RESET).isNotZero();
  }

  /** Whatever the memory of the rings is, nothing is thrown and everything ends. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void anyMemoryInTheRings(long seed) {
    var random = new SplittableRandom(seed);
    var disk = new MemoryDisk(64 * 512);
    bench.machine().devices().add(VirtioBlk.of(disk), driver.regs.device().virtioBus());
    for (int round = 0; round < 150; round++) {
      driver.negotiate(random.nextLong());
      long rings = 0x8000_0000L + random.nextInt(4) * 64L;
      regsQueue(1 << random.nextInt(2, 6), rings, random);
      driver.go();
      for (int i = 0; i < 8; i++) {
        scribble(random, rings);
        driver.regs.write32(Driver.QUEUE_NOTIFY, 0);
      }
      assertThat(bench.machine().failure()).as("seed %d, round %d", seed, round).isNull();
    }
    for (Runnable held : List.copyOf(disk.held)) {
      held.run();
    }
    settle();
    assertThat(bench.machine().failure()).as("seed %d", seed).isNull();
  }

  private void settle() {
    try {
      bench.awaitPosts();
      bench.awaitPosts();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void regsQueue(int size, long rings, SplittableRandom random) {
    driver.regs.write32(Driver.QUEUE_SEL, 0);
    driver.regs.write32(Driver.QUEUE_NUM, size);
    long[] at = {rings, rings + 16L * size, rings + 32L * size};
    for (int i = 0; i < 3; i++) {
      long address = random.nextInt(8) == 0 ? random.nextLong() : at[i];
      driver.regs.write32(0x80 + 0x10 * i, (int) address);
      driver.regs.write32(0x84 + 0x10 * i, (int) (address >>> 32));
    }
    driver.regs.write32(Driver.QUEUE_READY, 1);
  }

  /** Bytes that look a little like rings, so that not all is refused at once. */
  private void scribble(SplittableRandom random, long at) {
    byte[] bytes = new byte[2048];
    random.nextBytes(bytes);
    var view = java.nio.ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    for (int d = 0; d + 16 <= bytes.length; d += 16) {
      int kind = random.nextInt(8);
      if (kind > 0) {
        view.putLong(d, 0x8000_0000L + random.nextInt(1 << 16));
        view.putInt(d + 8, random.nextInt(1, 1 << random.nextInt(1, 12)));
        view.putShort(d + 12, (short) random.nextInt(8));
        view.putShort(d + 14, (short) random.nextInt(40));
      }
    }
    driver.write(at, bytes);
    driver.write16(0x8000_0000L + random.nextInt(2048), random.nextInt(4));
    if (random.nextInt(4) != 0) {
      for (int size = 4; size <= 32; size *= 2) {
        driver.write16(at + 16L * size + 2, random.nextInt(size + 1));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13})
  void anyAccessesToTheRegisters(long seed) {
    plug(VirtioRng.of());
    DeviceContract.checkSurvives(bench, driver.regs, seed, 4000);
    assertThat(bench.machine().failure()).as("seed %d", seed).isNull();
  }
}
