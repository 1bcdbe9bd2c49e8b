package dev.kasuari.hw.nvram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.hw.virtio.MemoryDisk;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.testkit.DeviceContract;
import dev.kasuari.testkit.DeviceProbe;
import dev.kasuari.testkit.TestBench;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Commands go to both chips at once, as software does it on a 32-bit bus of 16-bit chips. */
@Tag("fast")
class CfiFlashTest {
  private static final int BLOCK = 0x4000;
  private static final int BLOCKS = 4;

  private static final int PROGRAM = 0x0040_0040;
  private static final int ERASE = 0x0020_0020;
  private static final int CLEAR = 0x0050_0050;
  private static final int LOCK = 0x0060_0060;
  private static final int STATUS = 0x0070_0070;
  private static final int ID = 0x0090_0090;
  private static final int QUERY = 0x0098_0098;
  private static final int CONFIRM = 0x00d0_00d0;
  private static final int BUFFER = 0x00e8_00e8;
  private static final int ARRAY = 0x00ff_00ff;
  private static final int READY = 0x0080_0080;

  private final TestBench bench = new TestBench();

  @AfterEach
  void close() {
    bench.close();
  }

  private static CfiFlash.Props small(@Nullable MemoryDisk drive) {
    return new CfiFlash.Props(drive, BLOCK, BLOCKS, 4, 2, 0x89, 0x18);
  }

  private DeviceProbe<CfiFlash> plug(@Nullable MemoryDisk drive) {
    return bench.plug(CfiFlashType.TYPE.create(small(drive)));
  }

  private static MemoryDisk erased() {
    var disk = new MemoryDisk(BLOCK * BLOCKS);
    Arrays.fill(disk.bytes, (byte) 0xff);
    return disk;
  }

  private static int word(MemoryDisk disk, int offset) {
    return java.nio.ByteBuffer.wrap(disk.bytes)
        .order(java.nio.ByteOrder.LITTLE_ENDIAN)
        .getInt(offset);
  }

  private static MemoryRegion.RomDevice region(DeviceProbe<CfiFlash> flash) {
    return (MemoryRegion.RomDevice) flash.device().region("flash");
  }

  @Test
  void readsAsItsDriveDoes() {
    var disk = new MemoryDisk(BLOCK * BLOCKS);
    var flash = plug(disk);
    assertThat(flash.read8(0)).isEqualTo(1);
    assertThat(flash.read32(512)).isEqualTo(0x0202_0202);
    assertThat(region(flash).readable()).as("as memory").isTrue();
  }

  @Test
  void answersTheQuery() {
    var flash = plug(erased());
    flash.write32(0x55 * 4, QUERY);
    assertThat(region(flash).readable()).isFalse();
    assertThat(flash.read32(0x10 * 4)).isEqualTo(0x0051_0051);
    assertThat(flash.read32(0x11 * 4)).isEqualTo(0x0052_0052);
    assertThat(flash.read32(0x12 * 4)).isEqualTo(0x0059_0059);
    assertThat(flash.read16(0x13 * 4)).as("Intel's commands").isEqualTo(1);
    assertThat(flash.read16(0x27 * 4)).as("32 KiB each").isEqualTo(15);
    assertThat(flash.read16(0x28 * 4)).as("x16").isEqualTo(1);
    assertThat(flash.read16(0x2a * 4)).as("512 bytes of buffer").isEqualTo(9);
    assertThat(flash.read16(0x2d * 4)).isEqualTo(BLOCKS - 1);
    assertThat(flash.read16(0x2f * 4)).as("8 KiB a block").isEqualTo(0x20);
    assertThat(flash.read32(0x31 * 4)).isEqualTo(0x0050_0050);
    flash.write32(0, ARRAY);
    assertThat(flash.read32(0)).isEqualTo(-1);
    assertThat(region(flash).readable()).isTrue();
  }

  @Test
  void identifiesItself() {
    var flash = plug(erased());
    flash.write32(0, ID);
    assertThat(flash.read32(0)).isEqualTo(0x0089_0089);
    assertThat(flash.read32(4)).isEqualTo(0x0018_0018);
    assertThat(flash.read32(BLOCK + 8)).as("unlocked").isZero();
  }

  /** As U-Boot does, which takes two chips for one. */
  @Test
  void narrowWritesAreCommandsToAllChipsAndDataForOne() {
    var flash = plug(new MemoryDisk(BLOCK * BLOCKS));
    flash.write16(0x154, QUERY & 0xffff);
    assertThat(flash.read16(0x40)).isEqualTo('Q');
    flash.write16(0, ERASE & 0xffff);
    flash.write16(0, CONFIRM & 0xffff);
    assertThat(flash.read32(0)).isEqualTo(READY);
    flash.write16(0, BUFFER & 0xffff);
    flash.write16(0, 3);
    for (int i = 1; i < 5; i++) {
      flash.write16(2L * i, 0x1111 * i);
    }
    flash.write16(0, CONFIRM & 0xffff);
    assertThat(flash.read32(0)).isEqualTo(READY);
    flash.write16(0, PROGRAM & 0xffff);
    flash.write16(0xe, 0xabcd);
    flash.write16(0, ARRAY & 0xffff);
    assertThat(flash.read32(0)).isEqualTo(0x1111_ffff);
    assertThat(flash.read32(4)).isEqualTo(0x3333_2222);
    assertThat(flash.read32(8)).isEqualTo(0xffff_4444);
    assertThat(flash.read32(12)).isEqualTo(0xabcd_ffff);
  }

