package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.Gpr.RAX;
import static dev.kasuari.tcg.x86_64.Xmm.XMM0;
import static dev.kasuari.tcg.x86_64.Xmm.XMM1;
import static dev.kasuari.tcg.x86_64.Xmm.XMM2;
import static dev.kasuari.tcg.x86_64.Xmm.XMM3;
import static dev.kasuari.tcg.x86_64.Xmm.XMM4;

import dev.kasuari.tcg.ir.VectorDesc;
import dev.kasuari.tcg.ir.VectorOp;

/** The arithmetic of {@link VectorCode}: sums, products, comparisons, saturation. */
final class VectorArithmetic {
  private static final Packed[] ADD = {Packed.PADDB, Packed.PADDW, Packed.PADDD, Packed.PADDQ};
  private static final Packed[] SUB = {Packed.PSUBB, Packed.PSUBW, Packed.PSUBD, Packed.PSUBQ};
  private static final Packed[] EQ = {
    Packed.PCMPEQB, Packed.PCMPEQW, Packed.PCMPEQD, Packed.PCMPEQQ
  };
  private static final Packed[] GT = {
    Packed.PCMPGTB, Packed.PCMPGTW, Packed.PCMPGTD, Packed.PCMPGTQ
  };
  private static final Packed[] MIN = {Packed.PMINSB, Packed.PMINSW, Packed.PMINSD};
  private static final Packed[] MINU = {Packed.PMINUB, Packed.PMINUW, Packed.PMINUD};
  private static final Packed[] MAX = {Packed.PMAXSB, Packed.PMAXSW, Packed.PMAXSD};
  private static final Packed[] MAXU = {Packed.PMAXUB, Packed.PMAXUW, Packed.PMAXUD};
  private static final Packed[] ABS = {Packed.PABSB, Packed.PABSW, Packed.PABSD};

  private final Assembler a;
  private final VectorOperands operands;

  VectorArithmetic(Assembler assembler, VectorOperands operands) {
    this.a = assembler;
    this.operands = operands;
  }

  static Packed add(int size) {
    return ADD[size];
  }

  static Packed sub(int size) {
    return SUB[size];
  }

  static Packed min(boolean signed, int size) {
    return (signed ? MIN : MINU)[size];
  }

  static Packed max(boolean signed, int size) {
    return (signed ? MAX : MAXU)[size];
  }

  /** False if the operation is none of these. */
  boolean emit(VectorDesc d) {
    int size = d.size();
    boolean signed = d.signed();
    switch (d.op()) {
      case NEG -> {
        a.movaps(XMM1, XMM0);
        operands.zeros(XMM0);
        a.packed(SUB[size], XMM0, XMM1);
      }
      case ABS -> absolute(size);
      case ADD -> a.packed(ADD[size], XMM0, XMM1);
      case SUB -> a.packed(SUB[size], XMM0, XMM1);
      case MUL -> multiply(signed, size);
      case MLA -> {
        multiply(signed, size);
        a.packed(ADD[size], XMM0, XMM2);
      }
      case MLS -> {
        multiply(signed, size);
        a.packed(SUB[size], XMM2, XMM0);
        a.movaps(XMM0, XMM2);
      }
      case MIN -> a.packed(min(signed, size), XMM0, XMM1);
      case MAX -> a.packed(max(signed, size), XMM0, XMM1);
      case ABD -> distance(signed, size);
      case ABA -> {
        distance(signed, size);
        a.packed(ADD[size], XMM0, XMM2);
      }
      case HADD -> halfSum(signed, size);
      case HSUB -> halfDifference(signed, size);
      case RHADD -> a.packed(size == 0 ? Packed.PAVGB : Packed.PAVGW, XMM0, XMM1);
      case ADDLP -> sumOfHalves(signed, size);
      case ADALP -> {
        sumOfHalves(signed, size);
        a.packed(ADD[size], XMM0, XMM2);
      }
      case CMEQ -> a.packed(EQ[size], XMM0, XMM1);
      case CMTST -> {
        a.packed(Packed.PAND, XMM0, XMM1);
        operands.zeros(XMM1);
        a.packed(EQ[size], XMM0, XMM1);
        not();
      }
      case CMGT -> greater(signed, size, XMM0, XMM1);
      case CMGE -> {
        greater(signed, size, XMM1, XMM0);
        a.movaps(XMM0, XMM1);
        not();
      }
      case CNT -> count();
      case QADD, QSUB -> saturate(d);
      case QDMULH, QRDMULH -> doubled(d);
      default -> {
        return false;
      }
    }
    return true;
  }

