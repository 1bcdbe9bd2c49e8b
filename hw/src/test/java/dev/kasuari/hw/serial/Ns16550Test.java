package dev.kasuari.hw.serial;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.time.ManualClock;
import dev.kasuari.testkit.DeviceContract;
import dev.kasuari.testkit.DeviceProbe;
import dev.kasuari.testkit.IrqProbe;
import dev.kasuari.testkit.TestBench;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class Ns16550Test {
  private static final long DATA = 0;
  private static final long IER = 1;
  private static final long IIR = 2;
  private static final long FCR = 2;
  private static final long LCR = 3;
  private static final long MCR = 4;
  private static final long LSR = 5;
  private static final long MSR = 6;
  private static final long SCR = 7;

  /** Divisor 2 is 115200 baud: ten bits take 86806 ns. */
  private static final long FOUR_CHARACTERS = 4 * 86_805;

  private final TestBench bench = new TestBench();
  private final ManualClock clock = bench.clock();
  private final OtherEnd other = new OtherEnd();
  private final DeviceProbe<Ns16550> uart = bench.plug(Ns16550.of(other));
  private final IrqProbe irq = uart.irq("irq");

  @AfterEach
  void close() {
    bench.close();
  }

  private void say(String text) throws InterruptedException {
    other.say(text);
    bench.awaitPosts();
  }

  private void send(String text) {
    text.chars().forEach(c -> uart.write8(DATA, c));
  }

  private String receive() {
    var out = new StringBuilder();
    while ((uart.read8(LSR) & 1) != 0) {
      out.append((char) uart.read8(DATA));
    }
    return out.toString();
  }

  /** 115200 baud, 8N1, FIFOs with an interrupt from 8 characters on. */
  private void open() {
    uart.write8(LCR, 0x80);
    uart.write8(DATA, 2);
    uart.write8(IER, 0);
    uart.write8(LCR, 0x03);
    uart.write8(FCR, 0x87);
    uart.write8(FCR, 0x81);
  }

  @Test
  void resetValuesAreTheDataSheets() {
    assertResetValues();
  }

  private void assertResetValues() {
    assertThat(uart.read8(IER)).isZero();
    assertThat(uart.read8(IIR)).isEqualTo(0x01);
    assertThat(uart.read8(LCR)).isZero();
    assertThat(uart.read8(MCR)).isZero();
    assertThat(uart.read8(LSR)).isEqualTo(0x60);
    assertThat(uart.read8(MSR)).isEqualTo(0xb0);
    assertThat(irq).isLow();
  }

  @Test
  void registersKeepTheBitsTheyHave() {
    uart.write8(SCR, 0x5a);
    assertThat(uart.read8(SCR)).isEqualTo(0x5a);
    uart.write8(IER, 0xf1);
    assertThat(uart.read8(IER)).isEqualTo(0x01);
    uart.write8(MCR, 0xef);
    assertThat(uart.read8(MCR)).isEqualTo(0x0f);
    uart.write8(LCR, 0x80);
    uart.write8(DATA, 0x34);
    uart.write8(IER, 0x12);
    assertThat(uart.read8(DATA)).isEqualTo(0x34);
    assertThat(uart.read8(IER)).isEqualTo(0x12);
    uart.write8(LCR, 0x7f);
    assertThat(uart.read8(IER)).isEqualTo(0x01);
    assertThat(other.heard()).isEmpty();
  }

  @Test
  void aWideAccessReachesOneRegister() {
    uart.write32(DATA, 'A' | 0xffff_ff00);
    assertThat(other.heard()).isEqualTo("A");
    assertThat(uart.read8(IER)).isZero();
    assertThat(uart.read32(4)).isZero();
    assertThat(uart.read64(0) >>> 8).isZero();
  }

  @Test
  void registersCanLieApart() {
    DeviceProbe<Ns16550> wide =
        bench.plug(Ns16550Type.TYPE.create(new Ns16550.Props(null, 2, 1_843_200)));
    assertThat(wide.read32(5 << 2)).isEqualTo(0x60);
    assertThat(wide.read8(5 << 2)).isEqualTo(0x60);
    wide.write8(7 << 2, 0x42);
    assertThat(wide.read32(7 << 2)).isEqualTo(0x42);
    wide.write32(0, 'x');
    assertThat(wide.read32(5 << 2)).isEqualTo(0x60);
  }

  // Sending.

  @Test
  void sendsInOrderAndTellsThatItIsEmpty() {
    open();
    send("hello");
    assertThat(other.heard()).isEqualTo("hello");
    assertThat(uart.read8(LSR)).isEqualTo(0x60);
    assertThat(irq).isLow();
  }

  @Test
  void enablingTheEmptyInterruptRaisesItAndIdentifyingClearsIt() {
    for (int i = 0; i < 2; i++) { // Linux tries it twice, to find UARTs that do not
      uart.write8(IER, 0x02);
      assertThat(irq).isHigh();
      assertThat(uart.peek(IIR, 1)).isEqualTo(0x02);
      assertThat(uart.read8(IIR)).isEqualTo(0x02);
      assertThat(irq).isLow();
      assertThat(uart.read8(IIR)).isEqualTo(0x01);
      uart.write8(IER, 0x02); // was enabled already
      assertThat(irq).isLow();
      uart.write8(IER, 0x00);
    }
  }

  @Test
  void eachCharacterSentInterruptsAgain() {
    uart.write8(IER, 0x02);
    uart.read8(IIR);
    send("a");
    assertThat(irq).isHigh();
    send("b");
    assertThat(irq).isHigh().hasRisen(2);
    uart.read8(IIR);
    assertThat(irq).isLow();
    uart.write8(IER, 0);
    send("c");
    assertThat(irq).isLow();
  }

  @Test
  void aCharacterWaitsForRoomAndTheFifoBehindIt() throws InterruptedException {
    open();
    uart.write8(IER, 0x02);
    uart.read8(IIR);
    other.room(0);
    send("a"); // into the shift register
    assertThat(uart.read8(LSR)).isEqualTo(0x20);
    assertThat(uart.read8(IIR)).isEqualTo(0xc2);
    send("0123456789abcdef!"); // sixteen into the FIFO, and one that is lost
    assertThat(uart.read8(LSR)).isZero();
    assertThat(irq).isLow();
    other.room(16);
    bench.awaitPosts();
    assertThat(other.heard()).isEqualTo("a0123456789abcde");
    assertThat(uart.read8(LSR)).isEqualTo(0x20);
    assertThat(irq).isHigh();
    other.room(100);
    bench.awaitPosts();
    assertThat(other.heard()).isEqualTo("a0123456789abcdef");
    assertThat(uart.read8(LSR)).isEqualTo(0x60);
  }

  @Test
  void withoutFifosTheHoldingRegisterIsOverwritten() throws InterruptedException {
    other.room(0);
    send("abc");
    assertThat(uart.read8(LSR)).isZero();
    other.room(10);
    bench.awaitPosts();
    assertThat(other.heard()).isEqualTo("ac");
  }

  @Test
  void resettingTheTransmitterDropsWhatItHolds() throws InterruptedException {
    open();
    uart.write8(IER, 0x02);
    other.room(0);
    send("abc");
    assertThat(irq).isLow();
    uart.write8(FCR, 0x85);
    assertThat(irq).isHigh();
    assertThat(uart.read8(LSR)).isEqualTo(0x20);
    other.room(10);
    bench.awaitPosts();
    assertThat(other.heard()).isEqualTo("a");
  }

  @Test
  void breaksAreSentOnce() {
    uart.write8(LCR, 0x43);
    uart.write8(LCR, 0x43);
    assertThat(other.breaks()).isEqualTo(1);
    uart.write8(LCR, 0x03);
    uart.write8(LCR, 0x43);
    assertThat(other.breaks()).isEqualTo(2);
  }

  @Test
  void withoutAnotherEndWhatIsSentIsLost() {
    DeviceProbe<Ns16550> alone = bench.plug(Ns16550.of(null));
    alone.write8(DATA, 'x');
    alone.write8(FCR, 1);
    alone.write8(LCR, 0x40);
    assertThat(alone.read8(LSR)).isEqualTo(0x60);
  }

  // Receiving.

  @Test
  void withoutFifosEachCharacterInterrupts() throws InterruptedException {
    uart.write8(IER, 0x01);
    say("abc");
    assertThat(other.unsaid()).isEqualTo(2);
    assertThat(irq).isHigh();
    assertThat(uart.read8(IIR)).isEqualTo(0x04);
    assertThat(uart.read8(LSR)).isEqualTo(0x61);
    assertThat(uart.peek(DATA, 1)).isEqualTo('a');
    assertThat(uart.read8(DATA)).isEqualTo('a');
    bench.awaitPosts();
    assertThat(uart.read8(DATA)).isEqualTo('b');
    bench.awaitPosts();
    assertThat(uart.read8(DATA)).isEqualTo('c');
    bench.awaitPosts();
    assertThat(irq).isLow().hasRisen(3);
    assertThat(uart.read8(LSR)).isEqualTo(0x60);
  }

  @Test
  void triggerLevelsHoldTheInterruptBack() throws InterruptedException {
    open();
    int[] levels = {1, 4, 8, 14};
    for (int i = 0; i < 4; i++) {
      uart.write8(FCR, i << 6 | 0x03);
      uart.write8(IER, 0x01);
      say("x".repeat(levels[i] - 1));
      assertThat(irq).isLow();
      say("y");
      assertThat(irq).isHigh();
      assertThat(uart.read8(IIR)).isEqualTo(0xc4);
      uart.read8(DATA);
      assertThat(irq).isLow();
    }
  }

  @Test
  void charactersThatWaitTimeOut() throws InterruptedException {
    open();
    uart.write8(IER, 0x01);
    say("ab");
    clock.advance(FOUR_CHARACTERS - 10);
    assertThat(irq).isLow();
    clock.advance(10);
    assertThat(irq).isHigh();
    assertThat(uart.read8(IIR)).isEqualTo(0xcc);
    assertThat(uart.read8(IIR)).isEqualTo(0xcc);
    uart.read8(DATA); // a read begins the time again
    assertThat(irq).isLow();
    clock.advance(FOUR_CHARACTERS);
    assertThat(irq).isHigh();
    uart.read8(DATA);
    clock.advance(10 * FOUR_CHARACTERS);
    assertThat(irq).isLow();
  }

  @Test
  void arrivalsBeginTheTimeoutAgain() throws InterruptedException {
    open();
    uart.write8(IER, 0x01);
    say("a");
    clock.advance(FOUR_CHARACTERS - 1);
    say("b");
    clock.advance(FOUR_CHARACTERS - 1);
    assertThat(irq).isLow();
    clock.advance(1);
    assertThat(irq).isHigh();
  }

  @Test
  void theOtherEndWaitsWhileTheFifoIsFull() throws InterruptedException {
    open();
    String text = "The quick brown fox jumps over the lazy dog.";
    say(text);
    assertThat(other.unsaid()).isEqualTo(text.length() - 16);
    var out = new StringBuilder();
    while (out.length() < text.length()) {
      out.append(receive());
      bench.awaitPosts();
    }
    assertThat(out).hasToString(text);
    assertThat(uart.read8(LSR)).isEqualTo(0x60);
  }

  @Test
  void switchingFifosAndResettingThemDropsWhatIsThere() throws InterruptedException {
    open();
    say("abc");
    uart.write8(FCR, 0x80); // bit 0 is clear: off, and nothing else is programmed
    assertThat(uart.read8(LSR)).isEqualTo(0x60);
    assertThat(uart.read8(IIR)).isEqualTo(0x01);
    say("d");
    uart.write8(FCR, 0x02); // FIFOs are off: does nothing
    assertThat(uart.read8(LSR)).isEqualTo(0x61);
    uart.write8(FCR, 0x01);
    assertThat(uart.read8(LSR)).isEqualTo(0x60);
    say("e");
    uart.write8(FCR, 0x03);
    assertThat(receive()).isEmpty();
  }

  @Test
  void aBreakIsAZeroWithItsMark() throws InterruptedException {
    open();
    uart.write8(IER, 0x04);
    say("a");
    other.sayBreak();
    bench.awaitPosts();
    say("b");
    assertThat(irq).isLow(); // until the break is the next to be read
    assertThat(uart.read8(LSR)).isEqualTo(0xe1);
    assertThat(uart.read8(DATA)).isEqualTo('a');
    assertThat(irq).isHigh();
    assertThat(uart.read8(IIR)).isEqualTo(0xc6);
    assertThat(uart.peek(LSR, 1)).isEqualTo(0xf1);
    assertThat(uart.read8(LSR)).isEqualTo(0xf1);
    assertThat(irq).isLow();
    assertThat(uart.read8(LSR)).isEqualTo(0x61);
    assertThat(uart.read8(DATA)).isZero();
    assertThat(uart.read8(DATA)).isEqualTo('b');
  }

  // Loopback and modem lines.

  @Test
  void loopbackReceivesWhatIsSentAndOverruns() throws InterruptedException {
    open();
    uart.write8(MCR, 0x10);
    uart.write8(IER, 0x04);
    send("0123456789abcdef");
    assertThat(irq).isLow();
    send("g");
    assertThat(irq).isHigh();
    assertThat(uart.read8(LSR)).isEqualTo(0x63);
    assertThat(irq).isLow();
    say("not while looped");
    assertThat(receive()).isEqualTo("0123456789abcdef");
    assertThat(other.heard()).isEmpty();
    uart.write8(MCR, 0);
    bench.awaitPosts();
    assertThat(receive()).isEqualTo("not while looped");
  }

  @Test
  void withoutFifosAnOverrunKeepsTheLast() {
    uart.write8(MCR, 0x10);
    send("ab");
    assertThat(uart.read8(LSR)).isEqualTo(0x63);
    assertThat(uart.read8(DATA)).isEqualTo('b');
  }

  @Test
  void loopbackConnectsTheModemLines() {
    uart.write8(MCR, 0x1a); // as Linux looks for a UART
    assertThat(uart.read8(MSR) & 0xf0).isEqualTo(0x90);
    uart.write8(MCR, 0x11);
    assertThat(uart.read8(MSR)).isEqualTo(0x20 | 0x0b);
    assertThat(uart.read8(MSR)).isEqualTo(0x20);
    uart.write8(IER, 0x08);
    uart.write8(MCR, 0x15); // RI begins: no change
    assertThat(irq).isLow();
    uart.write8(MCR, 0x11); // RI ends
    assertThat(irq).isHigh();
    assertThat(uart.read8(IIR)).isZero();
    assertThat(uart.peek(MSR, 1)).isEqualTo(0x24);
    assertThat(uart.read8(MSR)).isEqualTo(0x24);
    assertThat(irq).isLow();
  }

  @Test
  void interruptsComeInTheirOrder() throws InterruptedException {
    uart.write8(MCR, 0x10);
    send("ab"); // overrun, data
    uart.write8(MCR, 0x11); // modem
    uart.write8(IER, 0x0f);
    assertThat(uart.read8(IIR)).isEqualTo(0x06);
    uart.read8(LSR);
    assertThat(uart.read8(IIR)).isEqualTo(0x04);
    uart.read8(DATA);
    assertThat(uart.read8(IIR)).isEqualTo(0x02);
    assertThat(uart.read8(IIR)).isEqualTo(0x00);
    uart.read8(MSR);
    assertThat(uart.read8(IIR)).isEqualTo(0x01);
    assertThat(irq).isLow();
  }

  // Life.

  @Test
  void resetForgetsEverything() throws InterruptedException {
    open();
    uart.write8(IER, 0x03);
    say("abcdefghi");
    assertThat(irq).isHigh();
    uart.reset();
    assertThat(irq).isLow();
    assertResetValues();
    clock.advance(FOUR_CHARACTERS * 100);
    assertThat(irq).isLow();
  }

  @Test
  void allComesBack() throws InterruptedException {
    open();
    uart.write8(IER, 0x05);
    say("ab");
    other.sayBreak();
    bench.awaitPosts();
    other.room(0);
    send("xyz");
    uart.saveAndRestore();
    assertThat(irq).isLow();
    clock.advance(FOUR_CHARACTERS);
    assertThat(irq).isHigh();
    assertThat(uart.read8(DATA)).isEqualTo('a');
    uart.saveAndRestore();
    assertThat(uart.read8(DATA)).isEqualTo('b');
    uart.saveAndRestore();
    assertThat(uart.read8(LSR)).isEqualTo(0x91);
    other.room(10);
    bench.awaitPosts();
    assertThat(other.heard()).isEqualTo("xyz");
  }

  @Test
  void nothingAGuestDoesIsAFailure() {
    DeviceContract.checkSurvives(bench, uart, 1, 20_000);
    uart.reset();
    DeviceContract.checkResetValues(uart);
  }

  @Test
  void norWhatComesMeanwhile() throws InterruptedException {
    long seed = 2;
    System.out.println("seed " + seed);
    var random = new SplittableRandom(seed);
    for (int i = 0; i < 5_000; i++) {
      switch (random.nextInt(6)) {
        case 0 -> other.say("x".repeat(random.nextInt(20)));
        case 1 -> other.room(random.nextInt(20));
        case 2 -> uart.read8(random.nextInt(8));
        case 3 -> uart.read8(DATA);
        case 4 -> uart.write8(random.nextInt(8), random.nextInt(256));
        default -> clock.advance(random.nextInt(1_000_000));
      }
      if (i % 100 == 0) {
        other.sayBreak();
        bench.awaitPosts();
      }
    }
    assertThat(bench.machine().failure()).isNull();
  }

  @Test
  void itIsDescribed() {
    uart.device().connect("irq", new IrqLine("in"));
    bench.machine().describe();
    HardwareNode node = uart.device().node();
    assertThat(node.fullName()).isEqualTo("serial@10000000");
    assertThat(node.get("compatible")).isEqualTo(new HardwareNode.Strings(List.of("ns16550a")));
    assertThat(node.get("clock-frequency"))
        .isEqualTo(new HardwareNode.Cells(List.of(new HardwareNode.Cell.U32(3_686_400))));
    assertThat(node.get("reg"))
        .isEqualTo(new HardwareNode.Ranges(List.of(new HardwareNode.Range(0x1000_0000, 0x100))));
  }
}
