package dev.kasuari.target.riscv.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.cpu.StateLayout;
import java.util.HashSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("fast")
class CsrTest {
  private final HartFixture fixture = new HartFixture();
  private final RiscvCpu hart = fixture.hart;

  @AfterEach
  void close() {
    fixture.close();
  }

  @ParameterizedTest
  @CsvSource({
    "mtvec, ffffffff80000101, ffffffff80000101",
    "mtvec, 80000102, 0",
    "mtvec, 80000103, 0",
    "stvec, ffffffc000001001, ffffffc000001001",
    "stvec, 2, 0",
    "mepc, ffffffffffffffff, fffffffffffffffe",
    "sepc, 1003, 1002",
    "mscratch, ffffffffffffffff, ffffffffffffffff",
    "sscratch, ffffffffffffffff, ffffffffffffffff",
    "mcause, ffffffffffffffff, ffffffffffffffff",
    "scause, 8000000000000005, 8000000000000005",
    "mtval, ffffffffffffffff, ffffffffffffffff",
    "stval, ffffffffffffffff, ffffffffffffffff",
    "medeleg, ffffffffffffffff, b3ff",
    "mideleg, ffffffffffffffff, 222",
    "mie, ffffffffffffffff, aaa",
    "mip, ffffffffffffffff, 222",
    "mcounteren, ffffffffffffffff, ffffffff",
    "scounteren, ffffffffffffffff, ffffffff",
    "mcountinhibit, ffffffffffffffff, 5",
    "menvcfg, ffffffffffffffff, a0000000000000f1",
    "senvcfg, ffffffffffffffff, f1",
    "stimecmp, ffffffffffffffff, ffffffffffffffff",
    "satp, 8fffffffffffffff, 8fffffffffffffff",
    "satp, 9000000000000001, 9000000000000001",
    "satp, a000000000000001, a000000000000001",
    "satp, b000000000000001, 0",
    "satp, 1000000000000001, 0",
    "satp, f000000000000001, 0",
    "misa, 0, 800000000014112d",
    "mhpmcounter3, ffffffffffffffff, 0",
    "mhpmevent31, ffffffffffffffff, 0",
    "pmpaddr0, ffffffffffffffff, 3fffffffffffff",
    // Write without read is reserved and leaves a field as it was.
    "pmpcfg0, ffffffff1f0f060a, 9f9f9f9f1f0f0000",
    "pmpcfg2, 0706050403020100, 0700050403000100",
  })
  void writesKeepWhatTheRegisterCanHold(String name, String written, String read) {
    fixture.csr(name, Long.parseUnsignedLong(written, 16));
    assertThat(fixture.csr(name)).isEqualTo(Long.parseUnsignedLong(read, 16));
  }

  @ParameterizedTest
  @CsvSource({
    // FS, MPP, previous interrupt enables, everything that M-mode may set; SD follows FS.
    "ffffffffffffffff, 8000000a007e79aa",
    "0, a00000000",
    "1000, a00000000",
    "800, a00000800",
    "1800, a00001800",
    "2000, a00002000",
    "6000, 8000000a00006000",
  })
  void statusKeepsLegalFields(String written, String read) {
    fixture.csr("mstatus", Long.parseUnsignedLong(written, 16));
    assertThat(fixture.csr("mstatus")).isEqualTo(Long.parseUnsignedLong(read, 16));
  }

  @Test
  void aReservedPreviousPrivilegeLeavesTheOldOne() {
    fixture.csr("mstatus", 3L << 11);
    fixture.csr("mstatus", 2L << 11);
    assertThat(fixture.csr("mstatus") >> 11 & 3).isEqualTo(3);
  }

  @Test
  void supervisorStatusIsAViewThatHidesMachineFields() {
    fixture.csr("mstatus", -1);
    assertThat(fixture.csr("sstatus")).isEqualTo(0x8000_0002_000c_6122L);
    fixture.csr("sstatus", 0);
    assertThat(fixture.csr("mstatus")).isEqualTo(0x0000_000a_0072_1888L);
  }

  @Test
  void supervisorSeesDelegatedInterruptsOnly() {
    fixture.csr("mideleg", Interrupts.SSIP | Interrupts.SEIP);
    fixture.csr("mie", -1);
    assertThat(fixture.csr("sie")).isEqualTo(Interrupts.SSIP | Interrupts.SEIP);
    fixture.csr("sie", 0);
    assertThat(fixture.csr("mie"))
        .isEqualTo(Interrupts.MSIP | Interrupts.MTIP | Interrupts.MEIP | Interrupts.STIP);
    fixture.csr("mip", Interrupts.SSIP | Interrupts.STIP | Interrupts.SEIP);
    assertThat(fixture.csr("sip")).isEqualTo(Interrupts.SSIP | Interrupts.SEIP);
    fixture.csr("sip", 0);
    assertThat(fixture.csr("mip")).isEqualTo(Interrupts.STIP | Interrupts.SEIP);
  }

