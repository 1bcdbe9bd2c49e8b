package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.Xmm.XMM0;
import static dev.kasuari.tcg.x86_64.Xmm.XMM1;
import static dev.kasuari.tcg.x86_64.Xmm.XMM2;
import static dev.kasuari.tcg.x86_64.Xmm.XMM3;
import static dev.kasuari.tcg.x86_64.Xmm.XMM4;

import dev.kasuari.tcg.ir.VectorDesc;
import dev.kasuari.tcg.ir.VectorDesc.Form;
import dev.kasuari.tcg.ir.VectorOp;

/** The shifts of {@link VectorCode}, and what makes lanes of half the size. */
final class VectorShifts {
  private final Assembler a;
  private final VectorOperands operands;

  VectorShifts(Assembler assembler, VectorOperands operands) {
    this.a = assembler;
    this.operands = operands;
  }

  /** False if the operation is none of these. */
  boolean emit(VectorDesc d) {
    int size = d.size();
    int n = d.immediate();
    boolean signed = d.signed();
    switch (d.op()) {
      case XOR_ROTR -> {
        a.packed(Packed.PXOR, XMM0, XMM1);
        rotateRight(size, XMM0, n);
      }
      case XOR_ROTL1 -> {
        rotateRight(size, XMM1, 63);
        a.packed(Packed.PXOR, XMM0, XMM1);
      }
      case SHL -> left(size, XMM0, n);
      case SHR -> right(size, signed, XMM0, n);
      case RSHR -> rounded(size, signed, n);
      case SHRA -> {
        right(size, signed, XMM0, n);
        a.packed(VectorArithmetic.add(size), XMM0, XMM2);
      }
      case RSHRA -> {
        rounded(size, signed, n);
        a.packed(VectorArithmetic.add(size), XMM0, XMM2);
      }
      case SLI -> {
        left(size, XMM0, n);
        insert(size, ~(-1L << n));
      }
      case SRI -> {
        right(size, false, XMM0, n);
        long moved = n == 8 << size ? 0 : (-1L >>> (64 - (8 << size))) >>> n;
        insert(size, ~moved);
      }
      case ADDHN, RADDHN, SUBHN, RSUBHN -> upperHalf(d);
      case QSHRN, QRSHRN, QSHRUN, QRSHRUN -> {
        saturated(d);
        return true;
      }
      case RBIT -> reverseBits();
      default -> {
        return false;
      }
    }
    if (d.form() == Form.NARROW) {
      narrow(size);
    }
    return true;
  }

  // ---- shifts ----------------------------------------------------------------------------------

  private void left(int size, Xmm x, int n) {
    if (n == 0) {
      return;
    }
    a.shiftLeft(Math.max(size, 1), x, n);
    if (size == 0) {
      operands.lanes(XMM4, 0, 0xff << n);
      a.packed(Packed.PAND, x, XMM4);
    }
  }

  /** By 0 to all bits of a lane. */
  private void right(int size, boolean signed, Xmm x, int n) {
    if (n == 0) {
      return;
    }
    switch (size) {
      case 0 -> rightBytes(signed, x, n);
      case 3 -> {
        if (signed) {
          rightDoubles(x, Math.min(n, 63));
        } else {
          a.shiftRight(3, x, n);
        }
      }
      default -> {
        if (signed) {
          a.shiftRightSigned(size, x, n);
        } else {
          a.shiftRight(size, x, n);
        }
      }
    }
  }

  private void rightBytes(boolean signed, Xmm x, int n) {
    int by = signed ? Math.min(n, 7) : n;
    a.shiftRight(1, x, by);
    operands.lanes(XMM4, 0, 0xff >> by);
    a.packed(Packed.PAND, x, XMM4);
    if (signed) {
      // The sign is now at another place: below it are ones if it is taken away twice.
      operands.lanes(XMM4, 0, 0x80 >> by);
      a.packed(Packed.PXOR, x, XMM4);
      a.packed(Packed.PSUBB, x, XMM4);
    }
  }

  private void rightDoubles(Xmm x, int n) {
    a.pshufd(XMM4, x, 0xf5);
    a.shiftRightSigned(2, XMM4, 31);
    a.shiftLeft(3, XMM4, 64 - n);
    a.shiftRight(3, x, n);
    a.packed(Packed.POR, x, XMM4);
  }

