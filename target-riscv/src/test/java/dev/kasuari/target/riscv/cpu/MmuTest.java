package dev.kasuari.target.riscv.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.cpu.Access;
import dev.kasuari.machine.cpu.PageTranslation;
import dev.kasuari.machine.memory.DirtyLog;
import java.util.HashSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class MmuTest {
  private static final long ROOT = HartFixture.RAM + 0x1_0000;
  private static final long NEXT_TABLE = 0x1000;
  private static final long TARGET = HartFixture.RAM + 0x2_0000;
  private static final long V = 1;
  private static final long R = 2;
  private static final long W = 4;
  private static final long X = 8;
  private static final long U = 16;
  private static final long G = 32;
  private static final long A = 64;
  private static final long D = 128;
  private static final long ALL = V | R | W | X | A | D;
  private static final long VIRTUAL = 0x12_3456_7abcL & (1L << 38) - 1;

  private final HartFixture fixture = new HartFixture();
  private final RiscvCpu hart = fixture.hart;
  private final PageTranslation out = new PageTranslation();

  MmuTest() {
    fixture.csr("pmpaddr0", -1);
    fixture.csr("pmpcfg0", 0x1f);
    fixture.csr("menvcfg", 0);
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private static long pte(long physical, long bits) {
    return physical >> 12 << 10 | bits;
  }

  /**
   * Maps an address with tables one after another from ROOT.
   *
   * @return where the leaf is
   */
  private long map(int levels, int leafLevel, long virtual, long leaf) {
    fixture.csr("satp", (long) (levels + 5) << 60 | ROOT >> 12);
    long table = ROOT;
    for (int level = levels - 1; level > leafLevel; level--) {
      fixture.poke(table + index(virtual, level) * 8, pte(table + NEXT_TABLE, V));
      table += NEXT_TABLE;
    }
    long at = table + index(virtual, leafLevel) * 8;
    fixture.poke(at, leaf);
    return at;
  }

  private static long index(long virtual, int level) {
    return virtual >>> (12 + 9 * level) & 511;
  }

  private boolean translate(long virtual, Access access, int mmuIndex) {
    return hart.translate(virtual, 1, access, mmuIndex, out);
  }

  private static int pageFault(Access access) {
    return switch (access) {
      case READ -> 13;
      case WRITE -> 15;
      case EXECUTE -> 12;
    };
  }

  private void expectPageFault(long virtual, Access access, int mmuIndex) {
    assertThat(translate(virtual, access, mmuIndex)).isFalse();
    assertThat(out.faultCause).isEqualTo(pageFault(access));
    assertThat(out.faultValue).isEqualTo(virtual);
  }

  private void expectAccessFault(long virtual, Access access, int mmuIndex) {
    assertThat(translate(virtual, access, mmuIndex)).isFalse();
    assertThat(out.faultCause).isEqualTo(hart.accessFaultCause(access));
    assertThat(out.faultValue).isEqualTo(virtual);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void bareAddressesAreThemselves(int mmuIndex) {
    assertThat(translate(TARGET + 5, Access.WRITE, mmuIndex)).isTrue();
    assertThat(out.physical).isEqualTo(TARGET + 5);
    assertThat(out.readable && out.writable && out.executable).isTrue();
    assertThat(out.pageSize).isEqualTo(4096);
  }

  @Test
  void machineModeIsNeverTranslated() {
    map(3, 0, VIRTUAL, 0);
    assertThat(translate(TARGET, Access.READ, RiscvMode.MMU_MACHINE)).isTrue();
    assertThat(out.physical).isEqualTo(TARGET);
  }

  @ParameterizedTest
  @CsvSource({"3, 0", "3, 1", "3, 2", "4, 0", "4, 1", "4, 2", "4, 3", "5, 0", "5, 4"})
  void leavesOfAllSizesTranslate(int levels, int level) {
    long size = 4096L << (9 * level);
    long base = (0x4000_0000_0000L & -size) | (level == 0 ? 0x7000 : 0);
    map(levels, level, VIRTUAL, pte(base, ALL));
    assertThat(translate(VIRTUAL, Access.WRITE, RiscvMode.MMU_SUPERVISOR)).isTrue();
    assertThat(out.physical).isEqualTo(base | (VIRTUAL & (size - 1)));
    assertThat(out.pageSize).isEqualTo(size);
  }

  @ParameterizedTest
  @CsvSource({"3, 1", "3, 2", "4, 1", "4, 2", "4, 3"})
  void misalignedLargePagesFault(int levels, int level) {
    map(levels, level, VIRTUAL, pte((4096L << (9 * level)) + (4096L << (9 * (level - 1))), ALL));
    expectPageFault(VIRTUAL, Access.READ, RiscvMode.MMU_SUPERVISOR);
  }

  @ParameterizedTest
  @CsvSource({"3, 38", "4, 47"})
  void theUnusedBitsOfAnAddressRepeatItsSign(int levels, int sign) {
    long negative = -1L << sign;
    map(levels, levels - 1, negative, pte(0, ALL));
    assertThat(translate(negative, Access.READ, RiscvMode.MMU_SUPERVISOR)).isTrue();
    expectPageFault(1L << sign, Access.READ, RiscvMode.MMU_SUPERVISOR);
    expectPageFault(negative ^ 1L << 63, Access.EXECUTE, RiscvMode.MMU_SUPERVISOR);
    expectPageFault(negative ^ 1L << (sign + 1), Access.WRITE, RiscvMode.MMU_SUPERVISOR);
  }

  @Test
  void permissionsOfEveryLeafInEveryRegime() {
    for (long bits = 0; bits < 32; bits++) {
      for (int index = 0; index < 3; index++) {
        for (boolean mxr : new boolean[] {false, true}) {
          fixture.csr("mstatus", mxr ? Status.MXR : 0);
          map(3, 0, VIRTUAL, pte(TARGET, bits | A | D));
          for (Access access : Access.values()) {
            check(bits, index, mxr, access);
          }
        }
      }
    }
  }

  private void check(long bits, int index, boolean mxr, Access access) {
    boolean valid = (bits & V) != 0 && (bits & (R | W)) != W && (bits & (R | X)) != 0;
    boolean user = (bits & U) != 0;
    boolean regime =
        switch (index) {
          case RiscvMode.MMU_USER -> user;
          case RiscvMode.MMU_SUPERVISOR -> !user;
          default -> !user || access != Access.EXECUTE;
        };
    boolean allowed =
        switch (access) {
          case READ -> (bits & R) != 0 || (mxr && (bits & X) != 0);
          case WRITE -> (bits & W) != 0;
          case EXECUTE -> (bits & X) != 0;
        };
    boolean expected = valid && regime && allowed;
    boolean found = translate(VIRTUAL, access, index);
    assertThat(found)
        .as("pte bits 0x%x mmu%d mxr %s %s", bits, index, mxr, access)
        .isEqualTo(expected);
    if (found) {
      assertThat(out.readable).isEqualTo((bits & R) != 0 || (mxr && (bits & X) != 0));
      assertThat(out.writable).isEqualTo((bits & W) != 0);
      boolean fetch = index != RiscvMode.MMU_SUPERVISOR_SUM || !user;
      assertThat(out.executable).isEqualTo((bits & X) != 0 && fetch);
    } else {
      assertThat(out.faultCause).isEqualTo(pageFault(access));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {54, 55, 56, 57, 58, 59, 60, 61, 62, 63})
  void reservedBitsFault(int bit) {
    map(3, 0, VIRTUAL, pte(TARGET, ALL) | 1L << bit);
    expectPageFault(VIRTUAL, Access.READ, RiscvMode.MMU_SUPERVISOR);
    map(3, 0, VIRTUAL, pte(TARGET, ALL));
    fixture.poke(ROOT + index(VIRTUAL, 2) * 8, pte(ROOT + NEXT_TABLE, V) | 1L << bit);
    expectPageFault(VIRTUAL, Access.READ, RiscvMode.MMU_SUPERVISOR);
  }

  @ParameterizedTest
  @ValueSource(longs = {U, A, D})
  void leafBitsInAPointerFault(long bit) {
    map(3, 0, VIRTUAL, pte(TARGET, ALL));
    fixture.poke(ROOT + index(VIRTUAL, 2) * 8, pte(ROOT + NEXT_TABLE, V | bit));
    expectPageFault(VIRTUAL, Access.READ, RiscvMode.MMU_SUPERVISOR);
  }

  @Test
  void globalAndSoftwareBitsAreIgnored() {
    map(3, 0, VIRTUAL, pte(TARGET, ALL | G | 0x300));
    assertThat(translate(VIRTUAL, Access.READ, RiscvMode.MMU_SUPERVISOR)).isTrue();
  }

  @Test
  void aPointerInTheLastTableFaults() {
    map(3, 0, VIRTUAL, pte(TARGET, V));
    expectPageFault(VIRTUAL, Access.READ, RiscvMode.MMU_SUPERVISOR);
  }

  // ---- accessed and dirty ----------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource(Access.class)
  void withoutUpdatingClearBitsFault(Access access) {
    map(3, 0, VIRTUAL, pte(TARGET, ALL & ~A));
    expectPageFault(VIRTUAL, access, RiscvMode.MMU_SUPERVISOR);
    map(3, 0, VIRTUAL, pte(TARGET, ALL & ~D));
    assertThat(translate(VIRTUAL, access, RiscvMode.MMU_SUPERVISOR))
        .isEqualTo(access != Access.WRITE);
    assertThat(out.writable).isFalse();
  }

  @ParameterizedTest
  @EnumSource(Access.class)
  void withUpdatingTheWalkSetsThem(Access access) {
    fixture.csr("menvcfg", Environment.ADUE);
    long at = map(3, 0, VIRTUAL, pte(TARGET, V | R | W | X));
    fixture.ram.dirty().start(DirtyLog.Client.MIGRATION);
    assertThat(translate(VIRTUAL, access, RiscvMode.MMU_SUPERVISOR)).isTrue();
    boolean store = access == Access.WRITE;
    assertThat(fixture.peek(at)).isEqualTo(pte(TARGET, V | R | W | X | A | (store ? D : 0)));
    assertThat(out.writable).isEqualTo(store);
    assertThat(fixture.ram.dirty().isDirty(DirtyLog.Client.MIGRATION, at - HartFixture.RAM))
        .isTrue();
  }

  @Test
  void aStoreThatIsNotAllowedSetsNothing() {
    fixture.csr("menvcfg", Environment.ADUE);
    long at = map(3, 0, VIRTUAL, pte(TARGET, V | R | X));
    expectPageFault(VIRTUAL, Access.WRITE, RiscvMode.MMU_SUPERVISOR);
    assertThat(fixture.peek(at)).isEqualTo(pte(TARGET, V | R | X));
    at = map(3, 0, VIRTUAL, pte(0x1000, V | R | W));
    protect(0x1000, 0x1000, 1);
    expectAccessFault(VIRTUAL, Access.WRITE, RiscvMode.MMU_SUPERVISOR);
    assertThat(fixture.peek(at)).isEqualTo(pte(0x1000, V | R | W));
  }

  // ---- protection of tables and pages ----------------------------------------------------------

  /** Gives a naturally aligned range other permissions than the rest, which is open. */
  private void protect(long base, long size, int permissions) {
    fixture.csr("pmpaddr0", base >> 2 | (size / 8 - 1));
    fixture.csr("pmpaddr1", -1);
    fixture.csr("pmpcfg0", 0x1f00 | 0x18 | permissions);
  }

  @ParameterizedTest
  @EnumSource(Access.class)
  void aTableThatMayNotBeReadIsAnAccessFaultOfTheOriginalKind(Access access) {
    map(3, 0, VIRTUAL, pte(TARGET, ALL));
    protect(ROOT + NEXT_TABLE, 0x1000, 0);
    expectAccessFault(VIRTUAL, access, RiscvMode.MMU_SUPERVISOR);
    protect(ROOT + NEXT_TABLE, 0x1000, 1);
    assertThat(translate(VIRTUAL, access, RiscvMode.MMU_SUPERVISOR)).isTrue();
  }

  @Test
  void aTableThatMayNotBeWrittenCannotBeUpdated() {
    fixture.csr("menvcfg", Environment.ADUE);
    map(3, 0, VIRTUAL, pte(TARGET, ALL & ~D));
    protect(ROOT + 2 * NEXT_TABLE, 0x1000, 1);
    expectAccessFault(VIRTUAL, Access.WRITE, RiscvMode.MMU_SUPERVISOR);
    assertThat(translate(VIRTUAL, Access.READ, RiscvMode.MMU_SUPERVISOR)).isTrue();
  }

  @Test
  void aTableWhereNobodyAnswersIsAnAccessFault() {
    map(3, 0, VIRTUAL, pte(TARGET, ALL));
    fixture.poke(ROOT + index(VIRTUAL, 2) * 8, pte(0x10_0000_0000L, V));
    expectAccessFault(VIRTUAL, Access.READ, RiscvMode.MMU_SUPERVISOR);
    fixture.csr("satp", 8L << 60 | (1L << 44) - 1);
    expectAccessFault(VIRTUAL, Access.EXECUTE, RiscvMode.MMU_SUPERVISOR);
  }

  @Test
  void pagePermissionsAreThoseOfBoth() {
    map(3, 1, VIRTUAL, pte(0, ALL));
    long offset = VIRTUAL & 0x1f_f000;
    protect(offset, 0x1000, 1);
    assertThat(translate(VIRTUAL, Access.READ, RiscvMode.MMU_SUPERVISOR)).isTrue();
    assertThat(out.readable).isTrue();
    assertThat(out.writable).isFalse();
    assertThat(out.executable).isFalse();
    expectAccessFault(VIRTUAL, Access.WRITE, RiscvMode.MMU_SUPERVISOR);
    assertThat(translate(VIRTUAL ^ 0x1000, Access.WRITE, RiscvMode.MMU_SUPERVISOR)).isTrue();
  }

  // ---- satp and the modes ----------------------------------------------------------------------

  @Test
  void satpTellsTranslationsApart() {
    int before = fixture.vcpu.flushes;
    var seen = new HashSet<Long>();
    seen.add(fixture.vcpu.addressSpace);
    for (long value : new long[] {8L << 60, 8L << 60 | 1, 9L << 60 | 1, 8L << 60 | 1L << 44 | 1}) {
      fixture.csr("satp", value);
      assertThat(seen.add(fixture.vcpu.addressSpace)).isTrue();
    }
    fixture.csr("satp", 11L << 60 | 2);
    fixture.csr("satp", 8L << 60 | 1);
    assertThat(seen).contains(fixture.vcpu.addressSpace);
    fixture.csr("satp", 0);
    assertThat(fixture.vcpu.addressSpace).isZero();
    assertThat(fixture.vcpu.flushes).isEqualTo(before);
    fixture.csr("mstatus", Status.MXR);
    assertThat(fixture.vcpu.flushes).isEqualTo(before + 1);
  }

  @Test
  void theModelBoundsTheModes() {
    RiscvModel narrow = RiscvModel.rv64().with("sv48", "off");
    try (var other = new HartFixture(narrow, 1)) {
      other.csr("satp", 9L << 60 | 1);
      assertThat(other.csr("satp")).isZero();
      other.csr("satp", 8L << 60 | 1);
      assertThat(other.csr("satp")).isEqualTo(8L << 60 | 1);
    }
    try (var other = new HartFixture(RiscvModel.rv64().with("mmu", "off"), 1)) {
      other.csr("satp", 8L << 60 | 1);
      assertThat(other.csr("satp")).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0, 0",
    "1, 0, 1, 1",
    "3, 0, 3, 3",
    // SUM
    "1, 40000, 2, 1",
    "0, 40000, 0, 0",
    "3, 40000, 3, 3",
    // MPRV with MPP U, S, S and SUM, M
    "3, 20000, 0, 3",
    "3, 20800, 1, 3",
    "3, 60800, 2, 3",
    "3, 21800, 3, 3",
    // MPRV means nothing outside M-mode
    "1, 20000, 1, 1",
  })
  void modesSelectTheRegime(int privilege, String status, int data, int fetch) {
    fixture.csr("mstatus", Long.parseLong(status, 16));
    fixture.mode(privilege);
    assertThat(RiscvMode.dataMmuIndex(hart.mode())).isEqualTo(data);
    assertThat(hart.fetchMmuIndex()).isEqualTo(fetch);
    assertThat(RiscvMode.privilege(hart.mode())).isEqualTo(privilege);
    assertThat(RiscvMode.fpOff(hart.mode())).isTrue();
  }

  @Test
  void aFenceIsOfAPageInAllSpacesOrOfAllPagesInOne() {
    fixture.csr("satp", 8L << 60 | 5L << 44 | ROOT >> 12);
    long five = fixture.vcpu.addressSpace;
    fixture.csr("satp", 8L << 60 | 6L << 44 | ROOT >> 12);
    long six = fixture.vcpu.addressSpace;
    fixture.mode(Privilege.SUPERVISOR);
    int before = fixture.vcpu.flushes;
    assertThat(hart.sfenceVma(0x1000, false, 5, false)).isTrue();
    assertThat(hart.sfenceVma(0x3000, false, 6, true)).isTrue();
    assertThat(fixture.vcpu.pageFlushes).containsExactly(0x1000L, 0x3000L);
    // The bits above an address space's number are ignored.
    assertThat(hart.sfenceVma(0, true, 5 | 6L << 16, false)).isTrue();
    assertThat(fixture.vcpu.spaceFlushes).hasSize(1);
    assertThat(fixture.vcpu.spaceFlushes.getFirst().test(five)).isTrue();
    assertThat(fixture.vcpu.spaceFlushes.getFirst().test(six)).isFalse();
    assertThat(fixture.vcpu.flushes).isEqualTo(before);
    assertThat(hart.sfenceVma(0, true, 6, true)).isTrue();
    assertThat(fixture.vcpu.flushes).isEqualTo(before + 1);
  }

  @Test
  void walksAreLogged() {
    map(3, 0, VIRTUAL, pte(TARGET, ALL));
    fixture.lines.clear();
    expectPageFault(0x5000, Access.READ, RiscvMode.MMU_SUPERVISOR);
    assertThat(translate(VIRTUAL, Access.READ, RiscvMode.MMU_SUPERVISOR)).isTrue();
    assertThat(fixture.lines)
        .anyMatch(l -> l.startsWith("hart0: mmu1 READ 0x5000 -> load page fault"))
        .anyMatch(l -> l.startsWith("hart0: mmu1 READ 0x%x -> 0x80020abc".formatted(VIRTUAL)));
  }
}
