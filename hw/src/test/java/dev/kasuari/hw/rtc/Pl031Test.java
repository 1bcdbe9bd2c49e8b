package dev.kasuari.hw.rtc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.time.ManualClock;
import dev.kasuari.testkit.DeviceProbe;
import dev.kasuari.testkit.IrqProbe;
import dev.kasuari.testkit.TestBench;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class Pl031Test {
  private static final long DR = 0x00;
  private static final long MR = 0x04;
  private static final long LR = 0x08;
  private static final long CR = 0x0c;
  private static final long IMSC = 0x10;
  private static final long RIS = 0x14;
  private static final long MIS = 0x18;
  private static final long ICR = 0x1c;
  private static final long SECOND = 1_000_000_000L;

  private final TestBench bench = new TestBench();
  private final ManualClock clock = bench.clock();
  private final DeviceProbe<Pl031> rtc = bench.plug(Pl031.of());
  private final IrqProbe irq = rtc.irq("irq");
  private final int start = (int) TestBench.START.getEpochSecond();

  @AfterEach
  void close() {
    bench.close();
  }

  private void advance(long nanos) throws InterruptedException {
    clock.advance(nanos);
    bench.awaitPosts();
  }

  @Test
  void countsTheDatesSeconds() throws InterruptedException {
    assertThat(rtc.read32(DR)).isEqualTo(start);
    advance(SECOND - 1);
    assertThat(rtc.read32(DR)).isEqualTo(start);
    advance(1);
    assertThat(rtc.read32(DR)).isEqualTo(start + 1);
    rtc.write32(CR, 0);
    assertThat(rtc.read32(CR)).as("it cannot be stopped").isEqualTo(1);
  }

  @Test
  void saysWhatItIs() {
    int[] expected = {0x31, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
    for (int i = 0; i < expected.length; i++) {
      assertThat(rtc.read32(0xfe0 + 4 * i)).isEqualTo(expected[i]);
      assertThat(rtc.read8(0xfe0 + 4 * i)).as("as EDK2 reads it").isEqualTo(expected[i]);
    }
  }

  @Test
  void canBeSet() throws InterruptedException {
    rtc.write32(LR, 1000);
    assertThat(rtc.read32(LR)).isEqualTo(1000);
    assertThat(rtc.read32(DR)).isEqualTo(1000);
    advance(5 * SECOND);
    assertThat(rtc.read32(DR)).isEqualTo(1005);
    rtc.reset();
    assertThat(rtc.read32(DR)).as("the battery keeps it").isEqualTo(1005);
  }

  @Test
  void interruptsWhenItMatches() throws InterruptedException {
    advance(SECOND / 4);
    rtc.write32(IMSC, 1);
    rtc.write32(MR, start + 3);
    advance(SECOND * 11 / 4 - 1);
    assertThat(irq).isLow();
    advance(1);
    assertThat(irq).isHigh();
    assertThat(rtc.read32(RIS)).isEqualTo(1);
    assertThat(rtc.read32(MIS)).isEqualTo(1);
    rtc.write32(IMSC, 0);
    assertThat(irq).isLow();
    assertThat(rtc.read32(RIS)).isEqualTo(1);
    assertThat(rtc.read32(MIS)).isZero();
    rtc.write32(ICR, 0);
    assertThat(rtc.read32(RIS)).isEqualTo(1);
    rtc.write32(ICR, 1);
    assertThat(rtc.read32(RIS)).isZero();
    advance(100 * SECOND);
    assertThat(rtc.read32(RIS)).as("once").isZero();
  }

  @Test
  void matchesAtOnceAndAfterTheCounterWraps() throws InterruptedException {
    rtc.write32(MR, start);
    assertThat(rtc.read32(RIS)).isEqualTo(1);
    rtc.write32(ICR, 1);
    rtc.write32(LR, -2);
    rtc.write32(MR, 1);
    advance(3 * SECOND - 1);
    assertThat(rtc.read32(RIS)).isZero();
    advance(1);
    assertThat(rtc.read32(RIS)).isEqualTo(1);
    assertThat(rtc.read32(DR)).isEqualTo(1);
  }

  @Test
  void comesBackWithItsMatch() throws InterruptedException {
    rtc.write32(IMSC, 1);
    rtc.write32(MR, start + 2);
    rtc.saveAndRestore();
    advance(2 * SECOND);
    assertThat(irq).isHigh();
    rtc.saveAndRestore();
    assertThat(irq).isHigh();
  }
}