  private void not() {
    operands.ones(XMM3);
    a.packed(Packed.PXOR, XMM0, XMM3);
  }

  // ---- sums and products -----------------------------------------------------------------------

  private void absolute(int size) {
    if (size < 3) {
      a.packed(ABS[size], XMM0, XMM0);
      return;
    }
    a.pshufd(XMM1, XMM0, 0xf5);
    a.shiftRightSigned(2, XMM1, 31);
    a.packed(Packed.PXOR, XMM0, XMM1);
    a.packed(Packed.PSUBQ, XMM0, XMM1);
  }

  /** XMM0 becomes the product; XMM2 stays. Lanes of 8 bytes have factors of 4. */
  private void multiply(boolean signed, int size) {
    switch (size) {
      case 0 -> {
        a.movaps(XMM3, XMM0);
        a.movaps(XMM4, XMM1);
        a.shiftRight(1, XMM3, 8);
        a.shiftRight(1, XMM4, 8);
        a.packed(Packed.PMULLW, XMM3, XMM4);
        a.shiftLeft(1, XMM3, 8);
        a.packed(Packed.PMULLW, XMM0, XMM1);
        operands.lanes(XMM4, 1, 0xff);
        a.packed(Packed.PAND, XMM0, XMM4);
        a.packed(Packed.POR, XMM0, XMM3);
      }
      case 1 -> a.packed(Packed.PMULLW, XMM0, XMM1);
      case 2 -> a.packed(Packed.PMULLD, XMM0, XMM1);
      default -> a.packed(signed ? Packed.PMULDQ : Packed.PMULUDQ, XMM0, XMM1);
    }
  }

  private void distance(boolean signed, int size) {
    a.movaps(XMM3, XMM0);
    a.packed(max(signed, size), XMM0, XMM1);
    a.packed(min(signed, size), XMM3, XMM1);
    a.packed(SUB[size], XMM0, XMM3);
  }

  private void halve(boolean signed, int size, Xmm register) {
    if (signed) {
      a.shiftRightSigned(size, register, 1);
    } else {
      a.shiftRight(size, register, 1);
    }
  }

  /** What both have, and half of what one of them has. */
  private void halfSum(boolean signed, int size) {
    a.movaps(XMM3, XMM0);
    a.packed(Packed.PAND, XMM3, XMM1);
    a.packed(Packed.PXOR, XMM0, XMM1);
    halve(signed, size, XMM0);
    a.packed(ADD[size], XMM0, XMM3);
  }

  /** Half of what one of them has, without what the second has alone. */
  private void halfDifference(boolean signed, int size) {
    a.movaps(XMM3, XMM0);
    a.packed(Packed.PXOR, XMM0, XMM1);
    a.packed(Packed.PANDN, XMM3, XMM1);
    halve(signed, size, XMM0);
    a.packed(SUB[size], XMM0, XMM3);
  }

  private void sumOfHalves(boolean signed, int size) {
    if (size == 1) {
      operands.lanes(XMM1, 0, 1);
      if (signed) {
        a.packed(Packed.PMADDUBSW, XMM1, XMM0);
        a.movaps(XMM0, XMM1);
      } else {
        a.packed(Packed.PMADDUBSW, XMM0, XMM1);
      }
    } else if (signed) {
      operands.lanes(XMM1, 1, 1);
      a.packed(Packed.PMADDWD, XMM0, XMM1);
    } else {
      operands.lanes(XMM1, size, -1L >>> (64 - (4 << size)));
      a.packed(Packed.PAND, XMM1, XMM0);
      a.shiftRight(size, XMM0, 4 << size);
      a.packed(ADD[size], XMM0, XMM1);
    }
  }

