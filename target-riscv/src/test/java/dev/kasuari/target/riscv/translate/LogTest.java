package dev.kasuari.target.riscv.translate;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.A1;
import static dev.kasuari.target.riscv.asm.Reg.A2;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.addi;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.csrrs;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.lw;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.sfenceVma;
import static dev.kasuari.target.riscv.translate.MachineMode.trapTo;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.LogCategory;
import dev.kasuari.target.riscv.asm.Assembler;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What {@code -d} shows of a program. */
@Tag("fast")
class LogTest {

  private static List<String> log(Assembler a, LogCategory... categories)
      throws InterruptedException {
    try (var machine = new BareMetal(1, a, categories)) {
      machine.run();
      return machine.log();
    }
  }

  @Test
  void fencesNameAddressAndSpace() throws InterruptedException {
    var a = new Assembler();
    a.li(A1, 0x123_4000);
    a.li(A2, 7 | 1 << 20);
    a.i(sfenceVma(A1, A2), sfenceVma(0, A2), sfenceVma(A1, 0), sfenceVma(0, 0));
    BareMetal.exit(a, 0);
    List<String> lines =
        log(a, LogCategory.MMU).stream()
            .filter(line -> line.contains("sfence") || line.contains("TLB"))
            .dropWhile(line -> line.startsWith("cpu0")) // memory was mapped before
            .toList();
    assertThat(lines)
        .containsExactly(
            "hart0: sfence.vma of 0x1234000 in space 0x7",
            "cpu0: TLB flushed of 0x1234000",
            "hart0: sfence.vma of all addresses in space 0x7",
            "cpu0: TLB flushed of address spaces",
            "hart0: sfence.vma of 0x1234000 in all spaces",
            "cpu0: TLB flushed of 0x1234000",
            "hart0: sfence.vma of all addresses in all spaces",
            "cpu0: TLB flushed");
  }

  /** Something of each: a CSR that is not there, an address that nobody answers, traps of both. */
  private static Assembler everything() {
    var a = new Assembler();
    var handler = a.label("handler");
    var next = a.label("next");
    trapTo(a, handler);
    a.i(csrrs(A0, 0x7c0, 0));
    a.align(4);
    a.bind(handler);
    trapTo(a, next);
    a.i(lw(A0, 0, 0x40));
    a.align(4);
    a.bind(next);
    BareMetal.exit(a, 0);
    return a;
  }

  @Test
  void eachItemShowsItsOwn() throws InterruptedException {
    assertThat(log(everything(), LogCategory.IN_ASM))
        .anyMatch(text -> text.startsWith("IN: ") && text.contains("csrr    a0,"));
    assertThat(log(everything(), LogCategory.OP)).anyMatch(text -> text.contains("load [s4le"));
    assertThat(log(everything(), LogCategory.INT))
        .hasSize(2)
        .anyMatch(line -> line.contains("illegal instruction (2) epc 0x80000"))
        .anyMatch(line -> line.contains("load access fault (5)") && line.contains("tval 0x40 "));
    assertThat(log(everything(), LogCategory.MMU))
        .contains("hart0: mmu3 EXECUTE 0x80000000 -> 0x80000000, page of 4096");
    assertThat(log(everything(), LogCategory.GUEST_ERRORS))
        .containsExactly("memory: nobody answers read32(0x40)");
    assertThat(log(everything(), LogCategory.UNIMP))
        .singleElement()
        .asString()
        .startsWith("hart0: no CSR 0x7c0, asked for at 0x80000");
    assertThat(log(everything(), LogCategory.EXEC)).contains("cpu0 exec 0x0000000080000000");
    assertThat(log(everything(), LogCategory.CPU)).anyMatch(text -> text.contains("mepc"));
    assertThat(log(everything())).isEmpty();
  }

  @Test
  void anInstructionAcrossPagesIsListed() throws InterruptedException {
    var a = new Assembler();
    var crossing = a.label("crossing");
    a.j(crossing);
    a.space(4096 - 2 - a.size());
    a.bind(crossing);
    a.i(addi(A0, 0, 3));
    BareMetal.exit(a, A0);
    assertThat(log(a, LogCategory.IN_ASM))
        .anyMatch(text -> text.contains("\n0x0000000080000ffe:  00300513  li      a0,3"));
  }
}
