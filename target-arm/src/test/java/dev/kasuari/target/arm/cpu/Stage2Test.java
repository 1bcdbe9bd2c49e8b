package dev.kasuari.target.arm.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.cpu.Access;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Stage 2, alone and under stage 1. 4 KiB, 40 bits from level 1: two tables in a row. */
@Tag("fast")
class Stage2Test {
  private static final long VM = 1;
  private static final long PTW = 1 << 2;
  private static final long AF = 1 << 10;
  private static final long WRITE_BACK = 15 << 2;
  private static final long READS = 1 << 6;
  private static final long WRITES = 1 << 7;
  private static final long DBM = 1L << 51;
  private static final long PAGE = AF | WRITE_BACK | READS | WRITES | 3;
  private static final long VTCR = 5L << 16 | 1 << 6 | 24;
  private static final long IPA = 0x80_1234_5678L;
  private static final long PHYSICAL = 0x77_7777_7000L;

  private final MmuFixture fixture = new MmuFixture();
  private final long root = fixture.newTable();

  Stage2Test() {
    fixture.state.set(ArmState.HCR, VM);
    fixture.state.set(ArmState.VTCR, VTCR);
    fixture.state.set(ArmState.VTTBR, root);
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private long map(long ipa, long leaf) {
    return fixture.map(12, root, 1, 3, ipa, 0, leaf)[0];
  }

  @Test
  void theFirstTablesAreInARow() {
    long at = map(IPA, PHYSICAL | PAGE);
    assertThat(fixture.peek(root + 0x1000)).isNotZero();
    assertThat(fixture.translate(IPA, Access.WRITE, Regime.E10_1)).isTrue();
    assertThat(fixture.out.physical).isEqualTo(PHYSICAL | 0x678);
    // Neither EL2 nor who goes without it is subject to it.
    assertThat(fixture.translate(IPA, Access.READ, Regime.E2)).isTrue();
    assertThat(fixture.out.physical).isEqualTo(IPA);
    fixture.poke(at, 0);
    assertThat(fixture.translate(IPA, Access.WRITE, Regime.E10_0)).isFalse();
    assertThat(fixture.out.faultCause)
        .isEqualTo(Syndrome.DATA_ABORT | Syndrome.STAGE_2 | Syndrome.WRITE | 7);
    assertThat(fixture.out.faultValue).isEqualTo(IPA);
    assertThat(fixture.mmu.hpfar()).isEqualTo(IPA >>> 12 << 4);
  }

  @Test
  void everyLevelHasItsFaults() {
    for (int level = 1; level <= 3; level++) {
      long at = fixture.map(12, root, 1, level, IPA, 0, 0)[0];
      assertThat(fixture.status(IPA, Access.READ, Regime.E10_1)).isEqualTo(4 + level);
      long type = level == 3 ? 3 : 1;
      fixture.poke(at, AF | WRITE_BACK | READS | type);
      assertThat(fixture.status(IPA, Access.WRITE, Regime.E10_1)).isEqualTo(12 + level);
      fixture.poke(at, WRITE_BACK | READS | type);
      assertThat(fixture.status(IPA, Access.READ, Regime.E10_1)).isEqualTo(8 + level);
      fixture.poke(at, 0x8000_0000_0000L | AF | READS | type);
      fixture.state.set(ArmState.VTCR, VTCR & ~(7L << 16));
      assertThat(fixture.status(IPA, Access.READ, Regime.E10_1)).isEqualTo(level);
      fixture.state.set(ArmState.VTCR, VTCR);
      fixture.poke(at, 0);
    }
    assertThat(fixture.status(1L << 40, Access.READ, Regime.E10_1)).isEqualTo(4);
    // SL0 that does not fit the size: level 2 for 40 bits, level 0 for 39.
    for (long vtcr : new long[] {24, 2 << 6 | 25}) {
      fixture.state.set(ArmState.VTCR, vtcr);
      assertThat(fixture.status(IPA, Access.READ, Regime.E10_1)).isEqualTo(4);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 4, 4",
    "1, 0, 5, 5",
    "2, 0, 6, 6",
    "3, 0, 7, 7",
    "3, 1, 7, 3",
    "3, 2, 3, 3",
    "3, 3, 3, 7"
  })
  void rights(int s2ap, int xn, int el0, int el1) {
    map(IPA, PHYSICAL | AF | WRITE_BACK | (long) s2ap << 6 | (long) xn << 53 | 3);
    assertThat(fixture.allowed(IPA, Regime.E10_0)).isEqualTo(el0);
    assertThat(fixture.allowed(IPA, Regime.E10_1)).isEqualTo(el1);
  }

  @Test
  void theFirstWriteMakesAPageDirty() {
    long at = map(IPA, PHYSICAL | (PAGE & ~WRITES & ~AF) | DBM);
    fixture.state.set(ArmState.VTCR, VTCR | 3 << 21);
    assertThat(fixture.translate(IPA, Access.READ, Regime.E10_1)).isTrue();
    assertThat(fixture.out.writable).isFalse();
    assertThat(fixture.peek(at) & (AF | WRITES)).isEqualTo(AF);
    assertThat(fixture.translate(IPA, Access.WRITE, Regime.E10_1)).isTrue();
    assertThat(fixture.out.writable).isTrue();
    assertThat(fixture.peek(at) & WRITES).isNotZero();
  }

  @Test
  void tablesOfStageOneAreTranslatedToo() {
    long va = 0x1234_5000L;
    long first = fixture.newTable();
    fixture.state.set(ArmState.SCTLR, 1, 1);
    fixture.state.set(ArmState.TCR, 1, 5L << 32 | 1L << 39 | 34);
    long ipaOfTable = 0x10_0000_0000L;
    fixture.state.set(ArmState.TTBR0, 1, ipaOfTable);
    long block = fixture.map(12, first, 2, 2, va, 0, 0x5500_0000L | 1)[0];
    assertThat(fixture.status(va, Access.WRITE, Regime.E10_1)).isEqualTo(5);
    assertThat(fixture.out.faultCause & (Syndrome.S1PTW | Syndrome.STAGE_2 | Syndrome.WRITE))
        .isEqualTo(Syndrome.S1PTW | Syndrome.STAGE_2 | Syndrome.WRITE);
    assertThat(fixture.mmu.hpfar()).isEqualTo(ipaOfTable >>> 12 << 4);
    // The access flag cannot be set where the table may only be read.
    long at = map(ipaOfTable, first | (PAGE & ~WRITES));
    assertThat(fixture.status(va, Access.READ, Regime.E10_1)).isEqualTo(15);
    assertThat(fixture.out.faultCause & Syndrome.S1PTW).isNotZero();
    fixture.poke(at, first | PAGE);
    assertThat(fixture.status(va, Access.READ, Regime.E10_1)).isEqualTo(5);
    assertThat(fixture.out.faultCause & Syndrome.S1PTW).isZero();
    assertThat(fixture.peek(block) & AF).isNotZero();
    map(0x5514_5000L, PHYSICAL | PAGE);
    assertThat(fixture.translate(va, Access.READ, Regime.E10_1)).isTrue();
    assertThat(fixture.out.physical).isEqualTo(PHYSICAL);
    assertThat(fixture.out.pageSize).isEqualTo(2 << 20);
    // A table in Device memory, where HCR_EL2.PTW forbids it.
    fixture.poke(at, first | (PAGE & ~WRITE_BACK));
    assertThat(fixture.translate(va, Access.READ, Regime.E10_1)).isTrue();
    fixture.state.set(ArmState.HCR, VM | PTW);
    assertThat(fixture.status(va, Access.READ, Regime.E10_1)).isEqualTo(15);
  }
}
