package dev.kasuari.target.riscv.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.cpu.Access;
import dev.kasuari.machine.cpu.PageTranslation;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Svnapot, Svpbmt, Svinval, Sv57 and Sv32. */
@Tag("fast")
class PageExtensionsTest {
  private static final long ROOT = HartFixture.RAM + 0x1_0000;
  private static final long NEXT = HartFixture.RAM + 0x2_0000;
  private static final long ALL = 0xcf;
  private static final long N = 1L << 63;
  private static final int PAGE_FAULT = 13;

  private final PageTranslation out = new PageTranslation();

  private static HartFixture fixture(RiscvModel model) {
    var fixture = new HartFixture(model, 1);
    fixture.csr("pmpaddr0", -1);
    fixture.csr("pmpcfg0", 0x1f);
    return fixture;
  }

  private boolean reads(HartFixture fixture, long virtual) {
    return fixture.hart.translate(virtual, 4, Access.READ, RiscvMode.MMU_SUPERVISOR, out);
  }

  /** Sv39 with a leaf of that level for the addresses from zero on. */
  private static void map(HartFixture fixture, int level, long pte) {
    fixture.csr("satp", 8L << 60 | ROOT >> 12);
    long table = ROOT;
    for (int i = 2; i > level; i--) {
      fixture.poke(table, (table + 0x1000) >> 12 << 10 | 1);
      table += 0x1000;
    }
    for (int i = 0; i < 16; i++) {
      fixture.poke(table + 8L * i, pte);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 5678, true",
    // The page number has to say 64 KiB.
    "0, 5670, false",
    "0, 567c, false",
    "0, 5674, false",
    "0, 5671, false",
    // Larger pages are not contiguous ranges.
    "1, 5608, false",
    "2, 40000, false",
  })
  void aContiguousRangeIs64KiB(int level, String page, boolean valid) {
    try (var fixture = fixture(RiscvModel.max())) {
      map(fixture, level, N | Long.parseLong(page, 16) << 10 | ALL);
      assertThat(reads(fixture, 0x9abc)).isEqualTo(valid);
      if (valid) {
        assertThat(out.physical).isEqualTo(0x567_9abcL);
        assertThat(out.pageSize).isEqualTo(0x1_0000);
      } else {
        assertThat(out.faultCause).isEqualTo(PAGE_FAULT);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"0, true", "1, true", "2, true", "3, false"})
  void aMemoryTypeIsTakenIfMachineModeSaysSo(long type, boolean valid) {
    try (var fixture = fixture(RiscvModel.max())) {
      map(fixture, 0, type << 61 | 0x5678 << 10 | ALL);
      fixture.csr("menvcfg", Environment.PBMTE);
      assertThat(reads(fixture, 0x123)).isEqualTo(valid);
      fixture.csr("menvcfg", 0);
      assertThat(reads(fixture, 0x123)).isEqualTo(type == 0);
    }
  }

  @Test
  void aPointerHasNeither() {
    try (var fixture = fixture(RiscvModel.max())) {
      fixture.csr("menvcfg", Environment.PBMTE);
      map(fixture, 0, 0x5678 << 10 | ALL);
      for (long bit : new long[] {N, 1L << 62, 1L << 61}) {
        fixture.poke(ROOT, (ROOT + 0x1000) >> 12 << 10 | 1 | bit);
        assertThat(reads(fixture, 0)).isFalse();
        assertThat(out.faultCause).isEqualTo(PAGE_FAULT);
      }
    }
  }

  @Test
  void aHartWithoutMemoryTypesCannotSwitchThemOn() {
    try (var fixture = fixture(RiscvModel.rv64())) {
      fixture.csr("menvcfg", Environment.PBMTE);
      assertThat(fixture.csr("menvcfg")).isZero();
    }
  }

  @Test
  void fencesInPartsOrderWhatIsInOrder() {
    try (var fixture = fixture(RiscvModel.max())) {
      assertThat(fixture.mode(Privilege.USER).orderingAllowed()).isFalse();
      assertThat(fixture.mode(Privilege.SUPERVISOR).orderingAllowed()).isTrue();
      fixture.csr("mstatus", Status.TVM);
      assertThat(fixture.mode(Privilege.SUPERVISOR).orderingAllowed()).isTrue();
      assertThat(fixture.mode(Privilege.MACHINE).orderingAllowed()).isTrue();
    }
  }

  @Test
  void fiveLevelsAreWalked() {
    try (var fixture = fixture(RiscvModel.rv64())) {
      fixture.csr("satp", 10L << 60 | ROOT >> 12);
      long virtual = -1L << 56 | 0x1234;
      fixture.poke(ROOT + 256 * 8, ALL);
      assertThat(reads(fixture, virtual)).isTrue();
      assertThat(out.physical).isEqualTo(0x1234);
      assertThat(out.pageSize).isEqualTo(1L << 48);
      assertThat(reads(fixture, 1L << 56)).isFalse();
      assertThat(out.faultCause).isEqualTo(PAGE_FAULT);
    }
  }

  // ---- Sv32 ------------------------------------------------------------------------------------

  private static void word(HartFixture fixture, long address, int value) {
    byte[] bytes = {(byte) value, (byte) (value >> 8), (byte) (value >> 16), (byte) (value >> 24)};
    fixture.ram.put(address - HartFixture.RAM, bytes);
  }

  @Test
  void with32BitsThereAreTwoLevelsAnd34BitsOfPhysicalAddress() {
    try (var fixture = fixture(RiscvModel.rv32())) {
      fixture.csr("satp", 0x8000_0000L | ROOT >> 12);
      long virtual = 0xc012_3456L;
      word(fixture, ROOT + 0x300 * 4, (int) (NEXT >> 12 << 10 | 1));
      // A and D are set by the walk, in four bytes.
      word(fixture, NEXT + 0x123 * 4, (int) (0x3_1234_5000L >> 12 << 10 | 0x0f));
      word(fixture, NEXT + 0x124 * 4, 0x5a5a_5a5a);
      assertThat(reads(fixture, virtual)).isTrue();
      assertThat(out.physical).isEqualTo(0x3_1234_5456L);
      assertThat(out.pageSize).isEqualTo(4096);
      assertThat(fixture.peek(NEXT + 0x123 * 4) & 0xffff_ffffL)
          .isEqualTo(0x3_1234_5000L >> 12 << 10 | 0x4f);
      assertThat(fixture.peek(NEXT + 0x123 * 4) >>> 32).isEqualTo(0x5a5a_5a5aL);
      // A page of 4 MiB.
      word(fixture, ROOT + 0x300 * 4, (int) (0x3_4040_0000L >> 12 << 10 | ALL));
      assertThat(reads(fixture, virtual)).isTrue();
      assertThat(out.physical).isEqualTo(0x3_4052_3456L);
      assertThat(out.pageSize).isEqualTo(4 << 20);
      word(fixture, ROOT + 0x300 * 4, (int) (0x3_4040_1000L >> 12 << 10 | ALL));
      assertThat(reads(fixture, virtual)).isFalse();
      assertThat(out.faultValue).isEqualTo(virtual);
    }
  }

  @Test
  void with32BitsAnAddressBeyondTheEndIsOneAtTheBeginning() {
    try (var fixture = fixture(RiscvModel.rv32())) {
      assertThat(reads(fixture, 0x1_8000_1230L)).isTrue();
      assertThat(out.physical).isEqualTo(0x8000_1230L);
      assertThat(reads(fixture, 0xffff_ffff_8000_1230L)).isTrue();
      assertThat(out.physical).isEqualTo(0x8000_1230L);
    }
  }

  @Test
  void with32BitsAnAddressSpaceHasNineBits() {
    try (var fixture = fixture(RiscvModel.rv32())) {
      fixture.csr("satp", 0x8000_0000L | 0x155L << 22);
      fixture.mode(Privilege.SUPERVISOR);
      assertThat(fixture.hart.sfenceVma(0, true, 0x154, false)).isTrue();
      assertThat(fixture.hart.sfenceVma(0, true, 0xff55, false)).isTrue();
      assertThat(fixture.vcpu.spaceFlushes)
          .extracting(spaces -> spaces.test(fixture.vcpu.addressSpace))
          .containsExactly(false, true);
    }
  }
}