  @Test
  void anExternalInterruptIsNotLatchedByReadModifyWrite() {
    fixture.hart.supervisorExternalInput().set(true);
    assertThat(fixture.sets("mip", Interrupts.SSIP)).isTrue();
    assertThat(hart.csrOld()).isEqualTo(Interrupts.SEIP);
    fixture.hart.supervisorExternalInput().set(false);
    assertThat(fixture.csr("mip")).isEqualTo(Interrupts.SSIP);
  }

  @Test
  void setAndClearTouchOnlyTheirBits() {
    fixture.csr("mscratch", 0xf0);
    assertThat(fixture.sets("mscratch", 0x0f)).isTrue();
    assertThat(hart.csrOld()).isEqualTo(0xf0);
    assertThat(fixture.clears("mscratch", 0x81)).isTrue();
    assertThat(hart.csrOld()).isEqualTo(0xff);
    assertThat(fixture.csr("mscratch")).isEqualTo(0x7e);
  }

  @Test
  void numbersSayWhoMayAndWhetherToWrite() {
    Csr[] byNumber = new Csr[4096];
    hart.csrs().forEach(c -> byNumber[c.number()] = c);
    fixture.csr("mstatus", Status.FS);
    fixture.csr("mcounteren", -1);
    fixture.csr("scounteren", -1);
    fixture.csr("menvcfg", -1);
    for (int number = 0; number < 4096; number++) {
      for (int privilege : new int[] {0, 1, 3}) {
        fixture.mode(privilege);
        Csr csr = byNumber[number];
        boolean reachable = csr != null && privilege >= (number >> 8 & 3);
        assertThat(hart.accessCsr(number, RiscvCpu.CSR_SET, false, 0))
            .as("read 0x%x in mode %d", number, privilege)
            .isEqualTo(reachable);
        assertThat(hart.accessCsr(number, RiscvCpu.CSR_SET, true, 0))
            .as("write 0x%x in mode %d", number, privilege)
            .isEqualTo(reachable && number >> 10 != 3);
      }
    }
  }

  @Test
  void randomWritesAreStableUnderRepetition() {
    long seed = 20240411;
    var random = new SplittableRandom(seed);
    for (Csr csr : hart.csrs()) {
      for (int i = 0; i < 50 && !csr.readOnly(); i++) {
        fixture.hart.reset();
        fixture.mode(Privilege.MACHINE);
        fixture.csr("mstatus", Status.FS);
        long value = random.nextLong();
        assertThat(hart.accessCsr(csr.number(), RiscvCpu.CSR_SWAP, true, value)).isTrue();
        fixture.vcpu.retired++;
        long kept = csr.read().getAsLong();
        assertThat(hart.accessCsr(csr.number(), RiscvCpu.CSR_SWAP, true, kept)).isTrue();
        fixture.vcpu.retired++;
        assertThat(csr.read().getAsLong())
            .as("%s of 0x%x, seed %d", csr.name(), value, seed)
            .isEqualTo(kept);
      }
    }
  }

  @Test
  void aModelWithoutAnExtensionLacksItsRegisters() {
    record Lack(List<String> without, List<String> names) {}
    var lacks =
        Stream.of(
            new Lack(List.of("d", "f"), List.of("fcsr", "fflags", "frm")),
            new Lack(List.of("sstc"), List.of("stimecmp")),
            new Lack(List.of("pmp"), List.of("pmpcfg0", "pmpaddr0", "pmpaddr15")),
            new Lack(List.of("zicntr"), List.of("cycle", "time", "instret")),
            new Lack(List.of("zihpm"), List.of("hpmcounter3", "hpmcounter31")),
            new Lack(
                List.of("mmu", "sstc", "s"),
                List.of("sstatus", "satp", "stvec", "sie", "medeleg", "mideleg", "scounteren")));
    lacks.forEach(lack -> {
      RiscvModel model = RiscvModel.rv64();
      for (String property : lack.without) {
        model = model.with(property, "off");
      }
      try (var other = new HartFixture(model, 1)) {
        assertThat(lack.names).allMatch(fixture::has).noneMatch(other::has);
      }
    });
  }

  @Test
  void registerNamesAreUnique() {
    var names = new HashSet<String>();
    assertThat(hart.csrs()).allMatch(c -> names.add(c.name()));
    assertThat(names).contains("mvendorid", "mconfigptr", "mhartid").doesNotContain("tselect");
  }

  // ---- floating point --------------------------------------------------------------------------

  @Test
  void floatControlIsIllegalWhileTheUnitIsOff() {
    assertThat(fixture.reads("fcsr")).isFalse();
    fixture.csr("mstatus", 1L << 13);
    assertThat(fixture.reads("fcsr")).isTrue();
    assertThat(RiscvMode.fpDirty(hart.mode())).isFalse();
  }

