package dev.kasuari.hw.nvram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.hw.nvram.FwCfg.Item;
import dev.kasuari.machine.memory.BusResult;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.testkit.DeviceContract;
import dev.kasuari.testkit.DeviceProbe;
import dev.kasuari.testkit.TestBench;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class FwCfgTest {
  private static final long DATA = 0x00;
  private static final long SELECTOR = 0x08;
  private static final long DMA_HIGH = 0x10;
  private static final long DMA_LOW = 0x14;

  private static final int ERROR = 1;
  private static final int READ = 2;
  private static final int SKIP = 4;
  private static final int SELECT = 8;
  private static final int WRITE = 16;

  private final TestBench bench = new TestBench();
  private final RamBlock ram = bench.withRam(0x10000);
  private final DeviceProbe<FwCfg> cfg = bench.plug(FwCfg.of());

  @AfterEach
  void close() {
    bench.close();
  }

  /** The bus is little-endian, the register big-endian. */
  private void select(int key) {
    cfg.write16(SELECTOR, Short.reverseBytes((short) key) & 0xffff);
  }

  private String text(int length) {
    var out = new StringBuilder();
    for (int i = 0; i < length; i++) {
      out.append((char) cfg.read8(DATA));
    }
    return out.toString();
  }

  private int big32() {
    return Integer.reverseBytes(cfg.read32(DATA));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** Runs a copy whose descriptor is at 0x100, and gives the control word after it. */
  private int copy(int control, int length, long address) {
    ram.put(0x100, ByteBuffer.allocate(16).putInt(control).putInt(length).putLong(address).array());
    cfg.write32(DMA_HIGH, 0);
    cfg.write32(DMA_LOW, Integer.reverseBytes((int) TestBench.RAM + 0x100));
    return ByteBuffer.wrap(ram.get(0x100, 4)).getInt();
  }

  @Test
  void saysWhatItIs() {
    select(0);
    assertThat(text(4)).isEqualTo("QEMU");
    select(1);
    assertThat(cfg.read32(DATA)).as("little-endian, with DMA").isEqualTo(3);
    assertThat(cfg.read64(DMA_HIGH)).isEqualTo(Long.reverseBytes(0x51454d5520434647L));
  }

  @Test
  void itemsAreReadFromTheirBeginningWithAnyWidth() {
    cfg.device().set64(Item.RAM_SIZE, 0x1234_5678_9abcL).set16(Item.NB_CPUS, 4);
    select(Item.RAM_SIZE.key());
    assertThat(cfg.read64(DATA)).isEqualTo(0x1234_5678_9abcL);
    select(Item.RAM_SIZE.key());
    assertThat(cfg.read16(DATA)).isEqualTo(0x9abc);
    assertThat(cfg.read8(DATA)).isEqualTo(0x78);
    assertThat(cfg.read32(DATA)).isEqualTo(0x00_1234_56);
    select(Item.NB_CPUS.key());
    assertThat(cfg.read16(DATA)).isEqualTo(4);
    assertThat(cfg.read64(DATA)).as("behind the end").isZero();
    select(0x7fff);
    assertThat(cfg.read32(DATA)).isZero();
  }

  @Test
  void listsFilesByName() {
    cfg.device().file("opt/b", bytes("second")).file("etc/a", bytes("1st"));
    select(Item.FILE_DIR.key());
    assertThat(big32()).isEqualTo(2);
    assertThat(big32()).isEqualTo(3);
    assertThat(big32()).isEqualTo(0x20 << 16);
    assertThat(text(56)).isEqualTo("etc/a" + "\0".repeat(51));
    assertThat(big32()).isEqualTo(6);
    assertThat(big32()).isEqualTo(0x21 << 16);
    assertThat(text(56)).startsWith("opt/b\0");
    select(0x21);
    assertThat(text(6)).isEqualTo("second");
    assertThatThrownBy(() -> cfg.device().file("x".repeat(56), new byte[0]))
        .hasMessageContaining("no room");
  }

  @Test
  void filesCanBeMadeWhenTheyAreAskedFor() {
    int[] times = {0};
    cfg.device().file("made", () -> new byte[] {(byte) ++times[0]});
    select(0x20);
    assertThat(cfg.read8(DATA)).isEqualTo(1);
    assertThat(cfg.read8(DATA)).isZero();
    select(0x20);
    assertThat(cfg.read8(DATA)).isEqualTo(2);
  }

  @Test
  void copiesToMemory() {
    cfg.device().file("f", bytes("0123456789"));
    assertThat(copy(0x20 << 16 | SELECT | READ, 4, TestBench.RAM + 0x200)).isZero();
    assertThat(copy(SKIP, 2, 0)).isZero();
    assertThat(copy(READ, 8, TestBench.RAM + 0x204)).isZero();
    assertThat(ram.get(0x200, 12)).isEqualTo(bytes("01236789\0\0\0\0"));
  }

  @Test
  void copiesWithOneWideWrite() {
    cfg.device().file("f", bytes("wide"));
    int control = 0x20 << 16 | SELECT | READ;
    long to = TestBench.RAM + 0x200;
    ram.put(0x100, ByteBuffer.allocate(16).putInt(control).putInt(4).putLong(to).array());
    cfg.write64(DMA_HIGH, Long.reverseBytes(TestBench.RAM + 0x100));
    assertThat(ram.get(0x200, 4)).isEqualTo(bytes("wide"));
  }

  @Test
  void writesOnlyWhatIsWritable() {
    cfg.device().file("a", bytes("fixed")).writableFile("b", bytes("....."));
    ram.put(0x200, bytes("new"));
    assertThat(copy(0x20 << 16 | SELECT | WRITE, 3, TestBench.RAM + 0x200)).isEqualTo(ERROR);
    assertThat(copy(0x21 << 16 | SELECT | WRITE, 6, TestBench.RAM + 0x200)).isEqualTo(ERROR);
    assertThat(copy(0x21 << 16 | SELECT | SKIP, 1, 0)).isZero();
    assertThat(copy(WRITE, 3, TestBench.RAM + 0x200)).isZero();
    assertThat(cfg.device().contents("b")).isEqualTo(bytes(".new."));
    cfg.saveAndRestore();
    select(0x21);
    assertThat(text(5)).isEqualTo(".new.");
    assertThat(cfg.device().contents("none")).isNull();
    cfg.reset();
    assertThat(cfg.device().contents("b")).isEqualTo(bytes("....."));
  }

  @Test
  void badAddressesAreAnErrorOfTheGuest() {
    cfg.device().file("f", bytes("0123456789"));
    assertThat(copy(0x20 << 16 | SELECT | READ, 4, 0xdead_0000_0000L)).isEqualTo(ERROR);
    assertThat(copy(READ, -1, TestBench.RAM + 0x200)).isEqualTo(ERROR);
    cfg.write32(DMA_HIGH, 0xffff);
    cfg.write32(DMA_LOW, 0);
    assertThat(bench.log()).anyMatch(l -> l.contains("descriptor at"));
  }

  @Test
  void comesBackInTheMiddleOfAFile() {
    cfg.device().file("f", bytes("0123456789"));
    select(0x20);
    assertThat(text(4)).isEqualTo("0123");
    cfg.saveAndRestore();
    assertThat(text(4)).isEqualTo("4567");
  }

  @Test
  void canBeWithoutDma() {
    DeviceProbe<FwCfg> plain = bench.plug(FwCfgType.TYPE.create(new FwCfg.Props(false)));
    plain.write16(SELECTOR, 0x0100);
    assertThat(plain.read32(DATA)).isEqualTo(1);
    assertThat(plain.tryRead(DMA_HIGH, 4)).isNotEqualTo(BusResult.OK);
  }

  @Test
  void survivesAnyGuest() {
    cfg.device().file("f", bytes("0123456789")).writableFile("w", new byte[100]);
    DeviceContract.checkSurvives(bench, cfg, 1, 5000);
  }

  @Test
  void isDescribed() {
    bench.machine().describe();
    assertThat(cfg.device().node().name()).isEqualTo("fw-cfg");
    assertThat(cfg.device().node().properties())
        .containsOnlyKeys("compatible", "reg", "dma-coherent");
  }
}
