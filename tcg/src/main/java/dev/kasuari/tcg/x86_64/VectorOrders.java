package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.Xmm.XMM0;
import static dev.kasuari.tcg.x86_64.Xmm.XMM1;
import static dev.kasuari.tcg.x86_64.Xmm.XMM2;
import static dev.kasuari.tcg.x86_64.Xmm.XMM3;
import static dev.kasuari.tcg.x86_64.Xmm.XMM4;

import dev.kasuari.tcg.ir.VectorDesc;
import dev.kasuari.tcg.ir.VectorDesc.Form;
import dev.kasuari.tcg.ir.VectorOp;
import dev.kasuari.tcg.vector.Permutations;
import org.jspecify.annotations.Nullable;

/**
 * What {@link VectorCode} brings into another order, takes together in pairs, or across lanes.
 * Orders are byte shuffles made of the one definition that {@link Permutations} has.
 */
final class VectorOrders {
  /** A shuffle writes zero for such an index. */
  private static final int ZERO = 0x80;

  private final Assembler a;
  private final VectorOperands operands;

  VectorOrders(Assembler assembler, VectorOperands operands) {
    this.a = assembler;
    this.operands = operands;
  }

  /** Loads and computes; false if the operation is none of these. */
  boolean emit(VectorDesc d) {
    switch (d.op()) {
      case ZIP1, ZIP2, UZP1, UZP2, TRN1, TRN2, EXT, UNZIP3, ZIP3 -> permute(d);
      case REV -> reverse(d);
      case TABLE -> table(d);
      case ADDP, MAXP, MINP -> pairs(d);
      case ADDV, MAXV, MINV -> across(d);
      default -> {
        return false;
      }
    }
    return true;
  }

  // ---- other orders ----------------------------------------------------------------------------

  private void permute(VectorDesc d) {
    Packed unpacking = d.bytes() == 16 ? unpacking(d.op(), d.size()) : null;
    if (unpacking != null) {
      operands.load(XMM0, d, 0);
      operands.load(XMM1, d, 1);
      a.packed(unpacking, XMM0, XMM1);
    } else if (d.op() == VectorOp.EXT && d.bytes() == 16) {
      operands.load(XMM0, d, 1);
      operands.load(XMM1, d, 0);
      a.palignr(XMM0, XMM1, d.immediate() << d.size());
    } else {
      shuffle(d, d.op(), XMM0);
    }
  }

  private static @Nullable Packed unpacking(VectorOp op, int size) {
    boolean low = op == VectorOp.ZIP1;
    if (size == 3 && (low || op == VectorOp.UZP1 || op == VectorOp.TRN1)) {
      return Packed.PUNPCKLQDQ;
    }
    if (size == 3 && (op == VectorOp.ZIP2 || op == VectorOp.UZP2 || op == VectorOp.TRN2)) {
      return Packed.PUNPCKHQDQ;
    }
    if (!low && op != VectorOp.ZIP2) {
      return null;
    }
    return switch (size) {
      case 0 -> low ? Packed.PUNPCKLBW : Packed.PUNPCKHBW;
      case 1 -> low ? Packed.PUNPCKLWD : Packed.PUNPCKHWD;
      default -> low ? Packed.PUNPCKLDQ : Packed.PUNPCKHDQ;
    };
  }

  /** Brings what an order takes of each source to a register; two others change. */
  private void shuffle(VectorDesc d, VectorOp order, Xmm to) {
    boolean empty = true;
    for (int source = 0; source < 3; source++) {
      if (!takes(d, order, source)) {
        continue;
      }
      Xmm part = empty ? to : XMM4;
      operands.load(part, d, source);
      operands.constant(XMM3, indices(d, order, source, 0), indices(d, order, source, 8));
      a.packed(Packed.PSHUFB, part, XMM3);
      if (!empty) {
        a.packed(Packed.POR, to, part);
      }
      empty = false;
    }
  }

