package dev.kasuari.target.arm.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.cpu.Access;
import dev.kasuari.machine.memory.DirtyLog;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Stage 1: sizes, faults, updates, tags. */
@Tag("fast")
class MmuTest {
  static final long AF = 1 << 10;
  static final long DBM = 1L << 51;
  static final long READ_ONLY = 1 << 7;
  static final long EL0 = 1 << 6;

  /** SCTLR_ELx.M. */
  static final long ENABLE = 1;

  private static final long HA = 1L << 39;
  private static final long HD = 1L << 40;
  private static final long PHYSICAL = 0x12_3456_789aL;

  private final MmuFixture fixture = new MmuFixture();

  @AfterEach
  void close() {
    fixture.close();
  }

  private static int tg0(int pageBits) {
    return pageBits == 12 ? 0 : pageBits == 14 ? 2 : 1;
  }

  /** Switches EL1&0 on with the lower range; 48 bits of physical address. */
  private long enable(int pageBits, int txsz) {
    long root = fixture.newTable();
    fixture.state.set(ArmState.SCTLR, 1, ENABLE);
    fixture.state.set(ArmState.TCR, 1, 5L << 32 | (long) tg0(pageBits) << 14 | txsz);
    fixture.state.set(ArmState.TTBR0, 1, root);
    return root;
  }

  private static long leaf(int pageBits, int level, long physical) {
    long size = 1L << (pageBits + (3 - level) * (pageBits - 3));
    return (physical & -size) | AF | (level == 3 ? 3 : 1);
  }

  /** A page of 4 KiB with 39 bits; where its descriptor is. */
  private long page(long va, long bits) {
    long root = enable(12, 25);
    return fixture.map(12, root, 1, 3, va, 0, leaf(12, 3, PHYSICAL) | bits)[0];
  }

  @ParameterizedTest
  @EnumSource(Regime.class)
  void withoutTranslationAddressesAreThemselves(Regime regime) {
    assertThat(fixture.translate(0x1234_5678, Access.WRITE, regime)).isTrue();
    assertThat(fixture.out.physical).isEqualTo(0x1234_5678);
    assertThat(fixture.out.readable && fixture.out.writable && fixture.out.executable).isTrue();
    assertThat(fixture.status(1L << 52, Access.READ, regime)).isEqualTo(Syndrome.ADDRESS_SIZE);
    assertThat(fixture.out.faultValue).isEqualTo(1L << 52);
  }

  @ParameterizedTest
  @CsvSource({
    "12, 16, 0, 1", "12, 16, 0, 2", "12, 16, 0, 3", "12, 25, 1, 1", "12, 25, 1, 3", "12, 34, 2, 2",
    "12, 34, 2, 3", "12, 43, 3, 3", "12, 48, 3, 3", "14, 16, 0, 2", "14, 16, 0, 3", "14, 17, 1, 2",
    "14, 28, 2, 3", "14, 39, 3, 3", "16, 12, 1, 2", "16, 16, 1, 1", "16, 16, 1, 3", "16, 22, 2, 2",
    "16, 35, 3, 3", "16, 47, 3, 3"
  })
  void pagesAndBlocksOfAllSizesTranslate(int pageBits, int txsz, int from, int level) {
    long size = 1L << (pageBits + (3 - level) * (pageBits - 3));
    long va = 0x000f_edcb_a987_6543L & (-1L >>> txsz);
    long root = enable(pageBits, txsz);
    fixture.map(pageBits, root, from, level, va, 0, leaf(pageBits, level, PHYSICAL));
    assertThat(fixture.translate(va, Access.READ, Regime.E10_1)).isTrue();
    assertThat(fixture.out.physical).isEqualTo((PHYSICAL & -size) | (va & (size - 1)));
    assertThat(fixture.out.pageSize).isEqualTo(size);
    // One bit more is out of range.
    assertThat(fixture.status(va | 1L << (64 - txsz), Access.READ, Regime.E10_1)).isEqualTo(4);
  }

