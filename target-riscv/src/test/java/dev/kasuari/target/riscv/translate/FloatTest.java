package dev.kasuari.target.riscv.translate;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.T0;
import static dev.kasuari.target.riscv.asm.Reg.T1;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.*;
import static dev.kasuari.target.riscv.translate.MachineMode.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.riscv.asm.Assembler;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Floating point from the registers through softfloat and back. */
@Tag("fast")
class FloatTest {
  private static final int FFLAGS = 0x001;
  private static final int FS = 0x6000;
  private static final int NEAREST = 0;

  private static final int MINUS_ZERO = 0x8000_0000;
  private static final int INFINITY = 0x7f80_0000;
  private static final int MINUS_INFINITY = 0xff80_0000;

  /** {@code a - b} in single precision: the flags above the bits. */
  private static long difference(int a, int b) throws InterruptedException {
    var p = new Assembler();
    p.li(T0, FS);
    p.i(csrrs(0, MSTATUS, T0));
    p.li(T0, a);
    p.li(T1, b);
    p.i(fmvWX(0, T0), fmvWX(1, T1), fsubS(2, 0, 1, NEAREST), fmvXW(A0, 2));
    p.i(slli(A0, A0, 32), srli(A0, A0, 32), csrrs(T0, FFLAGS, 0), slli(T0, T0, 32), or(A0, A0, T0));
    BareMetal.exit(p, A0);
    try (var machine = new BareMetal(1, p)) {
      machine.run();
      return machine.hart(0).x(A0);
    }
  }

  /**
   * A negative single is sign-extended in a 64-bit host word, and a negated positive one is not.
   */
  @Test
  void signedZerosAndInfinitiesAreTheSameHoweverTheyWereMade() throws InterruptedException {
    assertThat(difference(MINUS_ZERO, 0)).isEqualTo(0x8000_0000L);
    assertThat(difference(MINUS_INFINITY, INFINITY)).isEqualTo(0xff80_0000L);
    assertThat(difference(MINUS_INFINITY, MINUS_INFINITY)).isEqualTo(0x10_7fc0_0000L);
  }
}
