package dev.kasuari.target.riscv.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.cpu.Access;
import dev.kasuari.machine.cpu.PageTranslation;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("fast")
class PmpTest {
  private static final long RAM = HartFixture.RAM;
  private static final int R = 1;
  private static final int W = 2;
  private static final int X = 4;
  private static final int TOR = 1 << 3;
  private static final int NA4 = 2 << 3;
  private static final int NAPOT = 3 << 3;
  private static final int LOCK = 0x80;

  private final HartFixture fixture = new HartFixture();
  private final RiscvCpu hart = fixture.hart;
  private final PageTranslation out = new PageTranslation();

  @AfterEach
  void close() {
    fixture.close();
  }

  private void entry(int number, int config, long address) {
    fixture.csr("pmpaddr" + number, address);
    String name = "pmpcfg" + number / 8 * 2;
    int shift = number % 8 * 8;
    fixture.csr(name, (fixture.csr(name) & ~(0xffL << shift)) | (long) config << shift);
  }

  private static long napot(long base, long size) {
    return base >> 2 | (size / 8 - 1);
  }

  private boolean may(long address, Access access, int mmuIndex) {
    return may(address, 1, access, mmuIndex);
  }

  private boolean may(long address, int size, Access access, int mmuIndex) {
    boolean allowed = hart.translate(address, size, access, mmuIndex, out);
    assertThat(out.faultCause).isEqualTo(allowed ? -1 : hart.accessFaultCause(access));
    return allowed;
  }

  private String allowed(long address, int mmuIndex) {
    return allowed(address, 1, mmuIndex);
  }

  private String allowed(long address, int size, int mmuIndex) {
    return (may(address, size, Access.READ, mmuIndex) ? "r" : "-")
        + (may(address, size, Access.WRITE, mmuIndex) ? "w" : "-")
        + (may(address, size, Access.EXECUTE, mmuIndex) ? "x" : "-");
  }

  @Test
  void withoutAMatchMachineModeMayAndOthersMayNot() {
    assertThat(allowed(RAM, RiscvMode.MMU_MACHINE)).isEqualTo("rwx");
    assertThat(allowed(RAM, RiscvMode.MMU_SUPERVISOR)).isEqualTo("---");
    assertThat(allowed(RAM, RiscvMode.MMU_USER)).isEqualTo("---");
  }

  @Test
  void withoutProtectionEverythingIsOpen() {
    try (var open = new HartFixture(RiscvModel.rv64().with("pmp", "off"), 1)) {
      assertThat(open.hart.translate(RAM, 1, Access.WRITE, RiscvMode.MMU_USER, out)).isTrue();
      assertThat(out.uncached).isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, ---, rwx",
    "1, r--, rwx",
    "3, rw-, rwx",
    "4, --x, rwx",
    "5, r-x, rwx",
    "7, rwx, rwx",
    "128, ---, ---",
    "129, r--, r--",
    "131, rw-, rw-",
    "135, rwx, rwx",
  })
  void permissionsBindMachineModeOnlyIfLocked(int config, String supervisor, String machine) {
    entry(0, config | NAPOT, napot(RAM, 0x1_0000));
    assertThat(allowed(RAM + 0x5000, RiscvMode.MMU_SUPERVISOR)).isEqualTo(supervisor);
    assertThat(allowed(RAM + 0x5000, RiscvMode.MMU_MACHINE)).isEqualTo(machine);
    assertThat(out.uncached).isFalse();
  }

  @Test
  void theLowestEntryThatMatchesDecides() {
    entry(0, NAPOT | R, napot(RAM, 0x1000));
    entry(1, NAPOT | R | W | X, napot(RAM, 0x1_0000));
    assertThat(allowed(RAM + 0xfff, RiscvMode.MMU_USER)).isEqualTo("r--");
    assertThat(allowed(RAM + 0x1000, RiscvMode.MMU_USER)).isEqualTo("rwx");
  }

