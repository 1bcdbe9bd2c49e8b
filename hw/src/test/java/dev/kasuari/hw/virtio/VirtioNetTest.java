package dev.kasuari.hw.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.hw.virtio.Driver.Buffer;
import dev.kasuari.hw.virtio.Driver.Used;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.References;
import dev.kasuari.testkit.TestBench;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class VirtioNetTest {
  private static final long CSUM = 1;
  private static final long MRG_RXBUF = 1L << 15;
  private static final long CTRL = 1L << 17 | 1L << 18 | 1L << 19 | 1L << 20 | 1L << 23;
  private static final long EVENT_IDX = 1L << 29;
  private static final int HEADER = 12;
  private static final String OWN = "52:54:00:00:00:01";

  private final TestBench bench = new TestBench();
  private final Driver driver = new Driver(bench, bench.plug(VirtioMmio.of(0)));
  private final TestCable cable = new TestCable();
  private final List<Driver.Queue> queues = new ArrayList<>();

  @AfterEach
  void close() {
    bench.close();
  }

  private void start(long features) {
    plug(VirtioNet.of(cable, OWN));
    setUp(features);
  }

  private void plug(VirtioNet card) {
    bench.machine().devices().add(card, driver.regs.device().virtioBus());
  }

  private void setUp(long features) {
    assertThat(driver.negotiate(features)).isEqualTo(11);
    queues.clear();
    for (int i = 0; i < 3; i++) {
      queues.add(driver.queue(i, 16));
    }
    driver.go();
  }

  private Driver.Queue receive() {
    return queues.get(0);
  }

  private Driver.Queue transmit() {
    return queues.get(1);
  }

  private Driver.Queue control() {
    return queues.get(2);
  }

  /** A frame of so many bytes to an address, each byte different from its neighbours. */
  private static byte[] frame(String to, int length) {
    byte[] frame = new byte[length];
    for (int i = 0; i < length; i++) {
      frame[i] = (byte) (i * 7);
    }
    System.arraycopy(HexFormat.ofDelimiter(":").parseHex(to), 0, frame, 0, 6);
    System.arraycopy(HexFormat.ofDelimiter(":").parseHex(OWN), 0, frame, 6, 6);
    frame[12] = 8;
    frame[13] = 0;
    return frame;
  }

  private static byte[] tagged(String to, int vlan) {
    byte[] frame = frame(to, 64);
    frame[12] = (byte) 0x81;
    frame[13] = 0;
    frame[14] = (byte) (vlan >> 8);
    frame[15] = (byte) vlan;
    return frame;
  }

  private Buffer give(int length) {
    Buffer buffer = driver.in(length);
    receive().run(receive().chain(buffer));
    return buffer;
  }

  private void send(byte[] header, byte[] frame) {
    transmit().run(transmit().chain(driver.out(header), driver.out(frame)));
  }

  private void bring(byte[] frame) {
    cable.bring(frame);
    receive().settle();
  }

  /** The answer to a command. */
  private int command(int... bytes) {
    byte[] command = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      command[i] = (byte) bytes[i];
    }
    Buffer answer = driver.in(1);
    control().run(control().chain(driver.out(command), answer));
    return driver.read(answer.address(), 1)[0];
  }

  @Test
  void theConfigurationSaysTheAddressAndTheCable() {
    start(0);
    byte[] mac = new byte[6];
    for (int i = 0; i < 6; i++) {
      mac[i] = (byte) driver.regs.read8(Driver.CONFIG + i);
    }
    assertThat(HexFormat.ofDelimiter(":").formatHex(mac)).isEqualTo(OWN);
    assertThat(driver.regs.read16(Driver.CONFIG + 6)).isEqualTo(1);
    assertThat(driver.regs.read32(0x08)).isEqualTo(1);
    cable.link(false);
    receive().settle();
    assertThat(driver.regs.read16(Driver.CONFIG + 6)).isZero();
    assertThat(driver.regs.read32(Driver.INTERRUPT_STATUS)).isEqualTo(2);
    send(new byte[HEADER], frame(OWN, 60));
    assertThat(cable.sent()).isEmpty();
  }

  @Test
  void whatIsNotThereIsNotOffered() {
    start(0);
    long segmentation = 0x3f80 | 1L << 1 | 1L << 22;
    assertThat(driver.offered() & segmentation).isZero();
    assertThat(driver.offered() & (CSUM | MRG_RXBUF | CTRL)).isEqualTo(CSUM | MRG_RXBUF | CTRL);
  }

  @Test
  void propertiesTakeOffersBack() {
    String off = "csum=off,mrg_rxbuf=off,ctrl_rx=off,ctrl_vlan=off,status=off,host_mtu=1400";
    plug(VirtioNetType.TYPE.create(OptionSource.of("test", off, ""), References.NONE));
    assertThat(driver.offered() & (CSUM | MRG_RXBUF | 1L << 16 | 1L << 18 | 1L << 19)).isZero();
    assertThat(driver.offered() & (1L << 3)).isNotZero();
    assertThat(driver.regs.read16(Driver.CONFIG + 10)).isEqualTo(1400);
  }

  @Test
  void aFrameIsSent() {
    start(0);
    byte[] frame = frame("ff:ff:ff:ff:ff:ff", 60);
    send(new byte[HEADER], frame);
    assertThat(cable.sent()).containsExactly(frame);
    assertThat(transmit().used()).containsExactly(new Used(0, 0));
  }

  @Test
  void theChecksumThatADriverLeavesIsComputed() {
    start(CSUM);
    byte[] frame = frame(OWN, 14 + 20 + 8 + 3); // UDP with three bytes of data
    frame[40] = 0x12; // the sum of the pseudo header
    frame[41] = 0x34;
    byte[] header = new byte[HEADER];
    header[0] = 1;
    header[6] = 34;
    header[8] = 6;
    int sum = 0;
    for (int i = 34; i < frame.length; i += 2) {
      sum += (frame[i] & 0xff) << 8 | (i + 1 < frame.length ? frame[i + 1] & 0xff : 0);
    }
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = (sum & 0xffff) + (sum >>> 16);
    send(header, frame);
    byte[] sent = cable.sent().getFirst();
    assertThat((sent[40] & 0xff) << 8 | (sent[41] & 0xff)).isEqualTo(~sum & 0xffff);
    header[8] = 60; // beyond the end
    send(header, frame);
    assertThat(bench.log()).anyMatch(l -> l.contains("a checksum at 94"));
  }

  @Test
  void nonsenseIsNotSent() {
    start(0);
    send(new byte[HEADER], new byte[13]);
    byte[] segments = new byte[HEADER];
    segments[1] = 1;
    send(segments, frame(OWN, 60));
    transmit().run(transmit().chain(driver.out(new byte[4])));
    assertThat(cable.sent()).isEmpty();
    assertThat(transmit().used()).hasSize(3);
    assertThat(bench.log()).hasSize(3);
  }

  @Test
  void aFrameIsReceived() {
    start(0);
    Buffer buffer = give(200);
    byte[] frame = frame(OWN, 100);
    bring(frame);
    assertThat(receive().used()).containsExactly(new Used(0, HEADER + 100));
    byte[] header = new byte[HEADER];
    header[10] = 1;
    assertThat(driver.read(buffer.address(), HEADER)).isEqualTo(header);
    assertThat(driver.read(buffer.address() + HEADER, 100)).isEqualTo(frame);
  }

  @Test
  void aFrameWaitsForABuffer() {
    start(EVENT_IDX);
    bring(frame(OWN, 100));
    bring(frame(OWN, 101));
    assertThat(cable.waiting()).isEqualTo(2);
    give(200);
    assertThat(cable.waiting()).isEqualTo(1);
    give(200);
    assertThat(receive().used())
        .containsExactly(new Used(0, HEADER + 100), new Used(1, HEADER + 101));
  }

  @Test
  void aFrameIsSpreadOverBuffersThatComeBackTogether() {
    start(MRG_RXBUF);
    var buffers = new ArrayList<Buffer>(List.of(give(50), give(50)));
    byte[] frame = frame(OWN, 130);
    bring(frame);
    assertThat(cable.waiting()).isEqualTo(1);
    assertThat(receive().used()).isEmpty();
    buffers.add(give(60));
    assertThat(receive().used()).containsExactly(new Used(0, 50), new Used(1, 50), new Used(2, 42));
    byte[] all = new byte[HEADER + 130];
    for (int i = 0; i < 3; i++) {
      byte[] part = driver.read(buffers.get(i).address(), i < 2 ? 50 : 42);
      System.arraycopy(part, 0, all, 50 * i, part.length);
    }
    assertThat(all[10]).isEqualTo((byte) 3);
    assertThat(all).endsWith(frame);
  }

  @Test
  void aFrameThatIsTooLargeForABufferIsLost() {
    start(0);
    give(100);
    bring(frame(OWN, 130));
    assertThat(cable.waiting()).isZero();
    assertThat(receive().used()).isEmpty();
    assertThat(bench.log()).anyMatch(l -> l.contains("too small"));
    bring(frame(OWN, 60));
    assertThat(receive().used()).containsExactly(new Used(0, HEADER + 60));
  }

  @Test
  void framesWithoutADriverAreLost() throws InterruptedException {
    plug(VirtioNet.of(cable, OWN));
    cable.bring(frame(OWN, 60));
    bench.awaitPosts();
    setUp(0);
    assertThat(cable.waiting()).isZero();
  }

  // ---- what a driver wants to receive ----------------------------------------------------------

  private boolean arrives(byte[] frame) {
    give(200);
    bring(frame);
    return !receive().used().isEmpty();
  }

  private boolean arrives(String to) {
    return arrives(frame(to, 60));
  }

  @Test
  void modesSayWhatIsReceived() {
    start(CTRL);
    assertThat(arrives("52:54:00:00:00:99")).isTrue();
    assertThat(command(0, 0, 0)).as("not promiscuous").isZero();
    assertThat(arrives("52:54:00:00:00:99")).isFalse();
    assertThat(arrives(OWN)).isTrue();
    assertThat(arrives("ff:ff:ff:ff:ff:ff")).isTrue();
    assertThat(arrives("33:33:00:00:00:01")).isFalse();
    assertThat(command(0, 1, 1)).as("all groups").isZero();
    assertThat(arrives("33:33:00:00:00:01")).isTrue();
    assertThat(command(0, 3, 1)).as("no group").isZero();
    assertThat(arrives("33:33:00:00:00:01")).isFalse();
    assertThat(command(0, 5, 1)).as("no broadcast").isZero();
    assertThat(arrives("ff:ff:ff:ff:ff:ff")).isFalse();
    assertThat(command(0, 2, 1)).as("all cards").isZero();
    assertThat(arrives("52:54:00:00:00:99")).isTrue();
    assertThat(command(0, 4, 1)).as("no card").isZero();
    assertThat(arrives(OWN)).isFalse();
  }

  @Test
  void addressesSayWhatIsReceived() {
    start(CTRL);
    assertThat(command(0, 0, 0)).isZero();
    int[] table = {
      1, 0, 1, 0, 0, 0, 0x52, 0x54, 0, 0, 0, 0x99, 1, 0, 0, 0, 0x33, 0x33, 0, 0, 0, 1,
    };
    assertThat(command(table)).isZero();
    assertThat(arrives("52:54:00:00:00:99")).isTrue();
    assertThat(arrives("33:33:00:00:00:01")).isTrue();
    assertThat(arrives("33:33:00:00:00:02")).isFalse();
    assertThat(command(1, 1, 0x52, 0x54, 0, 0, 0, 7)).isZero();
    assertThat(driver.regs.read8(Driver.CONFIG + 5)).isEqualTo(7);
    assertThat(arrives(OWN)).isFalse();
    assertThat(arrives("52:54:00:00:00:07")).isTrue();
    driver.negotiate(0);
    assertThat(driver.regs.read8(Driver.CONFIG + 5)).as("after a reset").isEqualTo(1);
  }

  @Test
  void vlansAreChosen() {
    start(CTRL);
    assertThat(command(0, 0, 0)).isZero();
    assertThat(arrives(tagged(OWN, 300))).isFalse();
    assertThat(command(2, 0, 300 & 0xff, 300 >> 8)).isZero();
    assertThat(arrives(tagged(OWN, 300))).isTrue();
    assertThat(command(2, 1, 300 & 0xff, 300 >> 8)).isZero();
    assertThat(arrives(tagged(OWN, 300))).isFalse();
    assertThat(command(2, 0, 0, 0x10)).as("no VLAN").isEqualTo(1);
  }

  @Test
  void commandsThatWereNotAgreedOnAreRefused() {
    start(1L << 17);
    assertThat(command(0, 0, 0)).isEqualTo(1);
    assertThat(command(2, 0, 1, 0)).isEqualTo(1);
    assertThat(command(1, 1, 0x52, 0x54, 0, 0, 0, 7)).isEqualTo(1);
    assertThat(command(9, 9)).isEqualTo(1);
  }

  @Test
  void tablesThatLieAreRefused() {
    start(CTRL);
    assertThat(command(1, 0, 255, 255, 255, 255)).isEqualTo(1);
    assertThat(command(1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 2, 3, 4, 5, 6)).isEqualTo(1);
    assertThat(command(1, 0)).isEqualTo(1);
  }

  @Test
  void anAddressThatIsNoneIsRefused() {
    for (String bad : List.of("1:2", "52:54:00:12:34:5g", "5254.0012.3456", "01:00:5e:00:00:01")) {
      assertThatThrownBy(() -> plug(VirtioNet.of(cable, bad)))
          .as(bad)
          .isInstanceOf(OptionException.class)
          .hasMessageStartingWith("-device virtio-net-device: mac=" + bad);
    }
  }
}
