package dev.kasuari.target.riscv.sbi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.riscv.cpu.HartFixture;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import dev.kasuari.target.riscv.cpu.TrapCause;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class PerformanceTest {
  private static final int PMU = 0x504d55;
  private static final int TIME = 0x54494d45;
  private static final int IPI = 0x735049;
  private static final long INVALID_PARAM = -3;
  private static final long NOT_SUPPORTED = -2;
  private static final long ALREADY_STARTED = -7;
  private static final long ALREADY_STOPPED = -8;

  private static final long ALL = 0x7_ffff;
  private static final int CYCLES = 1;
  private static final int INSTRUCTIONS = 2;
  private static final int TIMERS_SET = 0xf_0005;
  private static final int IPIS_SENT = 0xf_0006;
  private static final int IPIS_RECEIVED = 0xf_0007;
  private static final int CLEAR_VALUE = 2;
  private static final int AUTO_START = 4;

  private final HartFixture fixture = new HartFixture(RiscvModel.rv64(), 2);
  private final RiscvCpu hart = fixture.hart;

  PerformanceTest() {
    boot(fixture);
  }

  private static void boot(HartFixture fixture) {
    var console =
        new SbiConsole() {
          @Override
          public int write(byte[] bytes) {
            return bytes.length;
          }

          @Override
          public int read() {
            return -1;
          }
        };
    var sbi = new Sbi(fixture.machine, fixture.harts, console);
    sbi.boot(HartFixture.RAM, 0);
    fixture.harts.forEach(RiscvCpu::reset);
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private static long error(RiscvCpu caller, int extension, int function, long... arguments) {
    for (int i = 0; i < 6; i++) {
      caller.setX(10 + i, i < arguments.length ? arguments[i] : 0);
    }
    caller.setX(16, function);
    caller.setX(17, extension);
    caller.raise(TrapCause.ECALL_FROM_S, 0);
    return caller.x(10);
  }

  private long error(int function, long... arguments) {
    return error(hart, PMU, function, arguments);
  }

  private long value(int function, long... arguments) {
    assertThat(error(function, arguments)).isZero();
    return hart.x(11);
  }

  @Test
  void saysWhatCountersThereAre() {
    assertThat(value(0)).isEqualTo(19);
    assertThat(value(1, 0)).isEqualTo(63 << 12 | 0xc00);
    assertThat(error(1, 1)).isEqualTo(INVALID_PARAM);
    assertThat(value(1, 2)).isEqualTo(63 << 12 | 0xc02);
    for (int i = 3; i < 19; i++) {
      assertThat(value(1, i)).isEqualTo(Long.MIN_VALUE);
    }
    assertThat(error(1, 19)).isEqualTo(INVALID_PARAM);
    assertThat(error(1, -1)).isEqualTo(INVALID_PARAM);
  }

  @Test
  void choosesACounterForAnEvent() {
    assertThat(value(2, 0, ALL, 0, CYCLES)).isZero();
    assertThat(error(2, 0, ALL, 0, CYCLES)).as("it is taken").isEqualTo(NOT_SUPPORTED);
    assertThat(value(2, 0, ALL, 0, INSTRUCTIONS)).isEqualTo(2);
    assertThat(value(2, 0, ALL, 0, TIMERS_SET)).isEqualTo(3);
    assertThat(value(2, 10, 3, 0, TIMERS_SET)).isEqualTo(10);
    assertThat(error(2, 0, ALL, 0, 3)).as("cache references").isEqualTo(NOT_SUPPORTED);
    assertThat(error(2, 0, ALL, 0, 0xf_ffff)).as("platform").isEqualTo(NOT_SUPPORTED);
    assertThat(error(2, 0, 1 << 19, 0, TIMERS_SET)).isEqualTo(INVALID_PARAM);
    assertThat(error(2, 0, 0, 0, TIMERS_SET)).isEqualTo(INVALID_PARAM);
    assertThat(error(2, 4, 1, 1, 0)).as("not configured").isEqualTo(INVALID_PARAM);
    assertThat(value(2, 3, 1, 1, 0)).as("already chosen").isEqualTo(3);
  }

  @Test
  void firmwareCountersCountWhileTheyRun() {
    int counter = (int) value(2, 0, ALL, 0, TIMERS_SET);
    assertThat(error(hart, TIME, 0, -1)).isZero();
    assertThat(value(5, counter)).as("not started").isZero();
    assertThat(error(3, counter, 1, 1, 40)).isZero();
    assertThat(error(3, counter, 1, 0, 0)).isEqualTo(ALREADY_STARTED);
    error(hart, TIME, 0, -1);
    error(hart, TIME, 0, -1);
    assertThat(value(5, counter)).isEqualTo(42);
    assertThat(value(6, counter)).as("upper half").isZero();
    assertThat(error(4, counter, 1, 0)).isZero();
    assertThat(error(4, counter, 1, 0)).isEqualTo(ALREADY_STOPPED);
    error(hart, TIME, 0, -1);
    assertThat(value(5, counter)).isEqualTo(42);
    assertThat(error(3, counter, 1, 0)).isZero();
    error(hart, TIME, 0, -1);
    assertThat(value(5, counter)).isEqualTo(43);
    assertThat(error(4, counter, 1, 1)).isZero();
    assertThat(error(3, counter, 1, 0)).as("given up").isEqualTo(INVALID_PARAM);
  }

  @Test
  void interruptsAreCountedWhereTheyAreSentAndReceived() {
    int flags = CLEAR_VALUE | AUTO_START;
    int sent = (int) value(2, 0, ALL, flags, IPIS_SENT);
    int received = (int) value(2, 0, ALL, flags, IPIS_RECEIVED);
    assertThat(error(hart, IPI, 0, 1, 0)).isZero();
    assertThat(value(5, sent)).isEqualTo(1);
    assertThat(value(5, received)).isEqualTo(1);
  }

  @Test
  void hardwareCountersAreStartedStoppedAndSet() {
    assertThat(value(2, 0, ALL, CLEAR_VALUE, CYCLES)).isZero();
    assertThat(error(3, 0, 1, 1, 1_000)).isZero();
    assertThat(fixture.csr("mcountinhibit")).isZero();
    assertThat(error(4, 0, 1, 0)).isZero();
    assertThat(fixture.csr("mcountinhibit")).isEqualTo(1);
    assertThat(fixture.csr("mcycle")).isBetween(999L, 1_001L);
    assertThat(error(5, 0)).as("no firmware counter").isEqualTo(INVALID_PARAM);
    error(4, 0, 1, 1);
    assertThat(fixture.csr("mcountinhibit")).as("free again").isZero();
  }

  @Test
  void with32BitsValuesComeInTwoHalves() {
    try (var narrow = new HartFixture(RiscvModel.rv32(), 1)) {
      boot(narrow);
      RiscvCpu small = narrow.hart;
      assertThat(error(small, PMU, 1, 3)).isZero();
      assertThat(small.x(11)).isEqualTo(Integer.MIN_VALUE);
      assertThat(error(small, PMU, 2, 0, ALL, 0, TIMERS_SET)).isZero();
      assertThat(error(small, PMU, 3, 3, 1, 1, 0xffff_ffffL, 7)).isZero();
      error(small, TIME, 0, -1, -1);
      assertThat(error(small, PMU, 5, 3)).isZero();
      assertThat(small.x(11)).isZero();
      assertThat(error(small, PMU, 6, 3)).isZero();
      assertThat(small.x(11)).isEqualTo(8);
    }
  }
}