  @ParameterizedTest
  @CsvSource({"12, 16, 0", "14, 16, 0", "16, 16, 1"})
  void everyLevelHasItsFaults(int pageBits, int txsz, int from) {
    long va = 0x5678_9abc_d123L;
    for (int level = from; level <= 3; level++) {
      fixture.clearTables();
      long root = enable(pageBits, txsz);
      long at = fixture.map(pageBits, root, from, level, va, 0, 0)[0];
      assertThat(fixture.status(va, Access.READ, Regime.E10_1)).isEqualTo(0b000100 + level);
      // Reserved encodings.
      fixture.poke(at, level == 3 ? 1 : 2);
      assertThat(fixture.status(va, Access.READ, Regime.E10_1)).isEqualTo(0b000100 + level);
      if (level < 3) {
        fixture.poke(at, 0x3_4000_0000L | 3);
        assertThat(fixture.status(va, Access.WRITE, Regime.E10_1)).isEqualTo(0b010100 + level + 1);
        // A table beyond 32 bits, of which IPS speaks.
        fixture.state.set(ArmState.TCR, 1, (long) tg0(pageBits) << 14 | txsz);
        assertThat(fixture.status(va, Access.READ, Regime.E10_1)).isEqualTo(level);
      }
      fixture.state.set(ArmState.TCR, 1, 5L << 32 | (long) tg0(pageBits) << 14 | txsz);
      boolean hasBlocks = level == 2 || (level == 1 && pageBits != 14) || level == 3;
      fixture.poke(at, leaf(pageBits, level, PHYSICAL) & ~AF);
      assertThat(fixture.status(va, Access.READ, Regime.E10_1))
          .isEqualTo((hasBlocks ? 0b001000 : 0b000100) + level);
      if (hasBlocks) {
        fixture.poke(at, leaf(pageBits, level, PHYSICAL) | READ_ONLY);
        assertThat(fixture.status(va, Access.WRITE, Regime.E10_1)).isEqualTo(0b001100 + level);
        fixture.poke(at, leaf(pageBits, level, 0x7fff_0000_0000L));
        fixture.state.set(ArmState.TCR, 1, (long) tg0(pageBits) << 14 | txsz);
        assertThat(fixture.status(va, Access.READ, Regime.E10_1)).isEqualTo(level);
      }
    }
  }

  @Test
  void withDsThereIsALevelBeforeTheFirstAndBlocksAtLevelZero() {
    enable(12, 12);
    long root = fixture.newTable();
    fixture.state.set(ArmState.TTBR0, 1, root);
    fixture.state.set(ArmState.TCR, 1, 1L << 59 | 6L << 32 | 12);
    long va = 0x000f_1234_5678_9abcL;
    assertThat(fixture.status(va, Access.READ, Regime.E10_1)).isEqualTo(0b101011);
    // Bits 51 and 50 of the address are bits 9 and 8 of the descriptor.
    long block = (0x0001_2300_0000_0000L & (-1L << 39)) | 2 << 8 | AF | 1;
    fixture.map(12, root, -1, 0, va, 0, block);
    assertThat(fixture.translate(va, Access.READ, Regime.E10_1)).isTrue();
    assertThat(fixture.out.physical)
        .isEqualTo((0x0009_2300_0000_0000L & (-1L << 39)) | (va & ((1L << 39) - 1)));
    fixture.poke(root + (va >>> 48) * 8, 1 << 8 | 3);
    fixture.state.set(ArmState.TCR, 1, 1L << 59 | 5L << 32 | 12);
    assertThat(fixture.status(va, Access.READ, Regime.E10_1)).isEqualTo(0b101001);
    // Where nothing answers.
    fixture.state.set(ArmState.TTBR0, 1, 0x1_0000_0000L);
    assertThat(fixture.status(va, Access.READ, Regime.E10_1)).isEqualTo(0b010011);
    fixture.state.set(ArmState.TTBR0, 1, 0x3c);
    assertThat(fixture.status(va, Access.READ, Regime.E10_1)).isEqualTo(Syndrome.ADDRESS_SIZE);
  }

  @Test
  void sizesOutsideTheRulesFault() {
    for (int txsz : new int[] {0, 11, 15, 49, 63}) {
      enable(12, txsz);
      assertThat(fixture.status(0, Access.READ, Regime.E10_1)).isEqualTo(0b000100);
    }
    enable(16, 48);
    assertThat(fixture.status(0, Access.READ, Regime.E10_1)).isEqualTo(0b000100);
  }