  @Test
  void programsZeroesAndErasesToOnes() {
    var disk = erased();
    var flash = plug(disk);
    flash.write32(0x104, PROGRAM);
    flash.write32(0x104, 0x1234_5678);
    assertThat(flash.read32(0x104)).isEqualTo(READY);
    flash.write32(0, ARRAY);
    assertThat(flash.read32(0x104)).isEqualTo(0x1234_5678);
    flash.write32(0x104, PROGRAM);
    flash.write32(0x104, 0xffff_00ff);
    flash.write32(0, ARRAY);
    assertThat(flash.read32(0x104)).isEqualTo(0x1234_0078);
    flash.write32(0x100, ERASE);
    flash.write32(0x100, CONFIRM);
    assertThat(flash.read32(0)).isEqualTo(READY);
    flash.write32(0, ARRAY);
    assertThat(flash.read32(0x104)).isEqualTo(-1);
    flash.write32(0, STATUS);
    assertThat(flash.read32(0x104)).isEqualTo(READY);
  }

  @Test
  void programsABuffer() throws InterruptedException {
    var disk = erased();
    var flash = plug(disk);
    flash.write32(BLOCK, BUFFER);
    assertThat(flash.read32(BLOCK)).isEqualTo(READY);
    flash.write32(BLOCK, 0x0002_0002);
    for (int i = 0; i < 3; i++) {
      flash.write32(BLOCK + 0x20 + 4 * i, 0x0101_0101 * (i + 1));
    }
    flash.write32(BLOCK, CONFIRM);
    assertThat(flash.read32(BLOCK)).isEqualTo(READY);
    flash.write32(0, ARRAY);
    assertThat(flash.read32(BLOCK + 0x1c)).isEqualTo(-1);
    assertThat(flash.read32(BLOCK + 0x20)).isEqualTo(0x0101_0101);
    assertThat(flash.read32(BLOCK + 0x28)).isEqualTo(0x0303_0303);
    assertThat(flash.read32(BLOCK + 0x2c)).isEqualTo(-1);
    bench.awaitPosts();
    bench.awaitPosts();
    assertThat(word(disk, BLOCK + 0x24)).isEqualTo(0x0202_0202);
  }

  @Test
  void refusesWrongSequences() {
    var flash = plug(erased());
    flash.write32(0, ERASE);
    flash.write32(0, ARRAY);
    assertThat(flash.read32(0)).isEqualTo(0x00b0_00b0);
    flash.write32(0, CLEAR);
    assertThat(flash.read32(0)).isEqualTo(READY);
    flash.write32(0, BUFFER);
    flash.write32(0, 0x0100_0100);
    assertThat(flash.read32(0)).as("more than the buffer holds").isEqualTo(0x00b0_00b0);
    flash.write32(0, CLEAR);
    flash.write32(0, BUFFER);
    flash.write32(0, 0);
    flash.write32(BLOCK, 0);
    assertThat(flash.read32(0)).as("another block").isEqualTo(0x00b0_00b0);
    flash.write32(0, ARRAY);
    assertThat(flash.read32(BLOCK)).isEqualTo(-1);
  }

  @Test
  void lockedBlocksDoNotChange() {
    var flash = plug(erased());
    flash.write32(BLOCK, LOCK);
    flash.write32(BLOCK, 0x0001_0001);
    flash.write32(0, ID);
    assertThat(flash.read32(BLOCK + 8)).isEqualTo(0x0001_0001);
    assertThat(flash.read32(2 * BLOCK + 8)).isZero();
    flash.write32(BLOCK, PROGRAM);
    flash.write32(BLOCK, 0);
    assertThat(flash.read32(BLOCK)).isEqualTo(0x0092_0092);
    flash.write32(0, CLEAR);
    flash.write32(BLOCK, ERASE);
    flash.write32(BLOCK, CONFIRM);
    assertThat(flash.read32(BLOCK)).isEqualTo(0x00a2_00a2);
    flash.write32(0, CLEAR);
    flash.write32(0, ARRAY);
    assertThat(flash.read32(BLOCK)).isEqualTo(-1);
    flash.reset();
    flash.write32(0, ID);
    assertThat(flash.read32(BLOCK + 8)).as("kept without power").isEqualTo(0x0001_0001);
    flash.write32(BLOCK, LOCK);
    flash.write32(BLOCK, CONFIRM);
    flash.write32(BLOCK, PROGRAM);
    flash.write32(BLOCK, 0);
    flash.write32(0, ARRAY);
    assertThat(flash.read32(BLOCK)).isZero();
  }