  @Test
  void floatControlIsThreeViewsOfOneRegisterAndDirtiesTheUnit() {
    fixture.csr("mstatus", 1L << 13);
    assertThat(fixture.writes("fcsr", 0xffff_ff71L)).isTrue();
    assertThat(fixture.csr("fcsr")).isEqualTo(0x71);
    assertThat(fixture.csr("fflags")).isEqualTo(0x11);
    assertThat(fixture.csr("frm")).isEqualTo(3);
    assertThat(hart.state().get(StateLayout.FP_FLAGS)).isEqualTo(0x11);
    assertThat(hart.state().get(StateLayout.FP_ROUNDING)).isEqualTo(3);
    assertThat(RiscvMode.fpDirty(hart.mode())).isTrue();
    assertThat(fixture.csr("mstatus") >>> 63).isEqualTo(1);
  }

  @Test
  void reservedRoundingModesAreKeptAndMarked() {
    fixture.csr("mstatus", 3L << 13);
    fixture.csr("frm", 4);
    assertThat(RiscvMode.frmValid(hart.mode())).isTrue();
    for (int frm = 5; frm <= 7; frm++) {
      fixture.csr("frm", frm);
      assertThat(fixture.csr("frm")).isEqualTo(frm);
      assertThat(RiscvMode.frmValid(hart.mode())).isFalse();
      assertThat(hart.state().get(StateLayout.FP_ROUNDING)).isEqualTo(4);
    }
  }

  // ---- counters --------------------------------------------------------------------------------

  @Test
  void timeIsTheClock() {
    fixture.clock.advance(1_000_000_050);
    assertThat(fixture.csr("time")).isEqualTo(10_000_000);
  }

  @Test
  void countersCountInstructionsAndCanBeSet() {
    fixture.vcpu.retired = 100;
    assertThat(fixture.csr("instret")).isEqualTo(100);
    fixture.csr("minstret", 5);
    fixture.vcpu.retired++;
    assertThat(fixture.csr("instret")).isEqualTo(5);
    assertThat(fixture.csr("cycle")).isEqualTo(101);
    fixture.csr("mcycle", -1);
    fixture.vcpu.retired += 2;
    assertThat(fixture.csr("mcycle")).isZero();
  }

  @Test
  void inhibitedCountersStandStill() {
    fixture.vcpu.retired = 10;
    fixture.csr("mcountinhibit", 4);
    fixture.vcpu.retired = 50;
    assertThat(fixture.csr("minstret")).isEqualTo(10);
    assertThat(fixture.csr("mcycle")).isEqualTo(50);
    fixture.csr("minstret", 7);
    assertThat(fixture.csr("minstret")).isEqualTo(7);
    fixture.csr("mcountinhibit", 0);
    fixture.vcpu.retired = 51;
    assertThat(fixture.csr("minstret")).isEqualTo(8);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 3, true", "0, 7, 1, false", "0, 7, 0, false",
    "7, 0, 1, true", "7, 0, 0, false", "7, 7, 0, true",
  })
  void enablesGateCounters(long machine, long supervisor, int privilege, boolean legal) {
    fixture.csr("mcounteren", machine);
    fixture.csr("scounteren", supervisor);
    fixture.mode(privilege);
    for (String name : List.of("cycle", "time", "instret")) {
      assertThat(fixture.reads(name)).as(name).isEqualTo(legal);
    }
    assertThat(fixture.reads("hpmcounter3")).isEqualTo(privilege == Privilege.MACHINE);
  }

  // ---- XLEN 32 ---------------------------------------------------------------------------------

  @Test
  void with32BitsWideRegistersHaveTwoHalves() {
    try (var narrow = new HartFixture(RiscvModel.rv32(), 1)) {
      narrow.clock.advance(0x1_0000_0002L * 100);
      assertThat(narrow.csr("time")).isEqualTo(2);
      assertThat(narrow.csr("timeh")).isEqualTo(1);
      narrow.csr("stimecmph", 0x8000_0000L);
      narrow.csr("stimecmp", 3);
      assertThat(narrow.hart.state().get(RiscvState.STIMECMP)).isEqualTo(0x8000_0000_0000_0003L);
      narrow.csr("mstatus", -1);
      assertThat(narrow.csr("mstatus")).isEqualTo(0x807e_79aaL);
      narrow.csr("mstatush", -1);
      assertThat(narrow.csr("mstatush")).isZero();
      narrow.csr("mscratch", -1);
      assertThat(narrow.csr("mscratch")).isEqualTo(0xffff_ffffL);
      assertThat(narrow.csr("misa") >>> 30).isEqualTo(1);
      assertThat(narrow.has("pmpcfg1")).isTrue();
      narrow.csr("satp", 0xffff_ffffL);
      assertThat(narrow.csr("satp")).isEqualTo(0xffff_ffffL);
      narrow.csr("menvcfgh", 0xffff_ffffL);
      assertThat(narrow.csr("menvcfgh")).isEqualTo(0xa000_0000L);
      assertThat(narrow.csr("menvcfg")).isEqualTo(0);
      narrow.csr("mcycle", 100);
      narrow.csr("mcycleh", 5);
      assertThat(narrow.csr("mcycleh")).isEqualTo(5);
      assertThat(RiscvMode.xlen(narrow.hart.mode())).isEqualTo(32);
    }
  }
}