  /** What is shifted out last is added. */
  private void rounded(int size, boolean signed, int n) {
    if (n == 0) {
      return;
    }
    a.movaps(XMM3, XMM0);
    right(size, signed, XMM3, n - 1);
    operands.lanes(XMM1, size, 1);
    a.packed(Packed.PAND, XMM3, XMM1);
    right(size, signed, XMM0, n);
    a.packed(VectorArithmetic.add(size), XMM0, XMM3);
  }

  private void insert(int size, long kept) {
    operands.lanes(XMM4, size, kept);
    a.packed(Packed.PAND, XMM2, XMM4);
    a.packed(Packed.POR, XMM0, XMM2);
  }

  private void rotateRight(int size, Xmm x, int n) {
    if (n == 0) {
      return;
    }
    a.movaps(XMM3, x);
    a.shiftRight(size, x, n);
    a.shiftLeft(size, XMM3, (8 << size) - n);
    a.packed(Packed.POR, x, XMM3);
  }

  private void reverseBits() {
    operands.lanes(XMM2, 0, 0x0f);
    operands.constant(XMM3, 0xe060_a020_c040_8000L, 0xf070_b030_d050_9010L);
    operands.constant(XMM4, 0x0e06_0a02_0c04_0800L, 0x0f07_0b03_0d05_0901L);
    a.movaps(XMM1, XMM0);
    a.shiftRight(1, XMM1, 4);
    a.packed(Packed.PAND, XMM0, XMM2);
    a.packed(Packed.PAND, XMM1, XMM2);
    a.packed(Packed.PSHUFB, XMM3, XMM0);
    a.packed(Packed.PSHUFB, XMM4, XMM1);
    a.movaps(XMM0, XMM3);
    a.packed(Packed.POR, XMM0, XMM4);
  }

  // ---- to lanes of half the size ---------------------------------------------------------------

  /** The lower halves of lanes, one behind the other. */
  private void narrow(int size) {
    switch (size) {
      case 1 -> operands.constant(XMM4, 0x0e0c_0a08_0604_0200L, -1);
      case 2 -> operands.constant(XMM4, 0x0d0c_0908_0504_0100L, -1);
      default -> {
        a.pshufd(XMM0, XMM0, 0x08);
        return;
      }
    }
    a.packed(Packed.PSHUFB, XMM0, XMM4);
  }

  private void upperHalf(VectorDesc d) {
    int size = d.size();
    boolean adds = d.op() == VectorOp.ADDHN || d.op() == VectorOp.RADDHN;
    a.packed(adds ? VectorArithmetic.add(size) : VectorArithmetic.sub(size), XMM0, XMM1);
    if (d.op() == VectorOp.RADDHN || d.op() == VectorOp.RSUBHN) {
      operands.lanes(XMM1, size, 1L << ((4 << size) - 1));
      a.packed(VectorArithmetic.add(size), XMM0, XMM1);
    }
    a.shiftRight(size, XMM0, 4 << size);
  }

  /** Of 2 or 4 bytes, to half of them; a lane that is not the same when widened again saturated. */
  private void saturated(VectorDesc d) {
    VectorOp op = d.op();
    boolean pairs = d.size() == 1;
    boolean toSigned = d.signed() && (op == VectorOp.QSHRN || op == VectorOp.QRSHRN);
    boolean source = d.signed() || op == VectorOp.QSHRUN || op == VectorOp.QRSHRUN;
    if (op == VectorOp.QRSHRN || op == VectorOp.QRSHRUN) {
      rounded(d.size(), source, d.immediate());
    } else {
      right(d.size(), source, XMM0, d.immediate());
    }
    a.movaps(XMM3, XMM0);
    if (!source) {
      // The host takes what it packs as signed.
      operands.lanes(XMM4, d.size(), pairs ? 0xff : 0xffff);
      a.packed(pairs ? Packed.PMINUW : Packed.PMINUD, XMM0, XMM4);
    }
    if (toSigned) {
      a.packed(pairs ? Packed.PACKSSWB : Packed.PACKSSDW, XMM0, XMM0);
      a.packed(pairs ? Packed.PMOVSXBW : Packed.PMOVSXWD, XMM1, XMM0);
    } else {
      a.packed(pairs ? Packed.PACKUSWB : Packed.PACKUSDW, XMM0, XMM0);
      a.packed(pairs ? Packed.PMOVZXBW : Packed.PMOVZXWD, XMM1, XMM0);
    }
    VectorArithmetic.flag(a, d, XMM3, XMM1);
  }
}
