package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.tcg.ir.MemDesc;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;

/** Loads and stores of general registers. Source: DDI 0487, C6.2 and C3.2. */
interface A64Memory extends A64Instructions<A64> {
  // Of the operand index.
  int POST = 1;
  int PRE = 3;

  /** Loads with zeros above. */
  static void load(A64 t, MemDesc desc, int rt, Value address) {
    t.setX(rt, t.e().load(desc, desc.size() == 8 ? Type.I64 : Type.I32, address));
  }

  /** Loads with the sign above, to 32 bits if {@code w} is 1. */
  static void loadSigned(A64 t, MemDesc desc, int w, int rt, Value address) {
    t.setX(rt, t.e().load(desc.signed(), w == 1 ? Type.I32 : Type.I64, address));
  }

  static void store(A64 t, MemDesc desc, int rt, Value address) {
    t.e().store(desc, address, t.x(desc.size() == 8 ? 1 : 0, rt));
  }

  /** The new base register, after an access that may have trapped. */
  private static void writeBack(A64 t, int rn, Value base, long offset) {
    if (rn == 31) {
      t.moveSp(t.plus(base, offset), offset);
    } else {
      t.setX(rn, t.plus(base, offset));
    }
  }

  /**
   * After an access that nothing loaded into the base register: what the operand index asks for.
   */
  static void index(A64 t, int index, int rn, Value base, long offset) {
    if (index == POST || index == PRE) {
      writeBack(t, rn, base, offset);
    }
  }

  // ---- offsets ---------------------------------------------------------------------------------

  @Override
  default void strU(A64 t, int size, int rt, int rn, int imm) {
    store(t, t.mem(size), rt, t.plus(t.base(rn), (long) imm << size));
  }

  @Override
  default void ldrU(A64 t, int size, int rt, int rn, int imm) {
    load(t, t.mem(size), rt, t.plus(t.base(rn), (long) imm << size));
  }

  @Override
  default void ldrsU(A64 t, int size, int w, int rt, int rn, int imm) {
    loadSigned(t, t.mem(size), w, rt, t.plus(t.base(rn), (long) imm << size));
  }

  @Override
  default void strI(A64 t, int size, int index, int rt, int rn, int imm) {
    Value base = t.base(rn);
    store(t, t.mem(size), rt, index == POST ? base : t.plus(base, imm));
    index(t, index, rn, base, imm);
  }

  /** With the base register as destination, which is unpredictable, the loaded value stays. */
  private static void afterLoad(A64 t, int index, int rn, int rt, Value base, long offset) {
    if ((index == POST || index == PRE) && (rn != rt || rn == 31)) {
      writeBack(t, rn, base, offset);
    }
  }

  @Override
  default void ldrI(A64 t, int size, int index, int rt, int rn, int imm) {
    Value base = t.base(rn);
    load(t, t.mem(size), rt, index == POST ? base : t.plus(base, imm));
    afterLoad(t, index, rn, rt, base, imm);
  }

  @Override
  default void ldrsI(A64 t, int size, int index, int rt, int rn, int imm, int w) {
    Value base = t.base(rn);
    loadSigned(t, t.mem(size), w, rt, index == POST ? base : t.plus(base, imm));
    afterLoad(t, index, rn, rt, base, imm);
  }

  @Override
  default void sttr(A64 t, int size, int rt, int rn, int imm) {
    store(t, t.unprivileged(size), rt, t.plus(t.base(rn), imm));
  }

  @Override
  default void ldtr(A64 t, int size, int rt, int rn, int imm) {
    load(t, t.unprivileged(size), rt, t.plus(t.base(rn), imm));
  }

  @Override
  default void ldtrs(A64 t, int size, int w, int rt, int rn, int imm) {
    loadSigned(t, t.unprivileged(size), w, rt, t.plus(t.base(rn), imm));
  }

  /** The operand extend with its two bits becomes UXTW, UXTX, SXTW or SXTX. */
  static Value indexed(A64 t, int rn, int rm, int extend, int scale, int size) {
    int option =
        switch (extend) {
          case 0 -> 2;
          case 1 -> 3;
          case 2 -> 6;
          default -> 7;
        };
    Value offset = A64Data.extended(t, 1, rm, option, scale == 1 ? size : 0);
    return t.e().add(t.base(rn), offset);
  }

  @Override
  default void strR(A64 t, int size, int rt, int rn, int rm, int extend, int scale) {
    store(t, t.mem(size), rt, indexed(t, rn, rm, extend, scale, size));
  }

  @Override
  default void ldrR(A64 t, int size, int rt, int rn, int rm, int extend, int scale) {
    load(t, t.mem(size), rt, indexed(t, rn, rm, extend, scale, size));
  }

  @Override
  default void ldrsR(A64 t, int size, int rt, int rn, int rm, int extend, int scale, int w) {
    loadSigned(t, t.mem(size), w, rt, indexed(t, rn, rm, extend, scale, size));
  }

  @Override
  default void ldrL(A64 t, int sf, int rt, int imm) {
    load(t, t.mem(2 + sf), rt, t.pc(imm));
  }

  @Override
  default void ldrsL(A64 t, int rt, int imm) {
    loadSigned(t, t.mem(2), 0, rt, t.pc(imm));
  }

  // ---- pairs -----------------------------------------------------------------------------------

  @Override
  default void stp(A64 t, int sf, int index, int imm, int rt2, int rn, int rt) {
    int size = 2 + sf;
    long offset = (long) imm << size;
    Value base = t.base(rn);
    Value address = index == POST ? base : t.plus(base, offset);
    MemDesc desc = t.mem(size);
    if (t.hasLse2()) {
      t.e().storePair(desc, address, t.x(sf, rt), t.x(sf, rt2));
    } else {
      t.e().store(desc, address, t.x(sf, rt));
      t.e().store(desc, t.plus(address, 1L << size), t.x(sf, rt2));
    }
    index(t, index, rn, base, offset);
  }

  private static Value[] pair(A64 t, MemDesc desc, Type type, Value address) {
    var e = t.e();
    if (t.hasLse2()) {
      return e.loadPair(desc, type, address);
    }
    Value first = e.load(desc, type, address);
    return new Value[] {first, e.load(desc, type, t.plus(address, desc.size()))};
  }

  private static void loadPair(
      A64 t, MemDesc desc, Type type, int index, long offset, int rt2, int rn, int rt) {
    Value base = t.base(rn);
    Value address = index == POST ? base : t.plus(base, offset);
    Value[] pair = pair(t, desc, type, address);
    t.setX(rt, pair[0]);
    t.setX(rt2, pair[1]);
    if ((index == POST || index == PRE) && (rn == 31 || (rn != rt && rn != rt2))) {
      writeBack(t, rn, base, offset);
    }
  }

  @Override
  default void ldp(A64 t, int sf, int index, int imm, int rt2, int rn, int rt) {
    int size = 2 + sf;
    loadPair(t, t.mem(size), A64.type(sf), index, (long) imm << size, rt2, rn, rt);
  }

  @Override
  default void ldpsw(A64 t, int index, int imm, int rt2, int rn, int rt) {
    loadPair(t, t.mem(2).signed(), Type.I64, index, 4L * imm, rt2, rn, rt);
  }

  // ---- prefetches, which are hints -------------------------------------------------------------

  @Override
  default void prfmU(A64 t, int op, int rn, int imm) {}

  @Override
  default void prfum(A64 t, int op, int rn, int imm) {}

  @Override
  default void prfmR(A64 t, int op, int rn, int rm, int extend, int scale) {}

  @Override
  default void prfmL(A64 t, int op, int imm) {}
}