  private static boolean takes(VectorDesc d, VectorOp order, int source) {
    int lanes = d.lanes();
    for (int i = 0; i < lanes; i++) {
      if (Permutations.source(order, lanes, i, d.immediate()) / lanes == source) {
        return true;
      }
    }
    return false;
  }

  /** Indices of the bytes of a source, for eight bytes of the result. */
  private static long indices(VectorDesc d, VectorOp order, int source, int from) {
    int lanes = d.lanes();
    int size = d.size();
    long indices = 0;
    for (int at = from + 7; at >= from; at--) {
      int index = ZERO;
      if (at < d.bytes()) {
        int lane = Permutations.source(order, lanes, at >> size, d.immediate());
        if (lane / lanes == source) {
          index = (lane % lanes << size) | (at & ((1 << size) - 1));
        }
      }
      indices = indices << 8 | index;
    }
    return indices;
  }

  private void reverse(VectorDesc d) {
    operands.load(XMM0, d, 0);
    long low = 0;
    for (int at = 7; at >= 0; at--) {
      int lane = at >> d.size() << d.size();
      int part = (at - lane) >> d.immediate();
      int last = (1 << (d.size() - d.immediate())) - 1;
      int index = lane + ((last - part) << d.immediate()) + (at & ((1 << d.immediate()) - 1));
      low = low << 8 | index;
    }
    operands.constant(XMM3, low, low + 0x0808_0808_0808_0808L);
    a.packed(Packed.PSHUFB, XMM0, XMM3);
  }

  /** Indices become the table's, or have their highest bit set. */
  private void table(VectorDesc d) {
    operands.load(XMM1, d, 1);
    operands.load(XMM0, d, 0);
    if (d.immediate() != 0) {
      operands.lanes(XMM3, 0, d.immediate());
      a.packed(Packed.PSUBB, XMM1, XMM3);
    }
    operands.lanes(XMM3, 0, 0x70);
    a.packed(Packed.PADDUSB, XMM1, XMM3);
    a.packed(Packed.PSHUFB, XMM0, XMM1);
    if (d.reads(2)) {
      operands.load(XMM2, d, 2);
      operands.zeros(XMM3);
      a.packed(Packed.PCMPGTB, XMM3, XMM1);
      a.packed(Packed.PAND, XMM2, XMM3);
      a.packed(Packed.POR, XMM0, XMM2);
    }
  }

  // ---- neighbours, and all lanes ---------------------------------------------------------------

  private void pairs(VectorDesc d) {
    shuffle(d, VectorOp.UZP1, XMM0);
    shuffle(d, VectorOp.UZP2, XMM1);
    a.packed(combining(d), XMM0, XMM1);
  }

  private static Packed combining(VectorDesc d) {
    return switch (d.op()) {
      case ADDP, ADDV -> VectorArithmetic.add(d.size());
      case MAXP, MAXV -> VectorArithmetic.max(d.signed(), d.size());
      default -> VectorArithmetic.min(d.signed(), d.size());
    };
  }

  /** Halves upon halves, until the first lane has it all. */
  private void across(VectorDesc d) {
    int bytes = d.lanes(0) << d.sizeOfA();
    Mem from = CodeGenerator.state(d.a());
    if (bytes == 8) {
      a.load(Precision.DOUBLE, XMM0, from);
    } else {
      a.movups(XMM0, from);
    }
    if (d.form() == Form.LONG) {
      // Bytes: sums of eight, of which the host has two.
      operands.zeros(XMM1);
      a.packed(Packed.PSADBW, XMM0, XMM1);
      a.pshufd(XMM1, XMM0, 0xee);
      a.packed(Packed.PADDQ, XMM0, XMM1);
    } else {
      for (int step = bytes / 2; step >= 1 << d.size(); step /= 2) {
        a.movaps(XMM1, XMM0);
        a.psrldq(XMM1, step);
        a.packed(combining(d), XMM0, XMM1);
      }
    }
  }
}
