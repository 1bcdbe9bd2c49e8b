package dev.kasuari.hw.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.hw.virtio.Driver.Buffer;
import dev.kasuari.hw.virtio.Driver.Used;
import dev.kasuari.machine.Device;
import dev.kasuari.machine.backend.BlockBackend;
import dev.kasuari.testkit.IrqProbe;
import dev.kasuari.testkit.TestBench;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class VirtioBlkTest {
  private static final long FLUSH = 1 << 9;
  private static final long CONFIG_WCE = 1 << 11;
  private static final long DISCARD = 1 << 13;
  private static final long WRITE_ZEROES = 1 << 14;
  private static final long INDIRECT = 1 << 28;
  private static final long EVENT_IDX = 1 << 29;

  private final TestBench bench = new TestBench();
  private final MemoryDisk disk = new MemoryDisk(64 * 512);
  private final Driver driver = new Driver(bench, bench.plug(VirtioMmio.of(0)));
  private final IrqProbe irq = driver.regs.irq("irq");
  private final Buffer status = driver.in(1);

  @AfterEach
  void close() {
    bench.close();
  }

  private VirtioBlk plug(VirtioBlk blk) {
    return bench.machine().devices().add(blk, driver.regs.device().virtioBus());
  }

  private Driver.Queue start(long features) {
    plug(VirtioBlk.of(disk));
    assertThat(driver.negotiate(features)).isEqualTo(11);
    Driver.Queue queue = driver.queue(0, 16);
    driver.go();
    return queue;
  }

  private static VirtioBlk.Props props(
      BlockBackend disk, @Nullable String serial, int queues, int block) {
    return new VirtioBlk.Props(disk, serial, block, queues, 256);
  }

  private Buffer header(int type, long sector) {
    return driver.out(
        ByteBuffer.allocate(16)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(type)
            .putInt(0)
            .putLong(sector)
            .array());
  }

  private Buffer range(long sector, int count, int flags) {
    return driver.out(
        ByteBuffer.allocate(16)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(sector)
            .putInt(count)
            .putInt(flags)
            .array());
  }

  private byte[] content(Buffer buffer) {
    return driver.read(buffer.address(), buffer.length());
  }

  private int answer() {
    return content(status)[0];
  }

  private int perform(Driver.Queue queue, Buffer... buffers) {
    driver.write(status.address(), new byte[] {(byte) 0xee});
    queue.run(queue.chain(buffers));
    return answer();
  }

  @Test
  void theConfigurationDescribesTheDisk() {
    plug(VirtioBlkType.TYPE.create(props(disk, null, 3, 1024)));
    assertThat(driver.regs.read32(0x08)).isEqualTo(2);
    assertThat(driver.regs.read32(Driver.CONFIG)).isEqualTo(64);
    assertThat(driver.regs.read32(Driver.CONFIG + 4)).isZero();
    assertThat(driver.regs.read32(Driver.CONFIG + 12)).isEqualTo(254);
    assertThat(driver.regs.read32(Driver.CONFIG + 20)).isEqualTo(1024);
    assertThat(driver.regs.read8(Driver.CONFIG + 32)).isEqualTo(1);
    assertThat(driver.regs.read16(Driver.CONFIG + 34)).isEqualTo(3);
    assertThat(driver.regs.read32(Driver.CONFIG + 40)).isEqualTo(1);
    assertThat(driver.regs.read32(Driver.CONFIG + 0x200)).isZero();
  }

  @Test
  void reads() {
    Driver.Queue queue = start(0);
    Buffer one = driver.in(512);
    Buffer two = driver.in(1024);
    assertThat(perform(queue, header(0, 5), one, two, status)).isZero();
    assertThat(content(one)).containsOnly(6);
    assertThat(content(two)).startsWith(7).endsWith(8);
    assertThat(queue.used()).containsExactly(new Used(0, 1537));
    assertThat(irq).isHigh();
    assertThat(driver.regs.read32(Driver.INTERRUPT_STATUS)).isEqualTo(1);
    driver.regs.write32(Driver.INTERRUPT_ACK, 1);
    assertThat(irq).isLow();
  }

  @Test
  void bordersOfBuffersMeanNothing() {
    Driver.Queue queue = start(0);
    long room = driver.allocate(16 + 512 + 1);
    Buffer head = header(1, 2);
    driver.write(room, content(head));
    byte[] data = new byte[512];
    Arrays.fill(data, (byte) 0x77);
    driver.write(room + 16, data);
    assertThat(
            perform(
                queue,
                new Buffer(room, 7, false),
                new Buffer(room + 7, 300, false),
                new Buffer(room + 307, 221, false),
                status))
        .isZero();
    assertThat(Arrays.copyOfRange(disk.bytes, 1024, 1536)).containsOnly(0x77);
    Buffer all = driver.in(513);
    queue.run(queue.chain(header(0, 2), all));
    assertThat(content(all)).startsWith(0x77).endsWith(0);
  }

  @Test
  void writesThroughTheCacheUnlessTheDriverKnowsOfIt() {
    Driver.Queue queue = start(0);
    assertThat(perform(queue, header(1, 0), driver.out(new byte[512]), status)).isZero();
    assertThat(disk.log).containsExactly("write 0 through");
    driver.negotiate(FLUSH);
    queue = driver.queue(0, 16);
    driver.go();
    assertThat(perform(queue, header(1, 1), driver.out(new byte[512]), status)).isZero();
    assertThat(perform(queue, header(4, 0), status)).isZero();
    assertThat(disk.log).endsWith("write 512", "flush");
  }

  @Test
  void theDriverSwitchesTheCache() {
    Driver.Queue queue = start(FLUSH | CONFIG_WCE);
    driver.regs.write8(Driver.CONFIG + 32, 0);
    assertThat(driver.regs.read8(Driver.CONFIG + 32)).isZero();
    assertThat(perform(queue, header(1, 0), driver.out(new byte[512]), status)).isZero();
    assertThat(disk.log).containsExactly("write 0 through");
    driver.negotiate(FLUSH);
    driver.regs.write8(Driver.CONFIG + 32, 0);
    assertThat(driver.regs.read8(Driver.CONFIG + 32)).isEqualTo(1);
  }

  @Test
  void tellsItsSerialNumber() {
    plug(VirtioBlkType.TYPE.create(props(disk, "WD-0815", 1, 512)));
    driver.negotiate(0);
    Driver.Queue queue = driver.queue(0, 16);
    driver.go();
    Buffer id = driver.in(20);
    assertThat(perform(queue, header(8, 0), id, status)).isZero();
    assertThat(new String(content(id), StandardCharsets.US_ASCII))
        .isEqualTo("WD-0815" + "\0".repeat(13));
  }

  @Test
  void discardsAndZeroes() {
    Driver.Queue queue = start(DISCARD | WRITE_ZEROES);
    assertThat(perform(queue, header(11, 0), range(4, 8, 0), status)).isZero();
    assertThat(perform(queue, header(13, 0), range(4, 8, 1), status)).isZero();
    assertThat(perform(queue, header(13, 0), range(4, 8, 0), status)).isZero();
    assertThat(disk.log)
        .containsExactly("discard 2048 4096", "zero 2048 4096 unmap", "zero 2048 4096");
    assertThat(perform(queue, header(11, 0), range(4, 8, 1), status)).as("flag").isEqualTo(2);
    assertThat(perform(queue, header(11, 0), range(60, 8, 0), status)).as("end").isEqualTo(1);
    assertThat(perform(queue, header(11, 0), range(-1, 1, 0), status)).isEqualTo(1);
    assertThat(perform(queue, header(11, 0), range(0, -1, 0), status)).isEqualTo(1);
    assertThat(perform(queue, header(11, 0), range(0, 1, 0), range(1, 1, 0), status))
        .as("two ranges")
        .isEqualTo(2);
    disk.answer = BlockBackend.Status.NOT_SUPPORTED;
    assertThat(perform(queue, header(11, 0), range(0, 1, 0), status)).as("advice").isZero();
    assertThat(perform(queue, header(13, 0), range(0, 1, 0), status)).isEqualTo(2);
  }

  @Test
  void whatWasNotNegotiatedIsNotSupported() {
    Driver.Queue queue = start(0);
    assertThat(perform(queue, header(11, 0), range(0, 1, 0), status)).isEqualTo(2);
    assertThat(perform(queue, header(13, 0), range(0, 1, 0), status)).isEqualTo(2);
    assertThat(perform(queue, header(99, 0), status)).isEqualTo(2);
    assertThat(disk.log).isEmpty();
  }

  @Test
  void badRangesAndFailuresAreErrorsOfTheRequest() {
    Driver.Queue queue = start(0);
    assertThat(perform(queue, header(0, 64), driver.in(512), status)).isEqualTo(1);
    assertThat(perform(queue, header(0, 63), driver.in(1024), status)).isEqualTo(1);
    assertThat(perform(queue, header(0, -1), driver.in(512), status)).isEqualTo(1);
    assertThat(perform(queue, header(0, Long.MAX_VALUE), driver.in(512), status)).isEqualTo(1);
    assertThat(perform(queue, header(0, 0), driver.in(100), status)).isEqualTo(1);
    assertThat(disk.log).isEmpty();
    disk.answer = BlockBackend.Status.IO_ERROR;
    assertThat(perform(queue, header(0, 0), driver.in(512), status)).isEqualTo(1);
    disk.answer = BlockBackend.Status.OK;
    assertThat(perform(queue, header(0, 0), driver.in(512), status)).isZero();
  }

  @Test
  void aReadOnlyDiskSaysSoAndRefusesWrites() {
    disk.readOnly = true;
    Driver.Queue queue = start(0);
    assertThat(driver.offered() & (1 << 5)).isNotZero();
    assertThat(driver.offered() & (DISCARD | WRITE_ZEROES)).isZero();
    assertThat(perform(queue, header(1, 0), driver.out(new byte[512]), status)).isEqualTo(1);
    assertThat(perform(queue, header(0, 0), driver.in(512), status)).isZero();
    assertThat(disk.log).containsExactly("read 0");
  }

  @Test
  void indirectTables() {
    Driver.Queue queue = start(INDIRECT);
    Buffer data = driver.in(512);
    queue.run(queue.indirect(header(0, 9), data, status));
    assertThat(answer()).isZero();
    assertThat(content(data)).containsOnly(10);
  }

  @Test
  void requestsAreUnderWayTogetherAndEndInAnyOrder() {
    Driver.Queue queue = start(0);
    disk.hold = true;
    Buffer one = driver.in(512);
    Buffer two = driver.in(512);
    int first = queue.chain(header(0, 0), one, status);
    int second = queue.chain(header(0, 1), two, status);
    queue.offer(first);
    queue.offer(second);
    queue.kick();
    assertThat(disk.held).hasSize(2);
    assertThat(queue.used()).isEmpty();
    disk.release(1);
    queue.settle();
    assertThat(queue.used()).extracting(Used::id).containsExactly(second);
    disk.release(0);
    queue.settle();
    assertThat(queue.used()).extracting(Used::id).containsExactly(first);
  }

  @Test
  void twoQueuesAreServedEach() {
    plug(VirtioBlkType.TYPE.create(props(disk, null, 2, 512)));
    driver.negotiate(1 << 12);
    Driver.Queue zero = driver.queue(0, 16);
    Driver.Queue one = driver.queue(1, 8);
    driver.go();
    zero.run(zero.chain(header(0, 1), driver.in(512), status));
    one.run(one.chain(header(0, 2), driver.in(512), status));
    assertThat(zero.used()).hasSize(1);
    assertThat(one.used()).hasSize(1);
    assertThat(disk.log).containsExactly("read 512", "read 1024");
  }

  @Test
  void theEventIndexSaysWhenToInterrupt() {
    Driver.Queue queue = start(EVENT_IDX);
    queue.run(queue.chain(header(4, 0), status));
    assertThat(irq).isHigh();
    driver.regs.write32(Driver.INTERRUPT_ACK, 1);
    driver.write16(queue.available + 4 + 2L * queue.size, 3); // used_event
    queue.run(queue.chain(header(4, 0), status));
    queue.run(queue.chain(header(4, 0), status));
    assertThat(irq).isLow();
    queue.run(queue.chain(header(4, 0), status));
    assertThat(irq).isHigh();
    assertThat(driver.read16(queue.used + 4 + 8L * queue.size)).as("avail_event").isEqualTo(4);
  }

  @Test
  void theFlagSaysWhetherToInterrupt() {
    Driver.Queue queue = start(0);
    driver.write16(queue.available, 1);
    queue.run(queue.chain(header(4, 0), status));
    assertThat(irq).isLow();
    assertThat(queue.used()).hasSize(1);
    driver.write16(queue.available, 0);
    queue.run(queue.chain(header(4, 0), status));
    assertThat(irq).isHigh();
  }

  @Test
  void aResetForgetsWhatWasUnderWay() throws InterruptedException {
    Driver.Queue queue = start(0);
    disk.hold = true;
    Buffer data = driver.in(512);
    queue.offer(queue.chain(header(0, 0), data, status));
    queue.kick();
    var reset = new AtomicBoolean();
    var guest =
        Thread.ofPlatform()
            .start(() -> {
              driver.regs.write32(Driver.STATUS, 0);
              reset.set(true);
            });
    while (guest.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait(); // it waits for the host, which writes into the guest's memory
    }
    assertThat(reset).isFalse();
    disk.release(0);
    guest.join();
    queue.settle();
    assertThat(driver.regs.read32(Driver.STATUS)).isZero();
    assertThat(driver.regs.read32(Driver.QUEUE_READY)).isZero();
    assertThat(queue.used()).isEmpty();
    assertThat(answer()).as("status byte").isEqualTo((byte) 0xee);
    assertThat(irq).isLow();
    disk.hold = false;
    driver.negotiate(0);
    Driver.Queue fresh = driver.queue(0, 16);
    driver.go();
    assertThat(perform(fresh, header(0, 0), driver.in(512), status)).isZero();
  }

  @Test
  void whatWasUnderWayIsDoneAgainAfterARestore() {
    Driver.Queue queue = start(0);
    disk.hold = true;
    Buffer data = driver.in(512);
    queue.offer(queue.chain(header(0, 7), data, status));
    queue.kick();
    var saved = bench.machine().devices().save();
    disk.release(0);
    queue.settle();
    assertThat(queue.used()).hasSize(1);
    driver.write(data.address(), new byte[512]);
    driver.write(queue.used + 2, new byte[2]); // memory as it was when the state was saved
    queue.seen = 0;
    disk.hold = false;
    bench.machine().devices().restore(saved);
    queue.settle();
    queue.settle();
    assertThat(queue.used()).containsExactly(new Used(0, 513));
    assertThat(content(data)).containsOnly(8);
    assertThat(disk.log).containsExactly("read 3584", "read 3584");
  }

  @Test
  void stateComesBackWhileTheDriverDrives() {
    Driver.Queue queue = start(FLUSH);
    assertThat(perform(queue, header(0, 0), driver.in(512), status)).isZero();
    driver.regs.saveAndRestore();
    assertThat(irq).isHigh();
    assertThat(driver.regs.read32(Driver.STATUS)).isEqualTo(15);
    assertThat(perform(queue, header(0, 1), driver.in(512), status)).isZero();
    assertThat(queue.used()).hasSize(2);
  }

  @Test
  void aChangeOfSizeIsAChangeOfTheConfiguration() {
    Driver.Queue queue = start(0);
    int before = driver.regs.read32(0xfc);
    disk.resize(1024);
    queue.settle();
    assertThat(driver.regs.read32(Driver.CONFIG)).isEqualTo(2);
    assertThat(driver.regs.read32(0xfc)).isNotEqualTo(before);
    assertThat(driver.regs.read32(Driver.INTERRUPT_STATUS)).isEqualTo(2);
    assertThat(perform(queue, header(0, 2), driver.in(512), status)).isEqualTo(1);
  }

  @Test
  void propertiesThatDoNotFitAreRefused() {
    assertThatThrownBy(() -> plug(VirtioBlkType.TYPE.create(props(disk, "x".repeat(21), 1, 512))))
        .hasMessageContaining("longer than 20 bytes");
    assertThatThrownBy(() -> plug(VirtioBlkType.TYPE.create(props(disk, null, 1, 1000))))
        .hasMessageContaining("not a power of two");
  }

  @Test
  void aSlotHoldsOneDevice() {
    plug(VirtioBlk.of(disk));
    assertThatThrownBy(() -> plug(VirtioBlk.of(disk))).hasMessageContaining("room for one device");
    Device<?, ?> first = bench.machine().devices().find("virtio-blk-device");
    bench.machine().devices().remove(first);
    assertThat(driver.regs.read32(0x08)).isZero();
    plug(VirtioBlk.of(disk));
    assertThat(driver.regs.read32(0x08)).isEqualTo(2);
  }

  @Test
  void aFailureCanStopTheMachineUntilItGoesOn() {
    plug(VirtioBlk.of(disk));
    bench.machine().resume(); // which begins with a reset
    assertThat(driver.negotiate(FLUSH)).isEqualTo(11);
    Driver.Queue queue = driver.queue(0, 16);
    driver.go();
    disk.onError = BlockBackend.ErrorAction.STOP;
    disk.answer = BlockBackend.Status.IO_ERROR;
    byte[] data = new byte[512];
    Arrays.fill(data, (byte) 0x66);
    driver.write(status.address(), new byte[] {(byte) 0xee});
    queue.run(queue.chain(header(1, 7), driver.out(data), status));
    bench.machine().pause();
    assertThat(queue.used()).isEmpty();
    assertThat(answer()).isEqualTo((byte) 0xee);
    disk.answer = BlockBackend.Status.OK;
    bench.machine().resume();
    queue.settle();
    queue.settle();
    assertThat(queue.used()).hasSize(1);
    assertThat(answer()).isZero();
    assertThat(Arrays.copyOfRange(disk.bytes, 7 * 512, 8 * 512)).containsOnly(0x66);
    disk.onError = BlockBackend.ErrorAction.IGNORE;
    disk.answer = BlockBackend.Status.NO_SPACE;
    assertThat(perform(queue, header(1, 7), driver.out(data), status)).isZero();
  }
}
