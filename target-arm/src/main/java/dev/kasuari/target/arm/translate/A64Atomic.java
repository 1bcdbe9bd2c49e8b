package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ArmState;
import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.tcg.ir.Block;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.MemDesc;
import dev.kasuari.tcg.ir.Rmw;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;

/** Exclusives, acquire and release, atomics. Source: DDI 0487, C6.2 and B2.12. */
interface A64Atomic extends A64Instructions<A64> {
  private static Type type(int size) {
    return size == 3 ? Type.I64 : Type.I32;
  }

  private static Value register(A64 t, int size, int r) {
    return t.x(size == 3 ? 1 : 0, r);
  }

  /** The bits of an access in a 32-bit value. */
  private static Value narrow(A64 t, int size, Value value) {
    return size < 2 ? t.e().zeroExtend(value, 8 << size) : value;
  }

  /** What was loaded of a narrow access may have its sign above it. */
  private static void setOld(A64 t, int size, int r, Value old) {
    t.setX(r, narrow(t, size, old));
  }

  // ---- exclusives ------------------------------------------------------------------------------

  /** Forgets all reservations. */
  static void clear(A64 t) {
    t.e().unreserve();
    t.e().set(ArmState.EXCLUSIVE_PAIR, 0, t.e().constant(0));
  }

  @Override
  default void clrex(A64 t, int crm) {
    clear(t);
  }

  @Override
  default void ldxr(A64 t, int size, int acquire, int rt, int rn) {
    MemDesc desc = t.atomic(size, acquire == 1, false);
    setOld(t, size, rt, t.e().loadLinked(desc, type(size), t.base(rn)));
  }

  @Override
  default void stxr(A64 t, int size, int rs, int release, int rt, int rn) {
    var e = t.e();
    MemDesc desc = t.atomic(size, false, release == 1);
    Value stored = e.storeConditional(desc, t.base(rn), register(t, size, rt));
    t.setX(rs, e.xor(stored, 1));
  }

  /** Two words are reserved as the doubleword that they are. */
  @Override
  default void ldxp(A64 t, int sf, int acquire, int rt2, int rt, int rn) {
    var e = t.e();
    Value address = t.base(rn);
    if (sf == 0) {
      Value both = e.loadLinked(t.atomic(3, acquire == 1, false), Type.I64, address);
      t.setX(rt, e.narrow(both));
      t.setX(rt2, e.narrow(e.shr(both, 32)));
      return;
    }
    alignedPair(t, address, false);
    MemDesc desc = t.atomic(3, acquire == 1, false);
    Value[] pair = e.loadPair(desc, Type.I64, address);
    e.unreserve();
    e.set(ArmState.EXCLUSIVE_PAIR, 0, e.add(address, 1));
    e.set(ArmState.EXCLUSIVE_PAIR, 1, pair[0]);
    e.set(ArmState.EXCLUSIVE_PAIR, 2, pair[1]);
    t.setX(rt, pair[0]);
    t.setX(rt2, pair[1]);
  }

  /** Raises the alignment fault of a pair that is not aligned as a whole. */
  private static void alignedPair(A64 t, Value address, boolean write) {
    var e = t.e();
    Block misaligned = e.block();
    Block aligned = e.block();
    e.brcond(Cond.TSTNE, address, e.constant(15), misaligned, aligned);
    e.bind(misaligned);
    e.raise(t.cpu().alignmentFault(write), address);
    e.bind(aligned);
  }

  @Override
  default void stxp(A64 t, int sf, int rs, int release, int rt2, int rt, int rn) {
    var e = t.e();
    Value address = t.base(rn);
    if (sf == 0) {
      Value low = e.widenUnsigned(t.x(0, rt));
      Value both = e.or(low, e.shl(e.widenUnsigned(t.x(0, rt2)), 32));
      Value stored = e.storeConditional(t.atomic(3, false, release == 1), address, both);
      t.setX(rs, e.xor(stored, 1));
      return;
    }
    alignedPair(t, address, true);
    MemDesc desc = t.atomic(3, false, release == 1);
    Block reserved = e.block();
    Block lost = e.block();
    Block end = e.block(Type.I64);
    e.brcond(Cond.EQ, e.get(ArmState.EXCLUSIVE_PAIR, 0), e.add(address, 1), reserved, lost);
    e.bind(lost);
    e.br(end, e.constant(1));
    e.bind(reserved);
    Value first = e.get(ArmState.EXCLUSIVE_PAIR, 1);
    Value second = e.get(ArmState.EXCLUSIVE_PAIR, 2);
    Value[] old =
        e.casPair(desc, address, new Value[] {first, second}, new Value[] {t.x(rt), t.x(rt2)});
    Value differs = e.or(e.xor(old[0], first), e.xor(old[1], second));
    e.br(end, e.select(Cond.NE, differs, 0, e.constant(1), e.constant(0)));
    e.bind(end);
    e.set(ArmState.EXCLUSIVE_PAIR, 0, e.constant(0));
    t.setX(rs, end.parameter(0));
  }

  // ---- acquire and release ---------------------------------------------------------------------

  private static void loadAcquire(A64 t, int size, int rt, Value address) {
    A64Memory.load(t, t.ordered(size, true, false), rt, address);
  }