  @Test
  void topOfRangeReachesFromTheEntryBelow() {
    entry(2, 0, (RAM + 0x2000) >> 2);
    entry(3, TOR | R | X, (RAM + 0x4000) >> 2);
    assertThat(allowed(RAM + 0x1fff, RiscvMode.MMU_USER)).isEqualTo("---");
    assertThat(allowed(RAM + 0x2000, RiscvMode.MMU_USER)).isEqualTo("r-x");
    assertThat(allowed(RAM + 0x3fff, RiscvMode.MMU_USER)).isEqualTo("r-x");
    assertThat(allowed(RAM + 0x4000, RiscvMode.MMU_USER)).isEqualTo("---");
    entry(0, TOR | R, (RAM + 0x1000) >> 2);
    assertThat(allowed(RAM, RiscvMode.MMU_USER)).isEqualTo("r--");
  }

  @Test
  void anEmptyRangeMatchesNothing() {
    entry(0, 0, (RAM + 0x4000) >> 2);
    entry(1, TOR | R | W | X, (RAM + 0x2000) >> 2);
    assertThat(allowed(RAM + 0x3000, RiscvMode.MMU_USER)).isEqualTo("---");
    assertThat(allowed(RAM + 0x1000, RiscvMode.MMU_USER)).isEqualTo("---");
  }

  @Test
  void fourBytesDivideAPage() {
    entry(0, NA4, (RAM + 0x1010) >> 2);
    entry(1, NAPOT | R | W | X, napot(RAM, 0x10_0000));
    assertThat(allowed(RAM + 0x100c, RiscvMode.MMU_USER)).isEqualTo("rwx");
    assertThat(out.uncached).isTrue();
    assertThat(allowed(RAM + 0x1010, RiscvMode.MMU_USER)).isEqualTo("---");
    assertThat(allowed(RAM + 0x1013, RiscvMode.MMU_USER)).isEqualTo("---");
    assertThat(allowed(RAM + 0x1014, RiscvMode.MMU_USER)).isEqualTo("rwx");
    assertThat(may(RAM + 0x2000, Access.READ, RiscvMode.MMU_USER)).isTrue();
    assertThat(out.uncached).isFalse();
  }

  @Test
  void allOnesMatchEverything() {
    entry(0, NAPOT | R | W | X, -1);
    assertThat(allowed(0, RiscvMode.MMU_USER)).isEqualTo("rwx");
    assertThat(allowed((1L << 56) - 1, RiscvMode.MMU_USER)).isEqualTo("rwx");
    assertThat(out.uncached).isFalse();
  }

  @Test
  void lockedEntriesKeepConfigurationAndAddressesUntilReset() {
    entry(1, LOCK | TOR | R, (RAM + 0x1000) >> 2);
    fixture.csr("pmpcfg0", 0);
    fixture.csr("pmpaddr1", 5);
    fixture.csr("pmpaddr0", 6);
    assertThat(fixture.csr("pmpcfg0")).isEqualTo((long) (LOCK | TOR | R) << 8);
    assertThat(fixture.csr("pmpaddr1")).isEqualTo((RAM + 0x1000) >> 2);
    assertThat(fixture.csr("pmpaddr0")).isZero();
    hart.reset();
    fixture.csr("pmpaddr1", 5);
    assertThat(fixture.csr("pmpaddr1")).isEqualTo(5);
  }

  @Test
  void everyChangeForgetsTranslations() {
    int before = fixture.vcpu.flushes;
    fixture.csr("pmpaddr0", 1);
    assertThat(fixture.vcpu.flushes).isGreaterThan(before);
    before = fixture.vcpu.flushes;
    fixture.csr("pmpcfg0", 1);
    assertThat(fixture.vcpu.flushes).isGreaterThan(before);
  }

  /** Section 3.7.1.3: the entry must match all bytes of an access, whatever comes after it. */
  @Test
  void anEntryThatMatchesPartOfAnAccessRefusesIt() {
    entry(0, NA4 | R | W | X, (RAM + 0x1010) >> 2);
    entry(1, NAPOT | R | W | X, napot(RAM, 0x10_0000));
    int user = RiscvMode.MMU_USER;
    assertThat(may(RAM + 0x1010, 4, Access.READ, user)).isTrue();
    assertThat(may(RAM + 0x1010, 8, Access.READ, user)).isFalse();
    assertThat(out.faultCause).isEqualTo(hart.accessFaultCause(Access.READ));
    assertThat(out.faultValue).isEqualTo(RAM + 0x1010);
    assertThat(may(RAM + 0x1008, 8, Access.WRITE, user)).isTrue();
    assertThat(may(RAM + 0x100c, 8, Access.WRITE, user)).isFalse();
    assertThat(may(RAM + 0x100e, 4, Access.READ, user)).isFalse();
    assertThat(may(RAM + 0x100f, 1, Access.READ, user)).isTrue();
    assertThat(may(RAM + 0x1014, 8, Access.READ, user)).isTrue();
  }