  @Test
  void theUpperRangeHasItsOwnTables() {
    enable(12, 25);
    long root = fixture.newTable();
    fixture.or(ArmState.TCR, 1, 2L << 30 | 25 << 16);
    fixture.state.set(ArmState.TTBR1, 1, root);
    long va = -1L << 39 | 0x12_3456_7890L;
    fixture.map(12, root, 1, 3, va & (-1L >>> 25), 0, leaf(12, 3, PHYSICAL));
    assertThat(fixture.translate(va, Access.READ, Regime.E10_1)).isTrue();
    assertThat(fixture.status(va & ~(1L << 62), Access.READ, Regime.E10_1)).isEqualTo(4);
    assertThat(fixture.status(va & ~(1L << 39), Access.READ, Regime.E10_1)).isEqualTo(4);
    fixture.or(ArmState.TCR, 1, 1 << 23);
    assertThat(fixture.status(va, Access.READ, Regime.E10_1)).isEqualTo(4);
    // Without an upper range.
    fixture.state.set(ArmState.SCTLR, 3, ENABLE);
    assertThat(fixture.status(va, Access.READ, Regime.E3)).isEqualTo(4);
  }

  @Test
  void topBytesAreIgnoredWhereTheControlSaysSo() {
    long va = 0x12_3456_7890L;
    page(va, 0);
    long tagged = va | 0xa5L << 56;
    assertThat(fixture.status(tagged, Access.READ, Regime.E10_1)).isEqualTo(4);
    assertThat(fixture.mmu.forgetTagged()).isFalse();
    fixture.or(ArmState.TCR, 1, 1L << 37);
    assertThat(fixture.translate(va, Access.READ, Regime.E10_1)).isTrue();
    assertThat(fixture.mmu.forgetTagged()).isFalse();
    assertThat(fixture.translate(tagged, Access.READ, Regime.E10_1)).isTrue();
    assertThat(fixture.translate(tagged, Access.EXECUTE, Regime.E10_1)).isTrue();
    assertThat(fixture.mmu.forgetTagged()).isTrue();
    assertThat(fixture.mmu.forgetTagged()).isFalse();
    // TBID: instructions have no tags.
    fixture.or(ArmState.TCR, 1, 1L << 51);
    assertThat(fixture.translate(tagged, Access.READ, Regime.E10_1)).isTrue();
    assertThat(fixture.status(tagged, Access.EXECUTE, Regime.E10_1)).isEqualTo(4);
    // Bits 55 to 48 are none.
    assertThat(fixture.status(tagged | 1L << 54, Access.READ, Regime.E10_1)).isEqualTo(4);
  }

