package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.Width.BITS_64;
import static dev.kasuari.tcg.x86_64.Xmm.XMM2;
import static dev.kasuari.tcg.x86_64.Xmm.XMM3;
import static dev.kasuari.tcg.x86_64.Xmm.XMM4;
import static dev.kasuari.tcg.x86_64.Xmm.XMM5;

import dev.kasuari.tcg.ir.FpDesc;

/**
 * What a NaN result of the host's is for a guest whose rule is that of {@link
 * FloatContract#signalingFirst}: programs that once made a NaN go on with it, so quiet ones are
 * dealt with here. Emitted where nothing else runs; all operands are still there, and the operation
 * has raised invalid if it is.
 */
final class FloatNans {
  private final FloatOperation o;
  private final Assembler a;
  private final Precision precision;
  private final Xmm value;

  /** Where the host's NaN is delivered, and where the default NaN is. */
  private final Label host = new Label();

  private final Label none = new Label();
  private final Label done;

  /**
   * @param value where the host has its result
   * @param done where the operation ends
   */
  FloatNans(FloatOperation o, Xmm value, Label done) {
    this.o = o;
    this.a = o.a();
    this.precision = FloatOperation.precision(o.format());
    this.value = value;
    this.done = done;
  }

  /** Delivers the NaN and goes on, or leaves for software. */
  void choose() {
    switch (o.op()) {
      case FADD, FSUB, FMUL, FDIV -> binary();
      case FSQRT -> squareRoot();
      case FMA -> fused();
      default -> {
        a.jmp(o.slow());
        return;
      }
    }
    a.bind(host);
    o.deliverPlain(value);
    a.jmp(done);
    a.bind(none);
    o.defaultNan();
    a.jmp(done);
  }

  /** Of two NaNs the host has the first; the second one may be the signaling one. */
  private void binary() {
    o.load(XMM3, 0, o.format());
    o.load(XMM4, 1, o.format());
    a.ucomis(precision, XMM3, XMM4);
    a.j(Cc.NP, none);
    a.ucomis(precision, XMM3, XMM3);
    a.j(Cc.NP, host);
    leaveIfSignaling(XMM4, 1);
  }

  private void squareRoot() {
    o.load(XMM3, 0, o.format());
    a.ucomis(precision, XMM3, XMM3);
    a.j(Cc.NP, none);
  }

  /** The addend comes first, unless a factor is signaling or zero may have met infinity. */
  private void fused() {
    var addend = new Label();
    var factors = new Label();
    o.load(XMM3, 0, o.format());
    o.load(XMM4, 1, o.format());
    o.load(XMM5, 2, o.format());
    a.ucomis(precision, XMM5, XMM5);
    a.j(Cc.P, addend);
    a.ucomis(precision, XMM3, XMM4);
    a.j(Cc.NP, none);
    a.ucomis(precision, XMM3, XMM3);
    a.j(Cc.NP, host);
    if (FpDesc.negatesProduct(o.desc())) {
      a.jmp(o.slow());
    } else {
      leaveIfSignaling(XMM4, 1);
      a.jmp(host);
    }
    a.bind(addend);
    a.ucomis(precision, XMM3, XMM4);
    a.j(Cc.P, factors);
    a.pxor(XMM2, XMM2);
    a.ucomis(precision, XMM3, XMM2);
    a.j(Cc.E, o.slow());
    a.ucomis(precision, XMM4, XMM2);
    a.j(Cc.E, o.slow());
    deliverAddend();
    a.bind(factors);
    leaveIfSignaling(XMM3, 0);
    leaveIfSignaling(XMM4, 1);
    deliverAddend();
  }

  private void deliverAddend() {
    a.mov(BITS_64, Gpr.RAX, o.operands().get(2));
    a.mov(Gpr.RCX, 1L << quietBit());
    a.alu(Alu.OR, BITS_64, Gpr.RAX, Gpr.RCX);
    if (FpDesc.negatesAddend(o.desc())) {
      a.mov(Gpr.RCX, precision == Precision.DOUBLE ? Long.MIN_VALUE : 1L << 31);
      a.alu(Alu.XOR, BITS_64, Gpr.RAX, Gpr.RCX);
    }
    a.mov(BITS_64, o.result(), Gpr.RAX);
    a.jmp(done);
  }

  private void leaveIfSignaling(Xmm operand, int number) {
    var other = new Label();
    a.ucomis(precision, operand, operand);
    a.j(Cc.NP, other);
    a.bt(BITS_64, o.operands().get(number), quietBit());
    a.j(Cc.AE, o.slow());
    a.bind(other);
  }

  private int quietBit() {
    return switch (o.format()) {
      case F16 -> 9;
      case F64 -> 51;
      default -> 22;
    };
  }
}
