package dev.kasuari.hw.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.hw.serial.OtherEnd;
import dev.kasuari.hw.virtio.Driver.Buffer;
import dev.kasuari.hw.virtio.Driver.Used;
import dev.kasuari.machine.Device;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.testkit.TestBench;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class VirtioSerialTest {
  private static final long MULTIPORT = 2;
  private static final long EVENT_IDX = 1 << 29;
  private static final int SIZE = 16;

  private final TestBench bench = new TestBench();
  private final Driver driver = new Driver(bench, bench.plug(VirtioMmio.of(0)));
  private final OtherEnd terminal = new OtherEnd();
  private final OtherEnd agent = new OtherEnd();
  private final Map<Integer, Buffer> given = new HashMap<>();
  private VirtioSerial serial = VirtioSerial.of();

  @AfterEach
  void close() {
    bench.close();
  }

  private <D extends Device<?, ?>> D plug(D port) {
    return bench.machine().devices().add(port, serial.portBus());
  }

  private void plugSerial() {
    bench.machine().devices().add(serial, driver.regs.device().virtioBus());
  }

  /** A console and a named port, with the driver running and four control buffers given. */
  private void start(long features) {
    plugSerial();
    plug(VirtConsole.of(terminal));
    plug(VirtSerialPort.of("org.kasuari.agent", agent));
    assertThat(driver.negotiate(features)).isEqualTo(11);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private String text(Buffer buffer, int length) {
    return new String(driver.read(buffer.address(), length), StandardCharsets.US_ASCII);
  }

  /** Gives a buffer to be filled. */
  private Buffer give(Driver.Queue queue, int length) {
    Buffer buffer = driver.in(length);
    int head = queue.chain(buffer);
    given.put(head, buffer);
    queue.run(head);
    return buffer;
  }

  private void send(Driver.Queue queue, String text) {
    queue.run(queue.chain(driver.out(ascii(text))));
  }

  private void control(Driver.Queue queue, int port, int event, int value) {
    byte[] message =
        ByteBuffer.allocate(8)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(port)
            .putShort((short) event)
            .putShort((short) value)
            .array();
    queue.run(queue.chain(driver.out(message)));
  }

  /** What the device said on the control queue: {@code port event value more}. */
  private List<String> heard(Driver.Queue queue) {
    var out = new ArrayList<String>();
    for (Used used : queue.used()) {
      Buffer buffer = Objects.requireNonNull(given.get(used.id()));
      byte[] bytes = driver.read(buffer.address(), used.length());
      ByteBuffer message = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      String words = message.getInt(0) + " " + message.getShort(4) + " " + message.getShort(6);
      String more =
          message.getShort(4) == 5
              ? message.getShort(8) + "x" + message.getShort(10)
              : new String(bytes, 8, bytes.length - 8, StandardCharsets.US_ASCII);
      out.add((words + " " + more).strip());
    }
    return out;
  }

  // ---- one port --------------------------------------------------------------------------------

  @Test
  void aDriverThatKnowsOfOnePortHasAConsole() {
    start(0);
    Driver.Queue receive = driver.queue(0, SIZE);
    Driver.Queue transmit = driver.queue(1, SIZE);
    driver.go();
    send(transmit, "Hello");
    assertThat(terminal.heard()).isEqualTo("Hello");
    assertThat(transmit.used()).containsExactly(new Used(0, 0));
    Buffer buffer = give(receive, 64);
    terminal.say("dmesg\n");
    receive.settle();
    assertThat(receive.used()).containsExactly(new Used(0, 6));
    assertThat(text(buffer, 6)).isEqualTo("dmesg\n");
  }

  @Test
  void whatTheDriverHasNoBufferForWaits() {
    start(EVENT_IDX);
    Driver.Queue receive = driver.queue(0, SIZE);
    driver.go();
    terminal.say("one two");
    receive.settle();
    assertThat(terminal.unsaid()).isEqualTo(7);
    Buffer first = give(receive, 4);
    Buffer second = give(receive, 4);
    assertThat(receive.used()).containsExactly(new Used(0, 4), new Used(1, 3));
    assertThat(text(first, 4) + text(second, 3)).isEqualTo("one two");
    assertThat(terminal.unsaid()).isZero();
  }

  @Test
  void theDriverIsToldToNotifyOnlyWhereABufferIsMissing() {
    start(EVENT_IDX);
    Driver.Queue receive = driver.queue(0, SIZE);
    driver.go();
    give(receive, 4);
    give(receive, 4);
    terminal.say("1");
    receive.settle();
    assertThat(availEvent(receive)).isZero();
    terminal.say("22223333");
    receive.settle();
    terminal.acceptInput();
    receive.settle();
    assertThat(terminal.unsaid()).isEqualTo(4);
    assertThat(availEvent(receive)).isEqualTo(2);
  }

  private int availEvent(Driver.Queue queue) {
    return driver.read16(queue.used + 4 + 8L * queue.size);
  }

  @Test
  void whatTheHostDoesNotTakeStaysInItsBuffer() {
    start(0);
    Driver.Queue transmit = driver.queue(1, SIZE);
    driver.go();
    terminal.room(3);
    send(transmit, "Hello");
    send(transmit, ", world");
    assertThat(terminal.heard()).isEqualTo("Hel");
    assertThat(transmit.used()).isEmpty();
    terminal.room(4);
    transmit.settle();
    assertThat(terminal.heard()).isEqualTo("Hello, ");
    assertThat(transmit.used()).containsExactly(new Used(0, 0));
    terminal.room(100);
    transmit.settle();
    assertThat(terminal.heard()).isEqualTo("Hello, world");
    assertThat(transmit.used()).containsExactly(new Used(1, 0));
  }

  @Test
  void halfABufferIsNotSentTwiceAfterARestore() {
    start(0);
    Driver.Queue transmit = driver.queue(1, SIZE);
    driver.go();
    terminal.room(3);
    send(transmit, "Hello");
    var saved = bench.machine().devices().save();
    driver.regs.write32(Driver.STATUS, 0);
    terminal.room(100);
    transmit.settle();
    assertThat(terminal.heard()).isEqualTo("Hel");
    bench.machine().devices().restore(saved);
    transmit.settle();
    assertThat(terminal.heard()).isEqualTo("Hello");
    assertThat(transmit.used()).containsExactly(new Used(0, 0));
  }

  @Test
  void muchIsSentInTurns() {
    start(0);
    Driver.Queue transmit = driver.queue(1, SIZE);
    driver.go();
    int length = 700_000; // more than two turns
    transmit.run(transmit.chain(driver.out(new byte[length])));
    transmit.settle();
    transmit.settle();
    transmit.settle();
    assertThat(terminal.heard()).hasSize(length);
    assertThat(transmit.used()).containsExactly(new Used(0, 0));
  }

  @Test
  void aGuestInTroubleWritesWithoutQueues() {
    start(0);
    driver.regs.write32(Driver.CONFIG + 8, 'O');
    driver.regs.write32(Driver.CONFIG + 8, 'K');
    assertThat(terminal.heard()).isEqualTo("OK");
    assertThat(driver.offered() & 4).isEqualTo(4);
  }

  // ---- many ports ------------------------------------------------------------------------------

  /** Control queues with as many buffers as there can be. */
  private Driver.Queue[] startPorts() {
    start(MULTIPORT);
    Driver.Queue in = driver.queue(2, SIZE);
    Driver.Queue out = driver.queue(3, SIZE);
    driver.go();
    for (int i = 0; i < SIZE - 1; i++) {
      give(in, 64);
    }
    return new Driver.Queue[] {in, out};
  }

  @Test
  void portsAreAnnouncedAndDescribed() {
    assertThat(driver.regs).isNotNull();
    Driver.Queue[] control = startPorts();
    assertThat(driver.regs.read32(Driver.CONFIG + 4)).isEqualTo(31);
    assertThat(heard(control[0])).isEmpty();
    control(control[1], -1, 0, 1);
    assertThat(heard(control[0])).containsExactly("0 1 1", "1 1 1");
    terminal.resize(120, 40);
    control(control[1], 0, 3, 1);
    assertThat(heard(control[0])).containsExactly("0 4 1", "0 5 0 120x40", "0 6 1");
    control(control[1], 1, 3, 1);
    assertThat(heard(control[0])).containsExactly("1 7 1 org.kasuari.agent");
    agent.happen(CharBackend.Event.OPENED);
    control[0].settle();
    assertThat(heard(control[0])).containsExactly("1 6 1");
    agent.happen(CharBackend.Event.CLOSED);
    control[0].settle();
    terminal.resize(80, 24);
    control[0].settle();
    assertThat(heard(control[0])).containsExactly("1 6 0", "0 5 0 80x24");
  }

  @Test
  void whatTheDriverHasNoBufferForIsToldLater() {
    start(MULTIPORT);
    Driver.Queue in = driver.queue(2, SIZE);
    Driver.Queue out = driver.queue(3, SIZE);
    driver.go();
    control(out, -1, 0, 1);
    control(out, 1, 3, 1);
    agent.happen(CharBackend.Event.OPENED);
    agent.happen(CharBackend.Event.CLOSED);
    agent.happen(CharBackend.Event.OPENED);
    for (int i = 0; i < 6; i++) {
      give(in, 64);
    }
    assertThat(heard(in)).containsExactly("0 1 1", "1 1 1", "1 7 1 org.kasuari.agent", "1 6 1");
  }

  @Test
  void aPortTakesInputOnlyWhileItIsOpen() {
    Driver.Queue[] control = startPorts();
    Driver.Queue receive = driver.queue(4, SIZE);
    Driver.Queue transmit = driver.queue(5, SIZE);
    control(control[1], -1, 0, 1);
    control(control[1], 1, 3, 1);
    Buffer buffer = give(receive, 32);
    agent.say("early");
    receive.settle();
    assertThat(receive.used()).isEmpty();
    control(control[1], 1, 6, 1);
    assertThat(receive.used()).containsExactly(new Used(0, 5));
    assertThat(text(buffer, 5)).isEqualTo("early");
    control(control[1], 1, 6, 0);
    give(receive, 32);
    agent.say("late");
    receive.settle();
    assertThat(receive.used()).isEmpty();
    send(transmit, "answer");
    assertThat(agent.heard()).isEqualTo("answer");
    assertThat(terminal.heard()).isEmpty();
  }

  @Test
  void portsComeAndGoWhileTheDriverRuns() {
    Driver.Queue[] control = startPorts();
    control(control[1], -1, 0, 1);
    heard(control[0]);
    VirtSerialPort more = plug(VirtSerialPort.of("more", new OtherEnd()));
    control[0].settle();
    assertThat(heard(control[0])).containsExactly("2 1 1");
    bench.machine().devices().remove(more);
    control[0].settle();
    assertThat(heard(control[0])).containsExactly("2 2 1");
    Driver.Queue transmit = driver.queue(7, SIZE);
    send(transmit, "to nobody");
    assertThat(transmit.used()).containsExactly(new Used(0, 0));
  }

  @Test
  void aNewDriverHearsEverythingAgain() {
    Driver.Queue[] control = startPorts();
    control(control[1], -1, 0, 1);
    control(control[1], 1, 3, 1);
    driver.negotiate(MULTIPORT);
    Driver.Queue in = driver.queue(2, SIZE);
    Driver.Queue out = driver.queue(3, SIZE);
    driver.go();
    for (int i = 0; i < 5; i++) {
      give(in, 64);
    }
    control(out, -1, 0, 1);
    control(out, 1, 3, 1);
    assertThat(heard(in)).containsExactly("0 1 1", "1 1 1", "1 7 1 org.kasuari.agent");
  }

  @Test
  void nonsenseOnTheControlQueueIsLogged() {
    Driver.Queue[] control = startPorts();
    control(control[1], 99, 3, 1);
    control(control[1], 1, 77, 1);
    send(control[1], "short");
    assertThat(bench.log()).hasSize(3);
    assertThat(control[1].used()).hasSize(3);
    assertThat(driver.regs.read32(Driver.STATUS)).isEqualTo(15);
  }

  // ---- numbers and names -----------------------------------------------------------------------

  private VirtSerialPort port(@Nullable String name, @Nullable Integer nr) {
    return VirtSerialPortType.TYPE.create(new VirtSerialPort.Props(null, name, nr));
  }

  private VirtConsole console(@Nullable Integer nr) {
    return VirtConsoleType.TYPE.create(new VirtConsole.Props(null, null, nr));
  }

  private void refused(Device<?, ?> port, String message) {
    assertThatThrownBy(() -> plug(port))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining(message);
  }

  @Test
  void numbersAreGivenAsQemuGivesThem() {
    plugSerial();
    assertThat(plug(port("a", null)).number()).isEqualTo(1);
    assertThat(plug(console(null)).number()).isZero();
    assertThat(plug(console(null)).number()).isEqualTo(2);
    assertThat(plug(port("b", 30)).number()).isEqualTo(30);
    refused(port(null, 0), "nr=0: there is such a port");
    refused(port(null, 30), "nr=30: there is such a port");
    refused(port(null, 31), "nr=31: the ports of");
    refused(port("a", null), "name=a: there is such a port already");
  }

  @Test
  void portZeroIsForAConsole() {
    plugSerial();
    refused(port(null, 0), "port 0 is kept for a virtconsole");
  }

  @Test
  void onePortMeansNoControlQueues() {
    serial = VirtioSerialType.TYPE.create(new VirtioSerial.Props(1, false, true, true));
    plugSerial();
    plug(VirtConsole.of(terminal));
    assertThat(driver.offered() & 7).isZero();
    driver.regs.write32(Driver.QUEUE_SEL, 2);
    assertThat(driver.regs.read32(Driver.QUEUE_NUM_MAX)).isZero();
    refused(console(null), "there is no free port");
  }
}