  @Test
  void e0pdKeepsTheApplicationOut() {
    page(0, EL0);
    assertThat(fixture.translate(0, Access.READ, Regime.E10_0)).isTrue();
    fixture.or(ArmState.TCR, 1, 1L << 55);
    assertThat(fixture.status(0, Access.READ, Regime.E10_0)).isEqualTo(4);
    assertThat(fixture.translate(0, Access.READ, Regime.E10_1)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theAccessFlagIsSet(boolean bigEndian) {
    long at = page(0, 0);
    long unused = leaf(12, 3, PHYSICAL) & ~AF;
    fixture.poke(at, unused);
    fixture.or(ArmState.TCR, 1, HA);
    if (bigEndian) {
      fixture.or(ArmState.SCTLR, 1, 1 << 25);
      for (long table = MmuFixture.TABLES; table <= at; table += MmuFixture.TABLE_STEP) {
        fixture.poke(table, Long.reverseBytes(fixture.peek(table)));
      }
    }
    fixture.ram.dirty().start(DirtyLog.Client.MIGRATION);
    fixture.ram.dirty().drain(DirtyLog.Client.MIGRATION, (offset, length) -> {});
    assertThat(fixture.translate(0x123, Access.READ, Regime.E10_1)).isTrue();
    long now = fixture.peek(at);
    assertThat(bigEndian ? Long.reverseBytes(now) : now).isEqualTo(unused | AF);
    assertThat(fixture.ram.dirty().isDirty(DirtyLog.Client.MIGRATION, at - MmuFixture.RAM))
        .isTrue();
  }

  /** Of the page at an address; its descriptor is in a line of eight. */
  private int alike(long va) {
    assertThat(fixture.translate(va, Access.READ, Regime.E10_1)).isTrue();
    return fixture.out.alike;
  }

  @Test
  void pagesBehindAreAlikeThatHaveTheSameBitsAndTheNextAddress() {
    long at = page(0, 0);
    for (int i = 0; i < 16; i++) {
      fixture.poke(at + 8L * i, leaf(12, 3, PHYSICAL) + 4096L * i);
    }
    assertThat(alike(0)).isEqualTo(7);
    assertThat(alike(0x5123)).isEqualTo(2);
    assertThat(alike(0x7000)).isZero();
    assertThat(alike(0x8000)).isEqualTo(7);
    fixture.poke(at + 8 * 4, fixture.peek(at + 8 * 4) | READ_ONLY);
    assertThat(alike(0)).isEqualTo(3);
    assertThat(alike(0x4000)).isZero();
    fixture.poke(at + 8 * 2, fixture.peek(at + 8 * 9));
    assertThat(alike(0)).isEqualTo(1);
    fixture.poke(at + 8, 0);
    assertThat(alike(0)).isZero();
  }

  @Test
  void aDescriptorThatHadToBeChangedIsLikeNoOther() {
    long at = page(0, 0);
    for (int i = 0; i < 8; i++) {
      fixture.poke(at + 8L * i, (leaf(12, 3, PHYSICAL) & ~AF) + 4096L * i);
    }
    fixture.or(ArmState.TCR, 1, HA);
    assertThat(alike(0)).isZero();
    assertThat(fixture.peek(at + 8) & AF).isZero();
  }

  @Test
  void aPageThatIsReadBeforeItIsExecutedIsKnownToBeGuarded() {
    page(0, 1L << 50);
    assertThat(fixture.mmu.anyGuarded()).isFalse();
    assertThat(fixture.translate(0, Access.READ, Regime.E10_1)).isTrue();
    assertThat(fixture.out.executable).isTrue();
    assertThat(fixture.mmu.anyGuarded()).isTrue();
  }

  @Test
  void pagesOfABlockAreAlikeToItsEnd() {
    long root = enable(12, 25);
    fixture.map(12, root, 1, 2, 0, 0, leaf(12, 2, PHYSICAL));
    assertThat(alike(0)).isEqualTo(511);
    assertThat(alike(0x1f_e123)).isEqualTo(1);
    assertThat(alike(0x1f_f000)).isZero();
  }

  @Test
  void anAccessThatIsNotPermittedSetsNoFlag() {
    long at = page(0, READ_ONLY);
    fixture.poke(at, fixture.peek(at) & ~AF);
    fixture.or(ArmState.TCR, 1, HA);
    assertThat(fixture.status(0, Access.WRITE, Regime.E10_1)).isEqualTo(0b001111);
    assertThat(fixture.peek(at) & AF).isZero();
  }

  @Test
  void theFirstWriteMakesAPageDirty() {
    long at = page(0, READ_ONLY | DBM);
    assertThat(fixture.status(0, Access.WRITE, Regime.E10_1)).isEqualTo(0b001111);
    fixture.or(ArmState.TCR, 1, HD);
    assertThat(fixture.status(0, Access.WRITE, Regime.E10_1)).isEqualTo(0b001111);
    fixture.or(ArmState.TCR, 1, HA);
    assertThat(fixture.translate(0, Access.READ, Regime.E10_1)).isTrue();
    assertThat(fixture.out.writable).isFalse();
    assertThat(fixture.peek(at) & READ_ONLY).isNotZero();
    assertThat(fixture.translate(0, Access.WRITE, Regime.E10_1)).isTrue();
    assertThat(fixture.out.writable).isTrue();
    assertThat(fixture.peek(at) & READ_ONLY).isZero();
    assertThat(fixture.translate(0, Access.READ, Regime.E10_1)).isTrue();
    assertThat(fixture.out.writable).isTrue();
  }

  @Test
  void aPageThatCountsAsWritableIsNotExecutedUnderWxn() {
    page(0, READ_ONLY | DBM);
    fixture.or(ArmState.SCTLR, 1, 1 << 19);
    assertThat(fixture.translate(0, Access.EXECUTE, Regime.E10_1)).isTrue();
    fixture.or(ArmState.TCR, 1, HA | HD);
    assertThat(fixture.translate(0, Access.EXECUTE, Regime.E10_1)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    // SCR_EL3.NS, NS of the page, NSTable; whether the access is secure
    "0, 0, 0, true",
    "0, 1, 0, false",
    "0, 0, 1, false",
    "1, 0, 0, false",
    "1, 1, 1, false",
  })
  void theWorldIsThatOfTheStateAndThePage(int ns, int ofPage, long ofTables, boolean secure) {
    fixture.state.set(ArmState.SCR, ns);
    long root = enable(12, 25);
    long descriptor = leaf(12, 3, PHYSICAL) | (long) ofPage << 5;
    fixture.map(12, root, 1, 3, 0, ofTables << 63, descriptor);
    assertThat(fixture.translate(0, Access.READ, Regime.E10_1)).isTrue();
    assertThat(fixture.out.secure).isEqualTo(secure);
  }

  @Test
  void withoutTranslationTheWorldIsThatOfTheState() {
    for (int ns = 0; ns < 2; ns++) {
      fixture.state.set(ArmState.SCR, ns);
      assertThat(fixture.translate(0, Access.READ, Regime.E10_1)).isTrue();
      assertThat(fixture.out.secure).isEqualTo(ns == 0);
      assertThat(fixture.translate(0, Access.READ, Regime.E3)).isTrue();
      assertThat(fixture.out.secure).isTrue();
    }
  }

  /** Tables are where the secure world alone finds them. */
  @Test
  void aWalkIsOfTheWorldOfItsTables() {
    fixture.state.set(ArmState.SCR, 0);
    long root = enable(12, 25);
    fixture.map(12, root, 1, 3, 0, 0, leaf(12, 3, PHYSICAL));
    fixture.hideRam();
    assertThat(fixture.translate(0, Access.READ, Regime.E10_1)).isTrue();
    fixture.poke(root, fixture.peek(root) | 1L << 63);
    assertThat(fixture.status(0, Access.READ, Regime.E10_1))
        .isEqualTo(Syndrome.EXTERNAL_ON_WALK | 2);
    fixture.state.set(ArmState.SCR, 1);
    assertThat(fixture.status(0, Access.READ, Regime.E10_1))
        .isEqualTo(Syndrome.EXTERNAL_ON_WALK | 1);
  }

  @Test
  void aSyndromeSaysWhatTheAccessWas() {
    enable(12, 25);
    assertThat(fixture.translate(0x123, Access.READ, Regime.E10_0)).isFalse();
    assertThat(fixture.out.faultCause).isEqualTo(Syndrome.DATA_ABORT | 5);
    assertThat(fixture.translate(0x123, Access.WRITE, Regime.E10_0)).isFalse();
    assertThat(fixture.out.faultCause).isEqualTo(Syndrome.DATA_ABORT | Syndrome.WRITE | 5);
    assertThat(fixture.translate(0x123, Access.EXECUTE, Regime.E10_0)).isFalse();
    assertThat(fixture.out.faultCause).isEqualTo(Syndrome.INSTRUCTION_ABORT | 5);
    assertThat(fixture.out.faultValue).isEqualTo(0x123);
  }

  @Test
  void whoHasTheLevelsAboveSwitchesStageOneOff() {
    enable(12, 25);
    fixture.state.set(ArmState.HCR, 1L << 27);
    assertThat(fixture.translate(0x123, Access.READ, Regime.E10_1)).isTrue();
    // In the secure state there is no EL2.
    fixture.state.set(ArmState.SCR, 0);
    assertThat(fixture.translate(0x123, Access.READ, Regime.E10_1)).isFalse();
  }
}