  private static void storeRelease(A64 t, int size, int rt, Value address) {
    A64Memory.store(t, t.ordered(size, false, true), rt, address);
  }

  @Override
  default void ldar(A64 t, int size, int rt, int rn) {
    loadAcquire(t, size, rt, t.base(rn));
  }

  @Override
  default void stlr(A64 t, int size, int rt, int rn) {
    storeRelease(t, size, rt, t.base(rn));
    // Release, and acquire later, are in order among themselves (B2.3).
    t.e().fence(MemDesc.FENCE_WR);
  }

  @Override
  default void ldlar(A64 t, int size, int rt, int rn) {
    ldar(t, size, rt, rn);
  }

  @Override
  default void stllr(A64 t, int size, int rt, int rn) {
    stlr(t, size, rt, rn);
  }

  @Override
  default void ldapr(A64 t, int size, int rt, int rn) {
    loadAcquire(t, size, rt, t.base(rn));
  }

  @Override
  default void ldapur(A64 t, int size, int rt, int rn, int imm) {
    loadAcquire(t, size, rt, t.plus(t.base(rn), imm));
  }

  @Override
  default void ldapurs(A64 t, int size, int w, int rt, int rn, int imm) {
    MemDesc desc = t.ordered(size, true, false);
    A64Memory.loadSigned(t, desc, w, rt, t.plus(t.base(rn), imm));
  }

  @Override
  default void stlur(A64 t, int size, int rt, int rn, int imm) {
    storeRelease(t, size, rt, t.plus(t.base(rn), imm));
  }

  // ---- atomics ---------------------------------------------------------------------------------

  @Override
  default void cas(A64 t, int size, int acquire, int release, int rs, int rt, int rn) {
    MemDesc desc = t.atomic(size, acquire == 1, release == 1);
    Value expected = narrow(t, size, register(t, size, rs));
    Value value = register(t, size, rt);
    setOld(t, size, rs, t.e().cas(desc, t.base(rn), expected, value));
  }

  private static Value pair(A64 t, int r) {
    var e = t.e();
    Value low = e.widenUnsigned(t.x(0, r));
    return e.or(low, e.shl(e.widenUnsigned(t.x(0, r + 1)), 32));
  }

  @Override
  default void casp(A64 t, int sf, int acquire, int release, int rs, int rt, int rn) {
    var e = t.e();
    MemDesc desc = t.atomic(3, acquire == 1, release == 1);
    Value address = t.base(rn);
    if (sf == 0) {
      Value old = e.cas(desc, address, pair(t, rs), pair(t, rt));
      t.setX(rs, e.narrow(old));
      t.setX(rs + 1, e.narrow(e.shr(old, 32)));
      return;
    }
    Value[] expected = {t.x(rs), t.x(rs + 1)};
    Value[] old = e.casPair(desc, address, expected, new Value[] {t.x(rt), t.x(rt + 1)});
    t.setX(rs, old[0]);
    t.setX(rs + 1, old[1]);
  }

  /** Operands of comparisons come with their sign above, whatever order they are compared in. */
  private static void atomic(
      A64 t, Rmw op, int size, int acquire, int release, int rs, int rt, int rn) {
    MemDesc desc = t.atomic(size, acquire == 1, release == 1).signed();
    Value operand = register(t, size, rs);
    Value y = size < 2 ? t.e().signExtend(operand, 8 << size) : operand;
    setOld(t, size, rt, t.e().rmw(desc, op, t.base(rn), y));
  }

  @Override
  default void ldadd(A64 t, int size, int acquire, int release, int rs, int rt, int rn) {
    atomic(t, Rmw.ADD, size, acquire, release, rs, rt, rn);
  }

  @Override
  default void ldclr(A64 t, int size, int acquire, int release, int rs, int rt, int rn) {
    atomic(t, Rmw.CLEAR, size, acquire, release, rs, rt, rn);
  }

  @Override
  default void ldeor(A64 t, int size, int acquire, int release, int rs, int rt, int rn) {
    atomic(t, Rmw.XOR, size, acquire, release, rs, rt, rn);
  }

  @Override
  default void ldset(A64 t, int size, int acquire, int release, int rs, int rt, int rn) {
    atomic(t, Rmw.OR, size, acquire, release, rs, rt, rn);
  }

  @Override
  default void ldsmax(A64 t, int size, int acquire, int release, int rs, int rt, int rn) {
    atomic(t, Rmw.MAXS, size, acquire, release, rs, rt, rn);
  }

  @Override
  default void ldsmin(A64 t, int size, int acquire, int release, int rs, int rt, int rn) {
    atomic(t, Rmw.MINS, size, acquire, release, rs, rt, rn);
  }

  @Override
  default void ldumax(A64 t, int size, int acquire, int release, int rs, int rt, int rn) {
    atomic(t, Rmw.MAXU, size, acquire, release, rs, rt, rn);
  }

  @Override
  default void ldumin(A64 t, int size, int acquire, int release, int rs, int rt, int rn) {
    atomic(t, Rmw.MINU, size, acquire, release, rs, rt, rn);
  }

  @Override
  default void swp(A64 t, int size, int acquire, int release, int rs, int rt, int rn) {
    atomic(t, Rmw.SWAP, size, acquire, release, rs, rt, rn);
  }
}
