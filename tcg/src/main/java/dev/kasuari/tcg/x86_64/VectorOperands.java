package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.Gpr.RAX;

import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.VectorDesc;
import dev.kasuari.tcg.ir.VectorDesc.Form;
import java.util.ArrayList;
import java.util.List;

/**
 * Where vector operations in line have their operands: sources come from the guest state into
 * vector registers, lanes widened, and results go back; constants are behind the code.
 */
final class VectorOperands {
  /** A constant of 16 bytes and where it will be. */
  private record Constant(long low, long high, Label at) {}

  private final Assembler a;
  private final List<Constant> constants = new ArrayList<>();

  VectorOperands(Assembler assembler) {
    this.a = assembler;
  }

  /** Emits the constants of the unit. */
  void emitConstants() {
    for (Constant constant : constants) {
      a.bind(constant.at);
      a.data64(constant.low);
      a.data64(constant.high);
    }
    constants.clear();
  }

  // ---- constants -------------------------------------------------------------------------------

  void constant(Xmm to, long low, long high) {
    a.movups(to, Mem.at(place(low, high)));
  }

  private Label place(long low, long high) {
    for (Constant known : constants) {
      if (known.low == low && known.high == high) {
        return known.at;
      }
    }
    var made = new Constant(low, high, new Label());
    constants.add(made);
    return made.at;
  }

  /** The same in all lanes of {@code 1 << size} bytes. */
  void lanes(Xmm to, int size, long lane) {
    long mask = -1L >>> (64 - (8 << size));
    long lanes = (lane & mask) * Long.divideUnsigned(-1, mask);
    constant(to, lanes, lanes);
  }

  void ones(Xmm to) {
    a.packed(Packed.PCMPEQD, to, to);
  }

  void zeros(Xmm to) {
    a.packed(Packed.PXOR, to, to);
  }

  // ---- sources ---------------------------------------------------------------------------------

  /** Brings a source into a register: 0 for a, 1 for b, 2 for c. */
  void load(Xmm to, VectorDesc d, int source) {
    if (!d.reads(source)) {
      zeros(to);
      return;
    }
    long view = d.read(source);
    Mem from = CodeGenerator.state(StateView.offset(view));
    boolean narrow = d.form() == Form.LONG ? source < 2 : d.form() == Form.WIDE && source == 1;
    if (source == 1 && d.broadcast()) {
      broadcast(to, d.sizeOfB(), from);
      if (narrow) {
        a.packed(widening(d), to, to);
      }
    } else if (narrow) {
      a.packed(widening(d), to, from);
    } else if (StateView.size(view) == 8) {
      a.load(Precision.DOUBLE, to, from);
    } else {
      a.movups(to, from);
    }
  }

  private static Packed widening(VectorDesc d) {
    return switch (d.size()) {
      case 1 -> d.signed() ? Packed.PMOVSXBW : Packed.PMOVZXBW;
      case 2 -> d.signed() ? Packed.PMOVSXWD : Packed.PMOVZXWD;
      default -> d.signed() ? Packed.PMOVSXDQ : Packed.PMOVZXDQ;
    };
  }

  private void broadcast(Xmm to, int size, Mem from) {
    switch (size) {
      case 0 -> {
        a.load(1, RAX, from);
        a.movd(to, RAX);
        zeros(Xmm.XMM5);
        a.packed(Packed.PSHUFB, to, Xmm.XMM5);
      }
      case 1 -> {
        a.load(2, RAX, from);
        a.movd(to, RAX);
        a.pshuflw(to, to, 0);
        a.punpcklqdq(to, to);
      }
      case 2 -> {
        a.load(Precision.SINGLE, to, from);
        a.pshufd(to, to, 0);
      }
      default -> {
        a.load(Precision.DOUBLE, to, from);
        a.punpcklqdq(to, to);
      }
    }
  }

  // ---- the destination -------------------------------------------------------------------------

  /** Writes the bytes that are computed, and zeros above them. */
  void store(VectorDesc d, Xmm value) {
    Mem to = CodeGenerator.state(d.d());
    if (d.bytes() == 16) {
      a.movups(to, value);
    } else if (d.bytes() == 8 && d.max() == 8) {
      a.store(Precision.DOUBLE, to, value);
    } else if (d.bytes() == 8) {
      a.movq(value, value);
      a.movups(to, value);
    } else {
      storeLane(d, value);
    }
  }

  private void storeLane(VectorDesc d, Xmm value) {
    Mem to = CodeGenerator.state(d.d());
    a.movd(RAX, value);
    if (d.max() == d.bytes()) {
      a.store(d.bytes(), to, RAX);
      return;
    }
    if (d.bytes() < 4) {
      a.zeroExtend(d.bytes(), RAX, RAX);
    }
    a.movd(value, RAX);
    a.movups(to, value);
  }
}
