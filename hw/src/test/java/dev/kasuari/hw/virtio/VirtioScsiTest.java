package dev.kasuari.hw.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.hw.scsi.ScsiCd;
import dev.kasuari.hw.scsi.ScsiDevice;
import dev.kasuari.hw.scsi.ScsiHd;
import dev.kasuari.hw.virtio.Driver.Buffer;
import dev.kasuari.hw.virtio.Driver.Used;
import dev.kasuari.machine.backend.BlockBackend;
import dev.kasuari.machine.backend.BlockBackend.ErrorAction;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.testkit.TestBench;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class VirtioScsiTest {
  private static final long HOTPLUG_AND_CHANGE = 6;
  private static final int SENSE = 96;
  private static final int ABORT_TASK = 0;
  private static final int LOGICAL_UNIT_RESET = 5;
  private static final int QUERY_TASK = 6;

  private final TestBench bench = TestBench.driven();
  private final MemoryDisk disk = new MemoryDisk(64 * 512);
  private final Driver driver = new Driver(bench, bench.plug(VirtioMmio.of(0)));
  private final VirtioScsi adapter = VirtioScsi.of();
  private final Driver.Queue[] queues = new Driver.Queue[3];

  private Driver.Queue control() {
    return queues[0];
  }

  private Driver.Queue events() {
    return queues[1];
  }

  private Driver.Queue requests() {
    return queues[2];
  }

  @AfterEach
  void close() {
    bench.close();
  }

  private void start(ScsiDevice<?>... devices) {
    bench.machine().devices().add(adapter, driver.regs.device().virtioBus());
    for (ScsiDevice<?> device : devices) {
      bench.machine().devices().add(device, adapter.scsiBus());
    }
    assertThat(driver.negotiate(HOTPLUG_AND_CHANGE)).isEqualTo(11);
    queues[0] = driver.queue(0, 16);
    queues[1] = driver.queue(1, 16);
    queues[2] = driver.queue(2, 16);
    driver.go();
  }

  /** With one disk that has told of its reset. */
  private void startWithDisk() {
    start(ScsiHd.of(disk));
    assertThat(run(0, 0, "000000000000").sense()).isEqualTo("6/29/00");
  }

  /** What a buffer holds. */
  private interface Bytes {
    byte[] of();
  }

  /** What came back of a command. */
  private record Answer(int response, int status, long residual, String sense, Bytes bytes) {
    byte[] data() {
      return bytes.of();
    }

    String hex() {
      return HexFormat.of().formatHex(data());
    }

    String text(int from, int to) {
      return new String(data(), from, to - from, StandardCharsets.US_ASCII);
    }
  }

  /** A command that was made available. */
  private record Sent(Buffer answer, Buffer in) {}

  private static byte[] lun(int target, int lun) {
    return new byte[] {1, (byte) target, (byte) (lun >> 8), (byte) lun, 0, 0, 0, 0};
  }

  private Sent send(byte[] lun, long id, String cdb, byte[] out, int in) {
    byte[] header = new byte[19 + 32];
    System.arraycopy(lun, 0, header, 0, 8);
    ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).putLong(8, id);
    byte[] block = HexFormat.of().parseHex(cdb);
    System.arraycopy(block, 0, header, 19, block.length);
    Buffer answer = driver.in(12 + SENSE);
    Buffer data = in == 0 ? answer : driver.in(in);
    Buffer head = driver.out(header);
    if (in > 0) {
      requests().run(requests().chain(head, answer, data));
    } else if (out.length > 0) {
      requests().run(requests().chain(head, driver.out(out), answer));
    } else {
      requests().run(requests().chain(head, answer));
    }
    return new Sent(answer, data);
  }

  private Answer answer(Sent sent) {
    ByteBuffer b =
        ByteBuffer.wrap(driver.read(sent.answer().address(), 12 + SENSE))
            .order(ByteOrder.LITTLE_ENDIAN);
    byte[] sense = Arrays.copyOfRange(b.array(), 12, 12 + b.getInt(0));
    byte[] data =
        sent.in().equals(sent.answer())
            ? new byte[0]
            : driver.read(sent.in().address(), sent.in().length());
    String reason =
        sense.length == 0 ? "" : "%x/%02x/%02x".formatted(sense[2] & 15, sense[12], sense[13]);
    return new Answer(b.get(11), b.get(10), b.getInt(4), reason, () -> data);
  }

  private Answer run(int target, int lun, String cdb, byte[] out, int in) {
    Sent sent = send(lun(target, lun), 7, cdb, out, in);
    assertThat(requests().used()).hasSize(1);
    return answer(sent);
  }

  private Answer run(int target, int lun, String cdb) {
    return run(target, lun, cdb, new byte[0], 0);
  }

  private Answer read(String cdb, int in) {
    return run(0, 0, cdb, new byte[0], in);
  }

  private Answer write(String cdb, byte[] out) {
    return run(0, 0, cdb, out, 0);
  }

  private static byte[] filled(int length, int value) {
    byte[] out = new byte[length];
    Arrays.fill(out, (byte) value);
    return out;
  }

  @Test
  void theConfigurationDescribesTheAdapter() {
    start();
    int[] expected = {1, 254, 65535, 128, 16, 96, 32, 255 << 16, 16383};
    for (int i = 0; i < expected.length; i++) {
      assertThat(driver.regs.read32(Driver.CONFIG + 4 * i)).as("word " + i).isEqualTo(expected[i]);
    }
    assertThat(driver.regs.read32(0x08)).isEqualTo(8);
    driver.regs.write32(Driver.CONFIG + 20, 18);
    assertThat(driver.regs.read32(Driver.CONFIG + 20)).isEqualTo(18);
    driver.regs.write32(Driver.CONFIG + 24, 256);
    assertThat(driver.regs.read32(Driver.STATUS) & 64).as("needs reset").isEqualTo(64);
  }

  @Test
  void aDiskSaysWhoItIs() {
    startWithDisk();
    Answer standard = read("120000002400", 36);
    assertThat(standard.data()[0]).isZero();
    assertThat(standard.text(8, 36)).isEqualTo("KASUARI KASUARI HARDDISK1   ");
    assertThat(read("120100004000", 64).hex()).startsWith("000000050083b0b1b2");
    assertThat(read("120183004000", 64).text(8, 12)).isEqualTo("disk");
    assertThat(read("1201b0004000", 64).hex())
        .startsWith("00b0003c01000000003fffff00000000" + "00000000" + "00200000" + "000000ff");
    assertThat(read("1201b2004000", 64).hex()).startsWith("00b2000400e00200");
    assertThat(read("120180004000", 64).sense()).isEqualTo("5/24/00");
    assertThat(read("25000000000000000000", 8).hex()).isEqualTo("0000003f00000200");
    assertThat(read("9e100000000000000000000000200000", 32).hex())
        .startsWith("000000000000003f00000200000080");
    assertThat(read("1a0008001800", 24).hex())
        .isEqualTo("1f000008" + "0000004000000200" + "08120400" + "0".repeat(16));
  }

  @Test
  void readsAndWrites() {
    startWithDisk();
    Answer two = read("28000000000300000200", 1500);
    assertThat(two.status()).isZero();
    assertThat(two.residual()).isEqualTo(1500 - 1024);
    assertThat(two.data()[0]).isEqualTo((byte) 4);
    assertThat(two.data()[1023]).isEqualTo((byte) 5);
    assertThat(two.data()[1024]).isEqualTo((byte) 0xee);
    assertThat(write("8a080000000000000002000000010000", filled(512, 0x77)).residual()).isZero();
    assertThat(Arrays.copyOfRange(disk.bytes, 1024, 1536)).containsOnly(0x77);
    assertThat(disk.log).contains("write 1024 through");
    assertThat(write("2a000000000200000100", filled(512, 1)).status()).isZero();
    assertThat(disk.log).contains("write 1024");
    assertThat(write("151000001800", mode(0)).status()).isZero(); // no write cache any more
    assertThat(write("2a000000000300000100", filled(512, 1)).status()).isZero();
    assertThat(disk.log).contains("write 1536 through");
    assertThat(run(0, 0, "35000000000000000000").status()).isZero();
    assertThat(disk.log).contains("flush");
  }

  /** MODE SELECT's list with the caching page. */
  private static byte[] mode(int wce) {
    byte[] list = new byte[4 + 20];
    list[4] = 8;
    list[5] = 18;
    list[6] = (byte) wce;
    return Arrays.copyOf(list, 24);
  }

  @Test
  void refusesWhatIsNotThere() {
    startWithDisk();
    assertThat(read("28000000004000000100", 512).sense()).isEqualTo("5/21/00");
    assertThat(read("88007fffffffffffffff000000010000", 512).sense()).isEqualTo("5/21/00");
    assertThat(read("8800ffffffffffffffff000000010000", 512).sense()).isEqualTo("5/21/00");
    assertThat(read("28000000000000000200", 512).response()).isEqualTo(1); // overrun
    assertThat(read("e0", 512).sense()).isEqualTo("5/20/00");
    assertThat(run(3, 0, "000000000000").response()).isEqualTo(3); // no such target
    assertThat(run(0, 5, "000000000000").sense()).isEqualTo("5/25/00");
    assertThat(run(0, 5, "120000002400", new byte[0], 36).hex()).startsWith("7f");
    disk.readOnly = true;
    assertThat(write("2a000000000200000100", filled(512, 1)).sense()).isEqualTo("7/27/00");
  }

  @Test
  void givesBlocksBack() {
    startWithDisk();
    byte[] list = new byte[8 + 32];
    ByteBuffer.wrap(list)
        .putShort((short) 38)
        .putShort((short) 32)
        .putInt(0)
        .putLong(8)
        .putInt(4)
        .putInt(0)
        .putLong(16)
        .putInt(2);
    assertThat(write("42000000000000002800", list).status()).isZero();
    assertThat(disk.log).contains("discard 4096 2048", "discard 8192 1024");
    list[3] = 31;
    assertThat(write("42000000000000002800", list).sense()).isEqualTo("5/1a/00");
    assertThat(write("93080000000000000004000000080000", new byte[512]).status()).isZero();
    assertThat(disk.log).contains("zero 2048 4096 unmap");
    assertThat(write("41000000000400000800", filled(512, 9)).status()).isZero();
    assertThat(Arrays.copyOfRange(disk.bytes, 2048, 6144)).containsOnly(9);
    assertThat(write("41000000000400000000", filled(512, 9)).sense()).isEqualTo("5/24/00");
    assertThat(write("2f020000000400000100", filled(512, 9)).status()).isZero();
    assertThat(write("2f020000000400000100", filled(512, 8)).sense()).isEqualTo("e/1d/00");
  }

  @Test
  void unitsAreReported() {
    start(unit(0, 0), unit(0, 300), unit(4, 1));
    assertThat(run(0, 0, "a00000000000000000400000", new byte[0], 64).hex())
        .startsWith("0000001000000000" + "0000000000000000" + "412c000000000000");
    Sent all =
        send(
            new byte[] {(byte) 0xc1, 1, 0, 0, 0, 0, 0, 0},
            1,
            "a00000000000000000400000",
            new byte[0],
            64);
    assertThat(answer(all).hex())
        .startsWith(
            "0000001800000000" + "0100000000000000" + "0100412c00000000" + "0104000100000000");
    assertThatThrownBy(() -> bench.machine().devices().add(unit(4, 1), adapter.scsiBus()))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("there is a device at 0:4:1 already");
  }

  private ScsiHd unit(int target, int lun) {
    return ScsiHd.at(disk, target, lun);
  }

  private int manage(int function, int lun, long id) {
    ByteBuffer out = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(0).putInt(function).put(lun(0, lun)).putLong(id);
    Buffer response = driver.in(1);
    control().run(control().chain(driver.out(out.array()), response));
    return driver.read(response.address(), 1)[0] & 0xff;
  }

  @Test
  void anAbortedTaskEndsWithTheHostsOperation() {
    startWithDisk();
    disk.hold = true;
    Sent sent = send(lun(0, 0), 42, "28000000000300000100", new byte[0], 512);
    assertThat(requests().used()).isEmpty();
    assertThat(manage(QUERY_TASK, 0, 42)).isEqualTo(10);
    assertThat(manage(QUERY_TASK, 0, 43)).isZero();
    assertThat(manage(ABORT_TASK, 0, 42)).isEqualTo(0xee); // no answer yet
    disk.release(0);
    requests().settle();
    assertThat(requests().used()).hasSize(1);
    assertThat(answer(sent).response()).isEqualTo(2);
    assertThat(control().used()).hasSize(3);
    assertThat(manage(ABORT_TASK, 9, 42)).isEqualTo(12);
  }

  @Test
  void aResetUnitSaysSo() {
    startWithDisk();
    disk.hold = true;
    Sent sent = send(lun(0, 0), 42, "28000000000300000100", new byte[0], 512);
    manage(LOGICAL_UNIT_RESET, 0, 0);
    disk.release(0);
    disk.hold = false;
    requests().settle();
    assertThat(answer(sent).response()).isEqualTo(4);
    requests().used();
    assertThat(run(0, 0, "000000000000").sense()).isEqualTo("6/29/00");
    assertThat(run(0, 0, "000000000000").status()).isZero();
  }

  @Test
  void theDriverHearsOfChanges() {
    startWithDisk();
    disk.resize(32 * 512);
    events().settle();
    Buffer buffer = driver.in(16);
    events().run(events().chain(buffer)); // only now there is room: something was missed
    assertThat(HexFormat.of().formatHex(driver.read(buffer.address(), 16)))
        .isEqualTo("00000080" + "0".repeat(24));
    Buffer second = driver.in(16);
    events().run(events().chain(second));
    disk.resize(16 * 512);
    events().settle();
    events().settle();
    assertThat(HexFormat.of().formatHex(driver.read(second.address(), 16)))
        .isEqualTo("03000000" + "0100000000000000" + "2a090000");
    assertThat(run(0, 0, "000000000000").sense()).isEqualTo("6/2a/09");
  }

  @Test
  void unitsComeAndGo() {
    startWithDisk();
    Buffer came = driver.in(16);
    Buffer gone = driver.in(16);
    events().run(events().chain(came));
    events().run(events().chain(gone));
    ScsiHd late = ScsiHd.at(new MemoryDisk(4096), 0, 2);
    bench.machine().devices().add(late, adapter.scsiBus());
    events().settle();
    events().settle();
    assertThat(HexFormat.of().formatHex(driver.read(came.address(), 16)))
        .isEqualTo("01000000" + "0100000200000000" + "01000000");
    assertThat(run(0, 0, "000000000000").sense()).isEqualTo("6/3f/0e");
    assertThat(run(0, 2, "000000000000").sense()).isEqualTo("6/29/00");
    bench.machine().devices().remove(late);
    events().settle();
    events().settle();
    assertThat(HexFormat.of().formatHex(driver.read(gone.address(), 16)))
        .isEqualTo("01000000" + "0100000200000000" + "02000000");
    assertThat(run(0, 2, "000000000000").sense()).isEqualTo("5/25/00");
  }

  @Test
  void failuresAreReportedOrStopTheMachine() {
    startWithDisk();
    disk.answer = BlockBackend.Status.IO_ERROR;
    assertThat(read("28000000000300000100", 512).sense()).isEqualTo("b/00/06");
    disk.answer = BlockBackend.Status.NO_SPACE;
    assertThat(write("2a000000000200000100", filled(512, 1)).sense()).isEqualTo("7/27/07");
    disk.onError = ErrorAction.IGNORE;
    assertThat(write("2a000000000200000100", filled(512, 1)).status()).isZero();
    disk.onError = ErrorAction.STOP;
    bench.machine().resume(); // which begins with a reset
    assertThat(driver.negotiate(0)).isEqualTo(11);
    queues[2] = driver.queue(2, 16);
    driver.go();
    disk.answer = BlockBackend.Status.OK;
    run(0, 0, "000000000000");
    disk.answer = BlockBackend.Status.NO_SPACE;
    Sent sent = send(lun(0, 0), 1, "2a000000000900000100", filled(512, 0x55), 0);
    bench.machine().pause();
    assertThat(bench.machine().state().qmpName()).isIn("io-error", "paused");
    assertThat(requests().used()).isEmpty();
    disk.answer = BlockBackend.Status.OK;
    bench.machine().resume();
    requests().settle();
    requests().settle();
    requests().settle();
    assertThat(requests().used()).hasSize(1);
    assertThat(answer(sent).status()).isZero();
    assertThat(Arrays.copyOfRange(disk.bytes, 9 * 512, 10 * 512)).containsOnly(0x55);
  }

  @Test
  void aDiscIsReadAndTakenOut() {
    start(ScsiCd.of(disk));
    run(0, 0, "000000000000");
    assertThat(read("120000002400", 36).hex()).startsWith("0580");
    assertThat(read("25000000000000000000", 8).hex()).isEqualTo("0000000f00000800");
    assertThat(read("28000000000100000100", 2048).data()[0]).isEqualTo((byte) 5);
    assertThat(read("43000000000000001400", 20).hex())
        .isEqualTo("00120101" + "0014010000000000" + "0014aa0000000010");
    assertThat(read("43020000000000001400", 20).hex())
        .isEqualTo("00120101" + "0014010000000200" + "0014aa0000000210");
    assertThat(read("46000000000000002000", 32).hex()).startsWith("00000024" + "00000008");
    assertThat(read("51000000000000002200", 34).hex()).startsWith("00200e0101010120");
    assertThat(read("5a002a00000000002000", 32).hex()).startsWith("001c0000000000002a14");
    assertThat(read("be0800000001000001100000", 2048).data()[0]).isEqualTo((byte) 5);
    assertThat(run(0, 0, "be0000000001000001000000").status()).isZero();
    assertThat(run(0, 0, "be0400000001000001100000").sense()).isEqualTo("5/24/00"); // audio
    assertThat(run(0, 0, "be0000000001000001f80000").sense()).isEqualTo("5/24/00"); // raw
    assertThat(run(0, 0, "be0000000010000001100000").sense()).isEqualTo("5/21/00");
    assertThat(run(0, 0, "ad0000000000000008000000").sense()).isEqualTo("5/30/00"); // a CD
    assertThat(write("2a000000000200000100", new byte[2048]).sense()).isEqualTo("5/20/00");
    run(0, 0, "1e0000000100");
    assertThat(run(0, 0, "1b0000000200").sense()).isEqualTo("5/53/02");
    run(0, 0, "1e0000000000");
    assertThat(run(0, 0, "1b0000000200").status()).isZero();
    assertThat(run(0, 0, "000000000000").sense()).isEqualTo("2/3a/00");
    assertThat(read("4a010000100000000800", 8).hex()).isEqualTo("0006041003010000");
    assertThat(run(0, 0, "1b0000000300").status()).isZero();
    assertThat(run(0, 0, "000000000000").sense()).isEqualTo("6/28/00");
    assertThat(run(0, 0, "000000000000").status()).isZero();
  }

  @Test
  void aDvdHasItsStructures() {
    disk.size = 1L << 30;
    start(ScsiCd.of(disk));
    run(0, 0, "000000000000");
    assertThat(read("46000000000000000800", 8).hex()).endsWith("0010"); // a DVD
    assertThat(read("ad0000000000000008040000", 2052).hex())
        .startsWith("08020000" + "010f0100" + "00030000" + "000affff" + "00000000");
    assertThat(read("ad0000000000000100080000", 8).hex()).isEqualTo("0006000000000000");
    assertThat(read("ad0000000000000400080000", 8).hex()).isEqualTo("0802000000000000");
    assertThat(read("ad000000000000ff00140000", 20).hex())
        .isEqualTo("00120000" + "00400804" + "01400008" + "04400804" + "ff400014");
    assertThat(run(0, 0, "ad0000000000000300080000").sense()).isEqualTo("5/24/00");
    assertThat(run(0, 0, "ad0000000000010000080000").sense()).isEqualTo("5/24/00"); // a layer
    assertThat(run(0, 0, "ad0100000000000000080000").sense()).isEqualTo("5/24/00"); // Blu-ray
  }

  @Test
  void brokenRequestsBreakTheDeviceOnly() {
    startWithDisk();
    requests().run(requests().chain(driver.out(new byte[20]), driver.in(108)));
    assertThat(driver.regs.read32(Driver.STATUS) & 64).isEqualTo(64);
    List<Used> none = requests().used();
    assertThat(none).isEmpty();
  }
}