  // ---- comparisons -----------------------------------------------------------------------------

  /** Ones in {@code x} where it is greater; the other may change. */
  private void greater(boolean signed, int size, Xmm x, Xmm y) {
    if (!signed && size < 3) {
      // Not so where y is the greater one of both, or the same.
      a.packed(MAXU[size], x, y);
      a.packed(EQ[size], x, y);
      operands.ones(XMM3);
      a.packed(Packed.PXOR, x, XMM3);
      return;
    }
    if (!signed) {
      operands.lanes(XMM3, 3, Long.MIN_VALUE);
      a.packed(Packed.PXOR, x, XMM3);
      a.packed(Packed.PXOR, y, XMM3);
    }
    a.packed(GT[size], x, y);
  }

  /** Ones of each byte, by those of its halves. */
  private void count() {
    operands.lanes(XMM2, 0, 0x0f);
    operands.constant(XMM3, 0x0302_0201_0201_0100L, 0x0403_0302_0302_0201L);
    a.movaps(XMM4, XMM3);
    a.movaps(XMM1, XMM0);
    a.shiftRight(1, XMM1, 4);
    a.packed(Packed.PAND, XMM0, XMM2);
    a.packed(Packed.PAND, XMM1, XMM2);
    a.packed(Packed.PSHUFB, XMM3, XMM0);
    a.packed(Packed.PSHUFB, XMM4, XMM1);
    a.movaps(XMM0, XMM3);
    a.packed(Packed.PADDB, XMM0, XMM4);
  }

  // ---- saturation ------------------------------------------------------------------------------

  private void saturate(VectorDesc d) {
    boolean bytes = d.size() == 0;
    boolean adds = d.op() == VectorOp.QADD;
    Packed saturating;
    if (d.signed()) {
      saturating =
          adds ? (bytes ? Packed.PADDSB : Packed.PADDSW) : (bytes ? Packed.PSUBSB : Packed.PSUBSW);
    } else {
      saturating =
          adds
              ? (bytes ? Packed.PADDUSB : Packed.PADDUSW)
              : (bytes ? Packed.PSUBUSB : Packed.PSUBUSW);
    }
    a.movaps(XMM3, XMM0);
    a.packed(saturating, XMM0, XMM1);
    a.packed((adds ? ADD : SUB)[d.size()], XMM3, XMM1);
    flag(a, d, XMM3, XMM0);
  }

  /** Sets the sticky flag unless two registers are the same; the first changes. */
  static void flag(Assembler a, VectorDesc d, Xmm exact, Xmm saturated) {
    if (d.saturation() == VectorDesc.NONE) {
      return;
    }
    var fits = new Label();
    a.packed(Packed.PCMPEQB, exact, saturated);
    a.pmovmskb(RAX, exact);
    a.alu(Alu.CMP, Width.BITS_32, RAX, 0xffff);
    a.j(Cc.E, fits);
    a.store(4, CodeGenerator.state(d.saturation()), 1);
    a.bind(fits);
  }

  /** The upper half of twice a product of 16 bits, which does not fit for two times the minimum. */
  private void doubled(VectorDesc d) {
    if (d.op() == VectorOp.QRDMULH) {
      a.packed(Packed.PMULHRSW, XMM0, XMM1);
    } else {
      a.movaps(XMM3, XMM0);
      a.packed(Packed.PMULLW, XMM3, XMM1);
      a.packed(Packed.PMULHW, XMM0, XMM1);
      a.shiftRight(1, XMM3, 15);
      a.shiftLeft(1, XMM0, 1);
      a.packed(Packed.POR, XMM0, XMM3);
    }
    operands.lanes(XMM1, 1, 0x8000);
    a.packed(Packed.PCMPEQW, XMM1, XMM0);
    a.movaps(XMM3, XMM0);
    a.packed(Packed.PXOR, XMM0, XMM1);
    flag(a, d, XMM3, XMM0);
  }
}
