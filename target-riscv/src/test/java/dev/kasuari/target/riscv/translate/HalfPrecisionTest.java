package dev.kasuari.target.riscv.translate;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.T0;
import static dev.kasuari.target.riscv.asm.Reg.T1;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.csrrs;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.faddH;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.fclassH;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.fcvtHS;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.fcvtSH;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.fcvtWH;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.flh;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.fmvDX;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.fmvHX;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.fmvXD;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.fmvXH;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.fsgnjnH;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.fsh;
import static dev.kasuari.target.riscv.translate.MachineMode.MSTATUS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Zfh: boxes, moves, and an operation of each kind; the arithmetic itself is softfloat's. */
@Tag("fast")
class HalfPrecisionTest {
  private static final int FS = 0x6000;

  @ParameterizedTest
  @CsvSource({
    // 1.5 + 2.25
    "add, ffffffffffff3e00, ffffffffffff4080, ffffffffffff4380",
    // What is not in a box is the canonical NaN.
    "add, ffffffff00003e00, ffffffffffff4080, ffffffffffff7e00",
    "negate, ffffffffffff3e00, ffffffffffff4080, ffffffffffffc080",
    "negate, ffffffffffff3e00, 0, fffffffffffffe00",
    "class, ffffffffffff8001, 0, 4",
    "class, 3c00, 0, 200",
    "toWord, ffffffffffffc500, 0, fffffffffffffffb",
    "toSingle, ffffffffffff3e00, 0, ffffffff3fc00000",
    "fromSingle, ffffffff3fc00000, 0, ffffffffffff3e00",
    "fromSingle, ffffffff7f7fffff, 0, ffffffffffff7c00",
    "toInteger, 123456789abc9def, 0, ffffffffffff9def",
    "fromInteger, 123456789abc3def, 0, ffffffffffff3def",
    "memory, 123456789abc9def, 0, ffffffffffff9def",
  })
  void doesIt(String what, String first, String second, String result) throws InterruptedException {
    var a = new Assembler();
    a.li(T0, FS);
    a.i(csrrs(0, MSTATUS, T0));
    a.li(T0, Long.parseUnsignedLong(first, 16));
    a.li(T1, Long.parseUnsignedLong(second, 16));
    a.i(fmvDX(0, T0), fmvDX(1, T1));
    switch (what) {
      case "add" -> a.i(faddH(2, 0, 1, 0), fmvXD(A0, 2));
      case "negate" -> a.i(fsgnjnH(2, 1, 0), fmvXD(A0, 2));
      case "class" -> a.i(fclassH(A0, 0));
      case "toWord" -> a.i(fcvtWH(A0, 0, 1));
      case "toSingle" -> a.i(fcvtSH(2, 0, 0), fmvXD(A0, 2));
      case "fromSingle" -> a.i(fcvtHS(2, 0, 0), fmvXD(A0, 2));
      case "toInteger" -> a.i(fmvXH(A0, 0));
      case "fromInteger" -> a.i(fmvHX(2, T0), fmvXD(A0, 2));
      default -> {
        a.li(T1, BareMetal.RAM + 0x10_0000);
        a.i(fsh(T1, 0, 2), flh(3, T1, 2), fmvXD(A0, 3));
      }
    }
    BareMetal.exit(a, 0);
    try (var machine = new BareMetal(RiscvModel.max(), 1, a)) {
      machine.run();
      assertThat(machine.hart(0).x(A0)).isEqualTo(Long.parseUnsignedLong(result, 16));
    }
  }
}
