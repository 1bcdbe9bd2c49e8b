package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.Xmm.XMM0;
import static dev.kasuari.tcg.x86_64.Xmm.XMM1;
import static dev.kasuari.tcg.x86_64.Xmm.XMM2;
import static dev.kasuari.tcg.x86_64.Xmm.XMM3;

import dev.kasuari.tcg.ir.VectorDesc;
import dev.kasuari.tcg.ir.VectorOp;

/**
 * Emits vector operations, from the guest state to the guest state: x, y and z in XMM0 to XMM2, the
 * result in XMM0, the next ones for what comes up. {@link VectorLowering} says which.
 */
final class VectorCode {
  private final Assembler a;
  private final VectorLowering lowering;
  private final VectorOperands operands;
  private final VectorArithmetic arithmetic;
  private final VectorShifts shifts;
  private final VectorOrders orders;
  private final VectorHashes hashes;

  VectorCode(Assembler assembler, CpuFeatures features) {
    a = assembler;
    lowering = new VectorLowering(features);
    operands = new VectorOperands(a);
    arithmetic = new VectorArithmetic(a, operands);
    shifts = new VectorShifts(a, operands);
    orders = new VectorOrders(a, operands);
    hashes = new VectorHashes(a, operands);
  }

  /** Emits what the operations so far left for the end of the unit. */
  void emitCold() {
    operands.emitConstants();
  }

  /** Emits an operation; false if it has to be done in Java. */
  boolean emit(VectorDesc d) {
    if (!lowering.inline(d)) {
      return false;
    }
    if (!orders.emit(d)) {
      load(d);
      compute(d);
    }
    operands.store(d, XMM0);
    return true;
  }

  private void load(VectorDesc d) {
    VectorOp op = d.op();
    if (op != VectorOp.DUP) {
      operands.load(XMM0, d, 0);
    }
    if (op.sources() > 1) {
      operands.load(op == VectorOp.DUP ? XMM0 : XMM1, d, 1);
    }
    if (op.sources() == 3) {
      operands.load(XMM2, d, 2);
    }
  }

  private void compute(VectorDesc d) {
    switch (d.op()) {
      case MOV, DUP -> {}
      case NOT -> {
        operands.ones(XMM1);
        a.packed(Packed.PXOR, XMM0, XMM1);
      }
      case AND -> a.packed(Packed.PAND, XMM0, XMM1);
      case ANDC -> {
        a.packed(Packed.PANDN, XMM1, XMM0);
        a.movaps(XMM0, XMM1);
      }
      case OR -> a.packed(Packed.POR, XMM0, XMM1);
      case ORC -> {
        operands.ones(XMM3);
        a.packed(Packed.PXOR, XMM1, XMM3);
        a.packed(Packed.POR, XMM0, XMM1);
      }
      case XOR -> a.packed(Packed.PXOR, XMM0, XMM1);
      case XOR3 -> {
        a.packed(Packed.PXOR, XMM0, XMM1);
        a.packed(Packed.PXOR, XMM0, XMM2);
      }
      case XOR_ANDC -> {
        a.packed(Packed.PANDN, XMM2, XMM1);
        a.packed(Packed.PXOR, XMM0, XMM2);
      }
      case SELECT -> {
        a.packed(Packed.PAND, XMM1, XMM0);
        a.packed(Packed.PANDN, XMM0, XMM2);
        a.packed(Packed.POR, XMM0, XMM1);
      }
      case CLMUL -> a.pclmulqdq(XMM0, XMM1, 0);
      case AESE, AESD, AESMC, AESIMC -> cipher(d.op());
      default -> {
        if (!arithmetic.emit(d) && !shifts.emit(d) && !hashes.emit(d)) {
          throw new AssertionError(d.describe());
        }
      }
    }
  }

  /** With a key of zeros the host's rounds are these steps, or this and its inverse cancel out. */
  private void cipher(VectorOp op) {
    operands.zeros(XMM3);
    switch (op) {
      case AESE -> {
        a.packed(Packed.PXOR, XMM0, XMM1);
        a.packed(Packed.AESENCLAST, XMM0, XMM3);
      }
      case AESD -> {
        a.packed(Packed.PXOR, XMM0, XMM1);
        a.packed(Packed.AESDECLAST, XMM0, XMM3);
      }
      case AESMC -> {
        a.packed(Packed.AESDECLAST, XMM0, XMM3);
        a.packed(Packed.AESENC, XMM0, XMM3);
      }
      default -> a.packed(Packed.AESIMC, XMM0, XMM0);
    }
  }
}
