package dev.kasuari.target.arm.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The tables of DDI 0487, D8.4, by a walk for every combination. */
@Tag("fast")
class PermissionsTest {
  private static final long VA = 0x4567_8000L;
  private static final long WXN = 1L << 19;
  private static final long EPAN = 1L << 57;
  private static final long HPD0 = 1L << 41;

  private static int rights(String text) {
    return (text.contains("r") ? 1 : 0)
        | (text.contains("w") ? 2 : 0)
        | (text.contains("x") ? 4 : 0);
  }

  private static void enable(
      MmuFixture fixture, int level, long sctlr, long tcr, long tables, long page) {
    fixture.clearTables();
    long root = fixture.newTable();
    fixture.state.set(ArmState.SCTLR, level, 1 | sctlr);
    fixture.state.set(ArmState.TCR, level, tcr | 25);
    fixture.state.set(ArmState.TTBR0, level, root);
    fixture.map(12, root, 1, 3, VA, tables, 0x1000 | 1 << 10 | 3 | page);
  }

  /** Rights of EL1 and EL0 by AP[2:1] and APTable. */
  private static final String[][] DATA = {
    // APTable 00, 01, 10, 11
    {"rw,", "rw,", "r,", "r,"},
    {"rw,rw", "rw,", "r,r", "r,"},
    {"r,", "r,", "r,", "r,"},
    {"r,r", "r,", "r,r", "r,"},
  };

  /** With 10 bits: AP, APTable, UXN, PXN, UXNTable, PXNTable, WXN, EPAN. */
  @Test
  void rightsOfTwoLevels() {
    try (var fixture = new MmuFixture()) {
      for (int i = 0; i < 1 << 10; i++) {
        int ap = i & 3;
        int apTable = i >> 2 & 3;
        boolean uxn = (i >> 4 & 5) != 0;
        boolean pxn = (i >> 5 & 5) != 0;
        boolean wxn = (i >> 8 & 1) != 0;
        boolean epan = (i >> 9 & 1) != 0;
        enable(
            fixture,
            1,
            (wxn ? WXN : 0) | (epan ? EPAN : 0),
            0,
            (long) apTable << 61 | (i >> 6 & 1L) << 60 | (i >> 7 & 1L) << 59,
            (long) ap << 6 | (i >> 4 & 1L) << 54 | (i >> 5 & 1L) << 53);
        String[] data = DATA[ap][apTable].split(",", -1);
        int el1 = rights(data[0]);
        int el0 = rights(data[1]);
        int x0 = uxn || (wxn && data[1].contains("w")) ? 0 : 4;
        int x1 = pxn || data[1].contains("w") || (wxn && data[0].contains("w")) ? 0 : 4;
        int underPan = el0 != 0 || (epan && !uxn) ? 0 : el1;
        assertThat(fixture.allowed(VA, Regime.E10_0)).as("EL0 %x", i).isEqualTo(el0 | x0);
        assertThat(fixture.allowed(VA, Regime.E10_1)).as("EL1 %x", i).isEqualTo(el1 | x1);
        assertThat(fixture.allowed(VA, Regime.E10_1_PAN)).as("PAN %x", i).isEqualTo(underPan | x1);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0, rwx",
    "0, 0, 1, rw",
    "2, 0, 0, rx",
    "0, 2, 0, rx",
    "0, 1, 0, rwx",
    "3, 3, 1, r",
    "1, 0, 0, rwx"
  })
  void rightsOfOneLevel(int ap, int apTable, int xn, String rights) {
    try (var fixture = new MmuFixture()) {
      for (Regime regime : new Regime[] {Regime.E2, Regime.E3}) {
        long page = (long) ap << 6 | (long) xn << 54;
        enable(fixture, regime.level(), 0, 0, (long) apTable << 61, page);
        assertThat(fixture.allowed(VA, regime)).isEqualTo(rights(rights));
        enable(fixture, regime.level(), 0, 0, (long) apTable << 61 | (long) xn << 60, page);
        assertThat(fixture.allowed(VA, regime)).isEqualTo(rights(rights));
        enable(fixture, regime.level(), WXN, 0, (long) apTable << 61, page);
        assertThat(fixture.allowed(VA, regime))
            .isEqualTo(rights(rights) & (rights.contains("w") ? 3 : 7));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void attributesOfTablesCanBeSwitchedOff(int level) {
    try (var fixture = new MmuFixture()) {
      Regime regime = level == 1 ? Regime.E10_1 : Regime.E20_2;
      enable(fixture, level, 0, 0, 31L << 59, 0);
      assertThat(fixture.allowed(VA, regime)).isEqualTo(1);
      enable(fixture, level, 0, HPD0, 31L << 59, 0);
      assertThat(fixture.allowed(VA, regime)).isEqualTo(7);
    }
  }

  @Test
  void secureStateFetchesFromSecureMemoryOnly() {
    try (var fixture = new MmuFixture()) {
      enable(fixture, 3, 0, 0, 0, 1 << 5);
      assertThat(fixture.allowed(VA, Regime.E3)).isEqualTo(7);
      fixture.state.set(ArmState.SCR, 1 << 9);
      assertThat(fixture.allowed(VA, Regime.E3)).isEqualTo(3);
      enable(fixture, 3, 0, 0, 1L << 63, 0);
      assertThat(fixture.allowed(VA, Regime.E3)).isEqualTo(3);
      enable(fixture, 3, 0, 0, 0, 0);
      assertThat(fixture.allowed(VA, Regime.E3)).isEqualTo(7);
    }
  }
}