  @Test
  void aRefusedPartBindsMachineModeToo() {
    entry(0, NA4 | R | W | X, (RAM + 0x1010) >> 2);
    assertThat(may(RAM + 0x1010, 4, Access.READ, RiscvMode.MMU_MACHINE)).isTrue();
    assertThat(may(RAM + 0x1010, 8, Access.READ, RiscvMode.MMU_MACHINE)).isFalse();
    assertThat(may(RAM + 0x1014, 8, Access.READ, RiscvMode.MMU_MACHINE)).isTrue();
  }

  @Test
  void whatIsLockedOrReservedIsAGuestError() {
    entry(1, LOCK | TOR | R, (RAM + 0x1000) >> 2);
    fixture.lines.clear();
    fixture.csr("pmpcfg0", (long) (LOCK | TOR | R) << 8);
    assertThat(fixture.lines).isEmpty();
    fixture.csr("pmpcfg0", W);
    fixture.csr("pmpaddr0", 6);
    assertThat(fixture.lines)
        .containsExactly(
            "hart0: PMP entry 0 keeps its configuration: write without read is reserved",
            "hart0: PMP entry 1 keeps its configuration: it is locked",
            "hart0: pmpaddr0 is locked");
  }

  /** The manual's matching rules written down a second time, byte by byte. */
  @Test
  void randomEntriesAgreeWithAByteByByteReading() {
    long seed = 56;
    var random = new SplittableRandom(seed);
    for (int round = 0; round < 100; round++) {
      hart.reset();
      int[] config = new int[4];
      long[] address = new long[4];
      for (int i = 0; i < 4; i++) {
        config[i] = random.nextInt(4) << 3 | (random.nextBoolean() ? LOCK : 0);
        config[i] |= new int[] {0, R, R | W, X, R | X, R | W | X}[random.nextInt(6)];
        address[i] = (RAM + random.nextInt(0x3000)) >> 2 | (1L << random.nextInt(12)) - 1;
      }
      // From the last to the first, as a locked entry locks the address below.
      for (int i = 3; i >= 0; i--) {
        fixture.csr("pmpaddr" + i, address[i]);
      }
      fixture.csr("pmpcfg0", config[0] | config[1] << 8 | config[2] << 16 | (long) config[3] << 24);
      for (int i = 0; i < 100; i++) {
        long at = RAM - 0x800 + random.nextInt(0x4000);
        boolean machine = random.nextBoolean();
        int index = machine ? RiscvMode.MMU_MACHINE : RiscvMode.MMU_SUPERVISOR;
        int size = Math.min(1 << random.nextInt(4), (int) (4096 - (at & 4095)));
        assertThat(allowed(at, size, index))
            .as("seed %d round %d address 0x%x size %d", seed, round, at, size)
            .isEqualTo(reference(config, address, at, size, machine));
      }
    }
  }

  private static boolean matches(int[] config, long[] address, int i, long at) {
    return switch (config[i] >> 3 & 3) {
      case 1 -> at >> 2 >= (i == 0 ? 0 : address[i - 1]) && at >> 2 < address[i];
      case 2 -> at >> 2 == address[i];
      case 3 -> {
        int ones = Long.numberOfTrailingZeros(~address[i]);
        yield at >> (ones + 3) == address[i] >> (ones + 1);
      }
      default -> false;
    };
  }

  private static String reference(
      int[] config, long[] address, long at, int size, boolean machine) {
    for (int i = 0; i < config.length; i++) {
      int matched = 0;
      for (int b = 0; b < size; b++) {
        matched += matches(config, address, i, at + b) ? 1 : 0;
      }
      if (matched > 0) {
        boolean binds = !machine || (config[i] & LOCK) != 0;
        int bits = matched < size ? 0 : binds ? config[i] : 7;
        return ((bits & R) != 0 ? "r" : "-")
            + ((bits & W) != 0 ? "w" : "-")
            + ((bits & X) != 0 ? "x" : "-");
      }
    }
    return machine ? "rwx" : "---";
  }
}
