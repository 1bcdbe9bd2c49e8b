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
class GoldfishRtcTest {
  private static final long TIME_LOW = 0x00;
  private static final long TIME_HIGH = 0x04;
  private static final long ALARM_LOW = 0x08;
  private static final long ALARM_HIGH = 0x0c;
  private static final long IRQ_ENABLED = 0x10;
  private static final long CLEAR_ALARM = 0x14;
  private static final long ALARM_STATUS = 0x18;
  private static final long CLEAR_INTERRUPT = 0x1c;
  private static final long START = TestBench.START.getEpochSecond() * 1_000_000_000L;

  private final TestBench bench = new TestBench();
  private final ManualClock clock = bench.clock();
  private final DeviceProbe<GoldfishRtc> rtc = bench.plug(GoldfishRtc.of());
  private final IrqProbe irq = rtc.irq("alarm");

  @AfterEach
  void close() {
    bench.close();
  }

  private long time() {
    long low = Integer.toUnsignedLong(rtc.read32(TIME_LOW));
    return low | ((long) rtc.read32(TIME_HIGH) << 32);
  }

  private void alarm(long time) {
    rtc.write32(ALARM_HIGH, (int) (time >>> 32));
    rtc.write32(ALARM_LOW, (int) time);
  }

  @Test
  void tellsTheDate() {
    assertThat(time()).isEqualTo(START);
    clock.advance(5_000_000_000L);
    assertThat(time()).isEqualTo(START + 5_000_000_000L);
  }

  @Test
  void theUpperHalfBelongsToTheLowerHalfReadLast() {
    rtc.write32(TIME_HIGH, 7);
    rtc.write32(TIME_LOW, -1);
    assertThat(rtc.read32(TIME_LOW)).isEqualTo(-1);
    clock.advance(1);
    assertThat(rtc.peek(TIME_LOW, 4)).isZero();
    assertThat(rtc.read32(TIME_HIGH)).isEqualTo(7);
    assertThat(time()).isEqualTo(8L << 32);
  }

  @Test
  void alarmRaisesItsLineOnTime() {
    rtc.write32(IRQ_ENABLED, 1);
    alarm(START + 1_000);
    assertThat(rtc.read32(ALARM_STATUS)).isEqualTo(1);
    clock.advance(999);
    assertThat(irq).isLow();
    clock.advance(1);
    assertThat(irq).isHigh();
    assertThat(rtc.read32(ALARM_STATUS)).isZero();
    rtc.write32(CLEAR_INTERRUPT, 1);
    assertThat(irq).isLow();
  }

  @Test
  void alarmInThePastGoesOffAtOnceAndWaitsForBeingEnabled() {
    alarm(START - 1);
    assertThat(irq).isLow();
    rtc.write32(IRQ_ENABLED, 1);
    assertThat(irq).isHigh();
    rtc.write32(IRQ_ENABLED, 0);
    assertThat(irq).isLow();
  }

  @Test
  void clearedAlarmDoesNotGoOff() {
    rtc.write32(IRQ_ENABLED, 1);
    alarm(START + 10);
    rtc.write32(CLEAR_ALARM, 0);
    clock.advance(100);
    assertThat(irq).isLow();
    alarm(-1); // in five hundred years
    clock.advance(1_000_000_000_000L);
    assertThat(irq).isLow();
  }

  @Test
  void settingTheTimePastTheAlarmSetsItOff() {
    rtc.write32(IRQ_ENABLED, 1);
    alarm(START + (10L << 32));
    rtc.write32(TIME_HIGH, (int) (START >>> 32) + 11);
    clock.advance(0);
    assertThat(irq).isHigh();
  }

  @Test
  void resetKeepsTheTimeAndNothingElse() {
    rtc.write32(TIME_HIGH, 1);
    rtc.write32(TIME_LOW, 0);
    rtc.write32(IRQ_ENABLED, 1);
    alarm(0);
    assertThat(irq).isHigh();
    rtc.reset();
    assertThat(irq).isLow();
    assertThat(rtc.read32(IRQ_ENABLED)).isZero();
    assertThat(time()).isEqualTo(1L << 32);
  }

  @Test
  void restoredAlarmStillGoesOff() {
    rtc.write32(IRQ_ENABLED, 1);
    alarm(START + 500);
    clock.advance(100);
    rtc.saveAndRestore();
    assertThat(irq).isLow();
    clock.advance(400);
    assertThat(irq).isHigh();
    rtc.saveAndRestore();
    assertThat(irq).isHigh();
  }
}