  @Test
  void eachChipHasItsOwnMind() {
    var flash = plug(erased());
    flash.write32(0, 0x0070_00ff);
    assertThat(flash.read32(0)).isEqualTo(0x0080_ffff);
    flash.write32(0, 0x0070_0040);
    flash.write32(0, 0x0070_abcd);
    assertThat(flash.read16(0)).isEqualTo(0x80);
    flash.write32(0, ARRAY);
    assertThat(flash.read32(0)).isEqualTo(0xffff_abcd);
  }

  @Test
  void aByteCanBeProgrammed() {
    var flash = plug(erased());
    flash.write32(0, PROGRAM);
    flash.write8(0, 0x42);
    flash.write16(2, 0xffff);
    flash.write8(0, 0xff);
    flash.write8(2, 0xff);
    assertThat(flash.read32(0)).isEqualTo(0xffff_ff42);
  }

  @Test
  void writesBackWhatChangedOneAfterTheOther() throws InterruptedException {
    var disk = erased();
    var flash = plug(disk);
    disk.log.clear();
    disk.hold = true;
    for (int i = 0; i < 4; i++) {
      flash.write32(0x1000 + 4 * i, PROGRAM);
      flash.write32(0x1000 + 4 * i, i);
    }
    assertThat(disk.log).containsExactly("write 4096");
    disk.release(0);
    bench.awaitPosts();
    assertThat(disk.log).hasSize(2);
    disk.release(0);
    bench.awaitPosts();
    assertThat(word(disk, 0x100c)).isEqualTo(3);
    assertThat(disk.held).isEmpty();
  }

  @Test
  void aReadOnlyDriveCannotBeProgrammed() throws InterruptedException {
    var disk = erased();
    disk.readOnly = true;
    var flash = plug(disk);
    flash.write32(0, PROGRAM);
    flash.write32(0, 0);
    assertThat(flash.read32(0)).isEqualTo(0x0092_0092);
    flash.write32(0, ERASE);
    flash.write32(0, CONFIRM);
    flash.write32(0, ARRAY);
    assertThat(flash.read32(0)).isEqualTo(-1);
    bench.awaitPosts();
    assertThat(disk.log).noneMatch(l -> l.startsWith("write"));
  }

  @Test
  void theDriveIsAsLargeAsTheFlash() {
    assertThatThrownBy(() -> plug(new MemoryDisk(BLOCK)))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("truncate -s 65536");
    var shorter = new MemoryDisk(BLOCK);
    shorter.readOnly = true;
    assertThatThrownBy(() -> plug(shorter))
        .hasMessageContaining(
            "device requires 65536 bytes, block backend provides " + BLOCK + " bytes");
  }

  @Test
  void aDriveThatCannotBeReadIsSaid() {
    var disk = erased();
    disk.answer = dev.kasuari.machine.backend.BlockBackend.Status.IO_ERROR;
    assertThatThrownBy(() -> plug(disk))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("cannot be read");
  }

  @Test
  void comesBackInTheMiddleOfACommand() {
    var flash = plug(erased());
    flash.write32(0, BUFFER);
    flash.write32(0, 0);
    flash.write32(8, 0x1111_2222);
    flash.saveAndRestore();
    assertThat(region(flash).readable()).isFalse();
    flash.write32(0, CONFIRM);
    assertThat(flash.read32(0)).isEqualTo(READY);
    flash.reset();
    assertThat(flash.read32(8)).isEqualTo(0x1111_2222);
  }

  @Test
  void otherWidthsWorkToo() {
    DeviceProbe<CfiFlash> bytes =
        bench.plug(CfiFlashType.TYPE.create(new CfiFlash.Props(null, 0x1000, 4, 1, 1, 0x89, 0x18)));
    bytes.write8(0x55, 0x98);
    assertThat(bytes.read8(0x10)).isEqualTo('Q');
    assertThat(bytes.read32(0x10)).isEqualTo(0x0159_5251);
    bytes.write8(0, 0x20);
    bytes.write8(0, 0xd0);
    bytes.write8(0, 0xff);
    assertThat(bytes.read64(0xff8)).isEqualTo(-1);
    assertThat(bytes.read64(0x1000)).isZero();
    bytes.write8(3, 0x40);
    bytes.write8(3, 0x7f);
    bytes.write8(3, 0xff);
    assertThat(bytes.read32(0)).isEqualTo(0x7fff_ffff);
  }

  @Test
  void survivesAnyGuest() {
    DeviceContract.checkSurvives(bench, plug(erased()), 1, 3000);
  }

  @Test
  void twoBanksAreOneNode() {
    var first = plug(null);
    var second = plug(null);
    first.device().followedBy(second.device());
    bench.machine().describe();
    HardwareNode node = first.device().node();
    assertThat(node.name()).isEqualTo("flash");
    assertThat(node.get("reg"))
        .isEqualTo(
            new HardwareNode.Ranges(
                List.of(
                    new HardwareNode.Range(first.address(), BLOCK * BLOCKS),
                    new HardwareNode.Range(second.address(), BLOCK * BLOCKS))));
    assertThat(node.get("bank-width"))
        .isEqualTo(new HardwareNode.Cells(List.of(new HardwareNode.Cell.U32(4))));
    assertThat(second.device().node().properties()).isEmpty();
  }
}
