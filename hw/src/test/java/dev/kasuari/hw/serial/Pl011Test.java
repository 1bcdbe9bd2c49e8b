package dev.kasuari.hw.serial;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.testkit.DeviceContract;
import dev.kasuari.testkit.DeviceProbe;
import dev.kasuari.testkit.IrqProbe;
import dev.kasuari.testkit.TestBench;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class Pl011Test {
  private static final long DR = 0x00;
  private static final long RSR = 0x04;
  private static final long FR = 0x18;
  private static final long IBRD = 0x24;
  private static final long FBRD = 0x28;
  private static final long LCR_H = 0x2c;
  private static final long CR = 0x30;
  private static final long IFLS = 0x34;
  private static final long IMSC = 0x38;
  private static final long RIS = 0x3c;
  private static final long MIS = 0x40;
  private static final long ICR = 0x44;
  private static final long DMACR = 0x48;

  private static final int RX = 0x10;
  private static final int TX = 0x20;
  private static final int RT = 0x40;
  private static final int BE = 0x200;
  private static final int OE = 0x400;
  private static final int RXFE = 0x10;
  private static final int TXFF = 0x20;
  private static final int RXFF = 0x40;

  /** 24 MHz / 16 / (13 + 1/64) is 115,245 baud: 32 bits take 277 us. */
  private static final long THIRTY_TWO_BITS = 277_667;

  private final TestBench bench = new TestBench();
  private final OtherEnd other = new OtherEnd();
  private final DeviceProbe<Pl011> uart = bench.plug(Pl011.of(other));
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
    text.chars().forEach(c -> uart.write32(DR, c));
  }

  private String receive() {
    var out = new StringBuilder();
    while ((uart.read32(FR) & RXFE) == 0) {
      out.append((char) (uart.read32(DR) & 0xff));
    }
    return out.toString();
  }

  /** 115200 baud, 8N1, FIFOs that interrupt at half. */
  private void open() {
    uart.write32(CR, 0);
    uart.write32(IBRD, 13);
    uart.write32(FBRD, 1);
    uart.write32(LCR_H, 0x70);
    uart.write32(IFLS, 0x12);
    uart.write32(CR, 0x301);
  }

  @Test
  void resetValuesAreTheManuals() {
    assertThat(uart.read32(FR) & 0xf8).isEqualTo(0x90);
    assertThat(uart.read32(CR)).isEqualTo(0x300);
    assertThat(uart.read32(IFLS)).isEqualTo(0x12);
    for (long register : new long[] {RSR, IBRD, FBRD, LCR_H, IMSC, RIS, MIS, DMACR}) {
      assertThat(uart.read32(register)).isZero();
    }
    assertThat(irq).isLow();
  }

  @Test
  void saysWhatItIs() {
    int[] expected = {0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
    for (int i = 0; i < expected.length; i++) {
      assertThat(uart.read32(0xfe0 + 4 * i)).isEqualTo(expected[i]);
    }
  }

  @Test
  void registersKeepTheBitsTheyHave() {
    uart.write32(IBRD, -1);
    uart.write32(FBRD, -1);
    uart.write32(IFLS, -1);
    uart.write32(IMSC, -1);
    uart.write32(DMACR, -1);
    uart.write32(CR, -1);
    assertThat(uart.read32(IBRD)).isEqualTo(0xffff);
    assertThat(uart.read32(FBRD)).isEqualTo(0x3f);
    assertThat(uart.read32(IFLS)).isEqualTo(0x3f);
    assertThat(uart.read32(IMSC)).isEqualTo(0x7ff);
    assertThat(uart.read32(DMACR)).isEqualTo(0x7);
    assertThat(uart.read32(CR)).isEqualTo(0xff87);
  }

  @Test
  void narrowAccessesReachARegister() {
    uart.write8(DR, 'a');
    uart.write16(DR, 'b');
    assertThat(other.heard()).isEqualTo("ab");
    assertThat(uart.read16(FR)).isEqualTo(uart.read32(FR));
  }

  // Sending.

  @Test
  void sendsWithoutBeingSetUp() {
    send("early");
    assertThat(other.heard()).isEqualTo("early");
  }

  @Test
  void interruptsWhenItHasSent() {
    IrqProbe tx = uart.irq("tx");
    open();
    uart.write32(IMSC, TX);
    assertThat(irq).as("only what passes the level interrupts").isLow();
    send("x");
    assertThat(irq).isHigh();
    assertThat(tx).isHigh();
    assertThat(uart.read32(MIS)).isEqualTo(TX);
    uart.write32(ICR, TX);
    assertThat(irq).isLow();
  }

  @Test
  void keepsWhatTheOtherEndHasNoRoomFor() throws InterruptedException {
    open();
    uart.write32(IMSC, TX);
    other.room(0);
    send("0123456789abcdef");
    assertThat(uart.read32(FR) & 0xa8).as("busy, not full, not empty").isEqualTo(0x08);
    send("g");
    assertThat(uart.read32(FR) & TXFF).isEqualTo(TXFF);
    send("lost");
    assertThat(irq).isLow();
    other.room(8);
    bench.awaitPosts();
    assertThat(irq).as("nine wait, one more than half").isLow();
    other.room(1);
    bench.awaitPosts();
    assertThat(irq).isHigh();
    other.room(100);
    bench.awaitPosts();
    assertThat(other.heard()).isEqualTo("0123456789abcdefg");
    assertThat(uart.read32(FR) & 0xa8).isEqualTo(0x80);
  }

  @Test
  void sendsBreak() {
    uart.write32(LCR_H, 0x71);
    uart.write32(LCR_H, 0x71);
    uart.write32(LCR_H, 0x70);
    assertThat(other.breaks()).isEqualTo(1);
  }

  // Receiving.

  @Test
  void takesOneCharacterWithoutFifos() throws InterruptedException {
    uart.write32(IMSC, RX);
    say("ab");
    assertThat(irq).isHigh();
    assertThat(uart.read32(FR) & (RXFE | RXFF)).isEqualTo(RXFF);
    assertThat(uart.read32(DR)).isEqualTo('a');
    bench.awaitPosts();
    assertThat(uart.read32(DR)).isEqualTo('b');
    assertThat(irq).isLow();
    assertThat(uart.read32(FR) & RXFE).isEqualTo(RXFE);
  }

  @Test
  void interruptsAtTheLevelAndUntilBelow() throws InterruptedException {
    int[] levels = {2, 4, 8, 12, 14};
    for (int i = 0; i < levels.length; i++) {
      open();
      uart.write32(IFLS, i << 3);
      uart.write32(IMSC, RX);
      say("x".repeat(levels[i] - 1));
      assertThat(irq).isLow();
      say("y");
      assertThat(irq).isHigh();
      uart.read32(DR);
      assertThat(irq).isLow();
      uart.write32(LCR_H, 0);
    }
  }

  @Test
  void interruptsWhenFewCharactersHaveWaited() throws InterruptedException {
    IrqProbe timeout = uart.irq("rt");
    open();
    uart.write32(IMSC, RX | RT);
    say("x");
    bench.clock().advance(THIRTY_TWO_BITS - 2000);
    say("y");
    bench.clock().advance(THIRTY_TWO_BITS - 2000);
    assertThat(irq).isLow();
    bench.clock().advance(4000);
    bench.awaitPosts();
    assertThat(irq).isHigh();
    assertThat(timeout).isHigh();
    assertThat(uart.read32(RIS)).isEqualTo(RT);
    uart.read32(DR);
    assertThat(irq).isHigh();
    uart.read32(DR);
    assertThat(irq).as("all is read").isLow();
    bench.clock().advance(10 * THIRTY_TWO_BITS);
    bench.awaitPosts();
    assertThat(irq).isLow();
  }

  @Test
  void losesNothingThatComesFast() throws InterruptedException {
    open();
    say("The quick brown fox jumps over the lazy dog");
    var heard = new StringBuilder();
    for (int i = 0; i < 10; i++) {
      heard.append(receive());
      bench.awaitPosts();
    }
    assertThat(heard).hasToString("The quick brown fox jumps over the lazy dog");
  }

  @Test
  void aBreakIsACharacterWithAnError() throws InterruptedException {
    IrqProbe error = uart.irq("e");
    open();
    uart.write32(IMSC, 0x780);
    say("a");
    other.sayBreak();
    bench.awaitPosts();
    assertThat(error).isHigh();
    assertThat(uart.read32(RIS)).isEqualTo(BE);
    assertThat(uart.read32(DR)).isEqualTo('a');
    assertThat(uart.read32(RSR)).isZero();
    assertThat(uart.read32(DR)).isEqualTo(0x400);
    assertThat(uart.read32(RSR)).isEqualTo(0x4);
    uart.write32(RSR, 0);
    assertThat(uart.read32(RSR)).isZero();
    uart.write32(ICR, BE);
    assertThat(error).isLow();
  }

  // Loopback.

  @Test
  void hearsItselfInLoopback() throws InterruptedException {
    open();
    uart.write32(CR, 0x381);
    send("echo");
    say("outside");
    assertThat(receive()).isEqualTo("echo");
    assertThat(other.heard()).isEmpty();
    uart.write32(CR, 0x301);
    bench.awaitPosts();
    assertThat(receive()).isEqualTo("outside");
  }

  @Test
  void losesWhatAFullFifoHasNoRoomFor() {
    open();
    uart.write32(CR, 0x381);
    send("0123456789abcdefXY");
    assertThat(uart.read32(RIS) & OE).isEqualTo(OE);
    assertThat(uart.read32(RSR)).isEqualTo(0x8);
    assertThat(uart.read32(DR)).isEqualTo(0x800 | '0');
    send("g");
    assertThat(receive()).isEqualTo("123456789abcdefg");
    assertThat(uart.read32(RSR)).as("until it is cleared").isEqualTo(0x8);
  }

  @Test
  void loopsTheModemLines() {
    IrqProbe modem = uart.irq("ms");
    uart.write32(CR, 0x380);
    uart.write32(ICR, 0x7ff);
    uart.write32(IMSC, 0xf);
    uart.write32(CR, 0x380 | 0x3c00);
    assertThat(uart.read32(FR) & 0x107).isEqualTo(0x107);
    assertThat(uart.read32(RIS)).isEqualTo(0xf);
    assertThat(modem).isHigh();
    uart.write32(ICR, 0xf);
    uart.write32(CR, 0x380 | 0x0800);
    assertThat(uart.read32(FR) & 0x107).as("RTS is CTS").isEqualTo(0x001);
    assertThat(uart.read32(RIS)).isEqualTo(0xd);
  }

  // The house.

  @Test
  void comesBackWithWhatWaits() throws InterruptedException {
    open();
    uart.write32(IMSC, RX | RT);
    say("kept");
    other.room(0);
    send("to send");
    uart.saveAndRestore();
    other.room(100);
    bench.awaitPosts();
    assertThat(other.heard()).isEqualTo("to send");
    bench.clock().advance(THIRTY_TWO_BITS);
    bench.awaitPosts();
    assertThat(irq).isHigh();
    assertThat(receive()).isEqualTo("kept");
  }

  @Test
  void survivesAnyGuest() {
    DeviceContract.checkSurvives(bench, uart, 1, 5000);
  }

  @Test
  void isDescribedAsBoardsWireIt() {
    var clock = new HardwareNode("apb-pclk");
    uart.device().clock("uartclk", clock);
    uart.device().clock("apb_pclk", clock);
    uart.device().connect("irq", new IrqLine("irq1"));
    bench.machine().describe();
    HardwareNode node = uart.device().node();
    assertThat(node.name()).isEqualTo("pl011");
    assertThat(node.get("compatible"))
        .isEqualTo(new HardwareNode.Strings(List.of("arm,pl011", "arm,primecell")));
    assertThat(node.get("clock-names"))
        .isEqualTo(new HardwareNode.Strings(List.of("uartclk", "apb_pclk")));
    var reference = new HardwareNode.Cell.Reference(clock);
    assertThat(node.get("clocks")).isEqualTo(new HardwareNode.Cells(List.of(reference, reference)));
  }
}
