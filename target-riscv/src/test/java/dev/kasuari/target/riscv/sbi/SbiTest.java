package dev.kasuari.target.riscv.sbi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.Shutdown;
import dev.kasuari.target.riscv.cpu.HartFixture;
import dev.kasuari.target.riscv.cpu.Privilege;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import dev.kasuari.target.riscv.cpu.TrapCause;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class SbiTest {
  private static final int BASE = 0x10;
  private static final int TIME = 0x54494d45;
  private static final int IPI = 0x735049;
  private static final int RFENCE = 0x52464e43;
  private static final int HSM = 0x48534d;
  private static final int SRST = 0x53525354;
  private static final int DBCN = 0x4442434e;

  private static final long RAM = HartFixture.RAM;
  private static final long ENTRY = RAM + 0x1000;
  private static final long SSIP = 2;
  private static final long STIP = 1 << 5;

  /** Keeps what is written and gives back what a test puts in. */
  private static final class Console implements SbiConsole {
    final ByteArrayOutputStream written = new ByteArrayOutputStream();
    final ArrayDeque<Integer> input = new ArrayDeque<>();
    int room = Integer.MAX_VALUE;

    @Override
    public int write(byte[] bytes) {
      int count = Math.min(room, bytes.length);
      written.write(bytes, 0, count);
      return count;
    }

    @Override
    public int read() {
      return input.isEmpty() ? -1 : input.remove();
    }
  }

  private final HartFixture fixture = new HartFixture(RiscvModel.rv64(), 4);
  private final Console console = new Console();
  private final RiscvCpu hart = fixture.hart;

  SbiTest() {
    var sbi = new Sbi(fixture.machine, fixture.harts, console);
    sbi.boot(ENTRY, 0xd7b);
    fixture.harts.forEach(RiscvCpu::reset);
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private void call(RiscvCpu caller, int extension, int function, long... arguments) {
    for (int i = 0; i < 6; i++) {
      caller.setX(10 + i, i < arguments.length ? arguments[i] : 0);
    }
    caller.setX(16, function);
    caller.setX(17, extension);
    caller.raise(TrapCause.ECALL_FROM_S, 0);
  }

  private long error(int extension, int function, long... arguments) {
    long pc = hart.pc();
    call(hart, extension, function, arguments);
    assertThat(hart.pc()).isEqualTo(pc + 4);
    assertThat(hart.privilege()).isEqualTo(Privilege.SUPERVISOR);
    return hart.x(10);
  }

  private long value(int extension, int function, long... arguments) {
    assertThat(error(extension, function, arguments)).isZero();
    return hart.x(11);
  }

  private RiscvCpu started(int index) {
    call(hart, HSM, 0, index, RAM, 0);
    return fixture.harts.get(index);
  }

  private static long csr(RiscvCpu hart, int number) {
    return hart.readCsr(number).orElseThrow();
  }

  private static boolean pending(RiscvCpu hart, long bit) {
    return (csr(hart, 0x344) & bit) != 0;
  }

  // ---- boot ------------------------------------------------------------------------------------

  @Test
  void theFirstHartStartsTheSupervisorAndTheOthersWait() {
    assertThat(hart.pc()).isEqualTo(ENTRY);
    assertThat(hart.privilege()).isEqualTo(Privilege.SUPERVISOR);
    assertThat(hart.x(10)).isZero();
    assertThat(hart.x(11)).isEqualTo(0xd7b);
    assertThat(csr(hart, 0x180)).as("satp").isZero();
    assertThat(csr(hart, 0x302)).as("medeleg").isEqualTo(0xb1ff);
    assertThat(csr(hart, 0x303)).as("mideleg").isEqualTo(0x222);
    assertThat(csr(hart, 0x30a)).as("menvcfg").isEqualTo(0xa000_0000_0000_00f0L);
    assertThat(hart.accessCsr(0xc01, RiscvCpu.CSR_READ, false, 0)).as("time").isTrue();
    assertThat(hart.accessCsr(0x14d, RiscvCpu.CSR_READ, false, 0)).as("stimecmp").isTrue();
    for (int i = 1; i < 4; i++) {
      assertThat(fixture.harts.get(i).parking().stopped()).isTrue();
      assertThat(fixture.vcpus.get(i).waits).isEqualTo(1);
      assertThat(fixture.harts.get(i).hasWork()).isFalse();
      assertThat(value(HSM, 2, i)).isEqualTo(SbiHart.STOPPED);
    }
  }

  @Test
  void delegatedExceptionsNeverReachTheFirmware() {
    hart.writeCsr(0x105, RAM + 0x2000);
    hart.raise(TrapCause.LOAD_PAGE_FAULT, 0x123);
    assertThat(hart.pc()).isEqualTo(RAM + 0x2000);
    assertThat(csr(hart, 0x143)).isEqualTo(0x123);
  }

  @Test
  void whatOnlyMachineModeCouldHandleEndsTheMachineWithAReport() throws InterruptedException {
    hart.writeCsr(0x302, 0);
    hart.raise(TrapCause.ILLEGAL_INSTRUCTION, 0xffff);
    Shutdown end = fixture.machine.awaitShutdown(10, TimeUnit.SECONDS);
    assertThat(end).isNotNull();
    assertThat(end.exitCode()).isEqualTo(1);
    assertThat(end.cause()).isEqualTo(Shutdown.Cause.GUEST_PANIC);
    assertThat(fixture.lines)
        .anyMatch(l ->
            l.startsWith("hart0: illegal instruction (value 0xffff) at pc 0x80001000 cannot be")
                && l.contains(" stvec "));
    assertThat(hart.parking().stopped()).isTrue();
  }

  // ---- base ------------------------------------------------------------------------------------

  @Test
  void baseSaysWhoWeAre() {
    assertThat(value(BASE, 0)).isEqualTo(0x0200_0000);
    assertThat(value(BASE, 1)).isGreaterThan(11);
    assertThat(value(BASE, 2)).isEqualTo(1);
    assertThat(value(BASE, 4)).isZero();
    assertThat(value(BASE, 5)).isZero();
    assertThat(value(BASE, 6)).isZero();
    assertThat(error(BASE, 7)).isEqualTo(-2);
  }

  @ParameterizedTest
  @ValueSource(ints = {BASE, TIME, IPI, RFENCE, HSM, SRST, DBCN, 0, 1, 2, 3, 4, 5, 6, 7, 8})
  void whatIsThereCanBeProbed(int extension) {
    assertThat(value(BASE, 3, extension)).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {9, 0x4e41434c, 0x53555350, 0x0a000000, -1})
  void whatIsNotThereIsNotSupported(int extension) {
    assertThat(value(BASE, 3, extension)).isZero();
    assertThat(error(extension, 0)).isEqualTo(-2);
  }

  @ParameterizedTest
  @ValueSource(ints = {TIME, IPI, RFENCE, HSM, SRST, DBCN})
  void unknownFunctionsAreNotSupported(int extension) {
    assertThat(error(extension, 99, 0, -1)).isEqualTo(-2);
  }

  // ---- time ------------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theTimerInterruptsAndIsClearedByTheNextDeadline(boolean legacy) {
    int extension = legacy ? 0 : TIME;
    assertThat(error(extension, 0, 10)).isZero();
    assertThat(pending(hart, STIP)).isFalse();
    fixture.clock.advance(1_000);
    assertThat(pending(hart, STIP)).isTrue();
    assertThat(error(extension, 0, -1)).isZero();
    assertThat(pending(hart, STIP)).isFalse();
  }

  @Test
  void theTimerWorksWithoutSstc() {
    try (var old = new HartFixture(RiscvModel.rv64().with("sstc", "off"), 1)) {
      new Sbi(old.machine, old.harts, console).boot(ENTRY, 0);
      old.hart.reset();
      call(old.hart, TIME, 0, 10);
      assertThat(pending(old.hart, STIP)).isFalse();
      old.clock.advance(1_000);
      assertThat(pending(old.hart, STIP)).isTrue();
      old.hart.reset();
      assertThat(pending(old.hart, STIP)).isFalse();
    }
  }

  // ---- interrupts and fences -------------------------------------------------------------------

  @Test
  void interruptsReachTheHartsOfTheMaskThatRun() {
    started(1);
    started(3);
    assertThat(error(IPI, 0, 0b111, 1)).isZero();
    assertThat(fixture.harts).map(h -> pending(h, SSIP)).containsExactly(false, true, false, true);
    assertThat(error(IPI, 0, 0, -1)).isZero();
    assertThat(fixture.harts).map(h -> pending(h, SSIP)).containsExactly(true, true, false, true);
  }

  @ParameterizedTest
  @CsvSource({"16, 0", "3, 3", "1, 4", "1, -2", "8000000000000000, 1"})
  void masksThatNameNobodyAreRefused(String mask, long base) {
    assertThat(error(IPI, 0, Long.parseUnsignedLong(mask, 16), base)).isEqualTo(-3);
    assertThat(error(RFENCE, 0, Long.parseUnsignedLong(mask, 16), base)).isEqualTo(-3);
    assertThat(pending(hart, SSIP)).isFalse();
  }

  @Test
  void fencesForgetPagesOrEverything() {
    started(2);
    fixture.vcpus.forEach(v -> v.flushes = 0);
    assertThat(error(RFENCE, 1, 0b100, 0, 0x5800, 0x1000)).isZero();
    assertThat(fixture.vcpus.get(2).pageFlushes).containsExactly(0x5000L, 0x6000L);
    assertThat(fixture.vcpus.get(0).pageFlushes).isEmpty();
    assertThat(error(RFENCE, 2, 0b101, 0, 0, 0, 7)).isZero();
    assertThat(error(RFENCE, 1, 0, -1, 0x1000, -1)).isZero();
    assertThat(error(RFENCE, 1, 0, -1, 0x1000, 1 << 30)).isZero();
    assertThat(fixture.vcpus.get(2).flushes).isEqualTo(3);
    assertThat(fixture.vcpus.get(0).flushes).isEqualTo(3);
    assertThat(fixture.vcpus.get(1).flushes).isZero();
    assertThat(error(RFENCE, 0, 0, -1)).isZero();
    assertThat(error(RFENCE, 3, 0, -1)).isEqualTo(-2);
  }

  // ---- harts -----------------------------------------------------------------------------------

  @Test
  void hartsStartAndStop() {
    RiscvCpu other = fixture.harts.get(1);
    assertThat(error(HSM, 0, 1, RAM + 0x400, 0xabc)).isZero();
    assertThat(other.pc()).isEqualTo(RAM + 0x400);
    assertThat(other.x(10)).isEqualTo(1);
    assertThat(other.x(11)).isEqualTo(0xabc);
    assertThat(other.hasWork()).isTrue();
    assertThat(value(HSM, 2, 1)).isEqualTo(SbiHart.STARTED);
    assertThat(error(HSM, 0, 1, RAM, 0)).isEqualTo(-6);
    assertThat(other.deliverInterrupt()).isFalse();
    assertThat(other.hasWork()).isFalse();

    call(other, HSM, 1);
    assertThat(value(HSM, 2, 1)).isEqualTo(SbiHart.STOPPED);
    other.raiseSupervisorSoftware();
    assertThat(other.hasWork()).isFalse();
    assertThat(error(HSM, 0, 1, RAM, 0)).isZero();
  }

  @Test
  void startIsRefusedForNobodyAndNowhere() {
    assertThat(error(HSM, 0, 4, RAM, 0)).isEqualTo(-3);
    assertThat(error(HSM, 0, -1, RAM, 0)).isEqualTo(-3);
    assertThat(error(HSM, 0, 1, 0x10, 0)).isEqualTo(-5);
    assertThat(error(HSM, 2, 4)).isEqualTo(-3);
    assertThat(value(HSM, 2, 1)).isEqualTo(SbiHart.STOPPED);
  }

  @Test
  void aSuspendedHartGoesOnAfterAnInterrupt() {
    RiscvCpu other = started(1);
    long pc = other.pc();
    call(other, HSM, 3, 0);
    assertThat(value(HSM, 2, 1)).isEqualTo(SbiHart.SUSPENDED);
    other.writeCsr(0x304, SSIP);
    assertThat(error(IPI, 0, 2, 0)).isZero();
    assertThat(other.hasWork()).isTrue();
    assertThat(other.deliverInterrupt()).isFalse();
    assertThat(value(HSM, 2, 1)).isEqualTo(SbiHart.STARTED);
    assertThat(other.x(10)).isZero();
    assertThat(other.pc()).isEqualTo(pc + 4);
  }

  @Test
  void aHartThatForgetsResumesElsewhere() {
    RiscvCpu other = started(1);
    call(other, HSM, 3, 0x8000_0000L, RAM + 0x800, 0x77);
    assertThat(value(HSM, 2, 1)).isEqualTo(SbiHart.SUSPENDED);
    other.deliverInterrupt();
    assertThat(value(HSM, 2, 1)).isEqualTo(SbiHart.STARTED);
    assertThat(other.pc()).isEqualTo(RAM + 0x800);
    assertThat(other.x(10)).isEqualTo(1);
    assertThat(other.x(11)).isEqualTo(0x77);
  }

  @ParameterizedTest
  @CsvSource({"1, -3", "10000000, -2", "80000001, -3", "90000000, -2"})
  void otherKindsOfSuspensionAreRefused(String type, long error) {
    assertThat(error(HSM, 3, Long.parseLong(type, 16), RAM, 0)).isEqualTo(error);
  }

  @Test
  void aResetStopsWhatWasStarted() {
    RiscvCpu other = started(1);
    fixture.harts.forEach(RiscvCpu::reset);
    assertThat(other.parking().stopped()).isTrue();
    assertThat(value(HSM, 2, 1)).isEqualTo(SbiHart.STOPPED);
    assertThat(hart.pc()).isEqualTo(ENTRY + 4);
  }

  // ---- system ----------------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({"0, 0", "1, 1"})
  void powerOffEndsTheMachine(long reason, int code) throws InterruptedException {
    call(hart, SRST, 0, 0, reason);
    Shutdown end = fixture.machine.awaitShutdown(10, TimeUnit.SECONDS);
    assertThat(end).isNotNull();
    assertThat(end.cause()).isEqualTo(Shutdown.Cause.GUEST);
    assertThat(end.exitCode()).isEqualTo(code);
    assertThat(hart.hasWork()).isFalse();
  }

  @Test
  void legacyPowerOffEndsTheMachine() throws InterruptedException {
    call(hart, 8, 0);
    assertThat(fixture.machine.awaitShutdown(10, TimeUnit.SECONDS)).isNotNull();
  }

  @ParameterizedTest
  @CsvSource({"3, 0, -3", "0, 2, -3", "f0000000, 0, -2", "efffffff, 0, -3"})
  void otherResetsAreRefused(String type, long reason, long error) {
    assertThat(error(SRST, 0, Long.parseLong(type, 16), reason)).isEqualTo(error);
    assertThat(hart.parking().stopped()).isFalse();
  }

  // ---- console ---------------------------------------------------------------------------------

  private String shown() {
    return console.written.toString(StandardCharsets.UTF_8);
  }

  @Test
  void textGoesToTheConsole() {
    fixture.ram.put(0x100, "hello".getBytes(StandardCharsets.UTF_8));
    assertThat(value(DBCN, 0, 5, RAM + 0x100, 0)).isEqualTo(5);
    assertThat(error(DBCN, 2, 0x121)).isZero();
    assertThat(error(1, 0, '?')).isZero();
    assertThat(shown()).isEqualTo("hello!?");
  }

  @Test
  void aConsoleMayTakeLess() {
    fixture.ram.put(0x100, "hello".getBytes(StandardCharsets.UTF_8));
    console.room = 2;
    assertThat(value(DBCN, 0, 5, RAM + 0x100, 0)).isEqualTo(2);
    console.room = 0;
    assertThat(value(DBCN, 0, 5, RAM + 0x100, 0)).isZero();
    assertThat(error(DBCN, 2, 'x')).isEqualTo(-1);
  }

  @Test
  void inputComesFromTheConsole() {
    console.input.add((int) 'a');
    console.input.add(0xff);
    console.input.add((int) 'c');
    assertThat(value(DBCN, 1, 2, RAM + 0x200, 0)).isEqualTo(2);
    assertThat(fixture.ram.get(0x200, 2)).containsExactly('a', 0xff);
    assertThat(value(DBCN, 1, 100, RAM + 0x300, 0)).isEqualTo(1);
    assertThat(value(DBCN, 1, 100, RAM + 0x300, 0)).isZero();
    console.input.add(0xe4);
    assertThat(error(2, 0)).isEqualTo(0xe4);
    assertThat(error(2, 0)).isEqualTo(-1);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 10, 0",
    "2, 800fffff, 0",
    "ffffffffffffffff, 80000000, 0",
    "1, 80000000, 1",
    "7fffffffffffffff, 80000000, 0"
  })
  void textThatIsNotInMemoryIsRefused(String length, String low, String high) {
    for (int function : new int[] {0, 1}) {
      assertThat(
              error(
                  DBCN,
                  function,
                  Long.parseUnsignedLong(length, 16),
                  Long.parseLong(low, 16),
                  Long.parseLong(high, 16)))
          .isEqualTo(-3);
    }
    assertThat(shown()).isEmpty();
  }

  @Test
  void nothingIsAlwaysWritten() {
    assertThat(value(DBCN, 0, 0, 0, 0)).isZero();
  }

  // ---- legacy masks ----------------------------------------------------------------------------

  @Test
  void legacyMasksAreInVirtualMemory() {
    started(1);
    started(2);
    fixture.vcpus.forEach(v -> v.flushes = 0);
    fixture.poke(RAM + 0x100, 0b110);
    hart.setX(11, 0x55);
    assertThat(error(4, 0, RAM + 0x100, 0x66)).isZero();
    assertThat(hart.x(11)).isEqualTo(0x66);
    assertThat(fixture.harts).map(h -> pending(h, SSIP)).containsExactly(false, true, true, false);
    assertThat(error(4, 0, 0)).isZero();
    assertThat(pending(hart, SSIP)).isTrue();
    assertThat(error(3, 0)).isZero();
    assertThat(pending(hart, SSIP)).isFalse();
    assertThat(error(6, 0, RAM + 0x100, 0, -1)).isZero();
    assertThat(fixture.vcpus.get(1).flushes).isEqualTo(1);
    assertThat(fixture.vcpus.get(0).flushes).isZero();
    assertThat(error(5, 0, RAM + 0x100)).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {0x10, 0x8000_0000_0000_0000L})
  void aMaskThatCannotBeReadIsAFaultOfTheCaller(long pointer) {
    hart.writeCsr(0x105, RAM + 0x2000);
    call(hart, 4, 0, pointer);
    assertThat(hart.pc()).isEqualTo(RAM + 0x2000);
    assertThat(csr(hart, 0x141)).isEqualTo(ENTRY);
    assertThat(csr(hart, 0x142)).isEqualTo(TrapCause.LOAD_ACCESS_FAULT);
    assertThat(csr(hart, 0x143)).isEqualTo(pointer);
  }

  @Test
  void callsAreLogged() {
    assertThat(error(HSM, 2, 3)).isZero();
    assertThat(fixture.lines)
        .contains("hart0: SBI call HSM (0x48534d) function 2, a0 0x3 a1 0x0 a2 0x0");
  }
}
