package dev.kasuari.target.riscv.translate;

import dev.kasuari.target.riscv.isa.RiscvInstructions;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Value;

/** Zba, Zbb, Zbc and Zbs. Source: unprivileged manual 20240411, chapter 28. */
interface RvZb extends RiscvInstructions<Rv> {

  private static void unary(Rv t, Op op, int rd, int rs1) {
    t.setX(rd, t.e().unary(op, t.x(rs1)));
  }

  private static void unaryW(Rv t, Op op, int rd, int rs1) {
    t.setW(rd, t.e().unary(op, t.w(rs1)));
  }

  private static void shiftAdd(Rv t, Value index, int shift, int rd, int rs2) {
    Value scaled = shift == 0 ? index : t.e().shl(index, shift);
    t.setX(rd, t.e().add(scaled, t.x(rs2)));
  }

  /** One bit, its number in a register modulo XLEN. */
  private static Value bit(Rv t, int rs2) {
    return t.e().shl(t.constant(1), t.x(rs2));
  }

  private static Value bitImmediate(Rv t, int shamt) {
    return t.constant(1L << shamt);
  }

  @Override
  default void slliUw(Rv t, int rd, int rs1, int shamt) {
    t.setX(rd, t.e().shl(RvI.unsignedWord(t, rs1), shamt));
  }

  @Override
  default void addUw(Rv t, int rd, int rs1, int rs2) {
    shiftAdd(t, RvI.unsignedWord(t, rs1), 0, rd, rs2);
  }

  @Override
  default void sh1add(Rv t, int rd, int rs1, int rs2) {
    shiftAdd(t, t.x(rs1), 1, rd, rs2);
  }

  @Override
  default void sh1addUw(Rv t, int rd, int rs1, int rs2) {
    shiftAdd(t, RvI.unsignedWord(t, rs1), 1, rd, rs2);
  }

  @Override
  default void sh2add(Rv t, int rd, int rs1, int rs2) {
    shiftAdd(t, t.x(rs1), 2, rd, rs2);
  }

  @Override
  default void sh2addUw(Rv t, int rd, int rs1, int rs2) {
    shiftAdd(t, RvI.unsignedWord(t, rs1), 2, rd, rs2);
  }

  @Override
  default void sh3add(Rv t, int rd, int rs1, int rs2) {
    shiftAdd(t, t.x(rs1), 3, rd, rs2);
  }

  @Override
  default void sh3addUw(Rv t, int rd, int rs1, int rs2) {
    shiftAdd(t, RvI.unsignedWord(t, rs1), 3, rd, rs2);
  }

  @Override
  default void andn(Rv t, int rd, int rs1, int rs2) {
    RvI.binary(t, Op.ANDC, rd, rs1, rs2);
  }

  @Override
  default void orn(Rv t, int rd, int rs1, int rs2) {
    t.setX(rd, t.e().or(t.x(rs1), t.e().not(t.x(rs2))));
  }

  @Override
  default void xnor(Rv t, int rd, int rs1, int rs2) {
    t.setX(rd, t.e().not(t.e().xor(t.x(rs1), t.x(rs2))));
  }

  @Override
  default void clz(Rv t, int rd, int rs1) {
    unary(t, Op.CLZ, rd, rs1);
  }

  @Override
  default void clzw(Rv t, int rd, int rs1) {
    unaryW(t, Op.CLZ, rd, rs1);
  }

  @Override
  default void ctz(Rv t, int rd, int rs1) {
    unary(t, Op.CTZ, rd, rs1);
  }

  @Override
  default void ctzw(Rv t, int rd, int rs1) {
    unaryW(t, Op.CTZ, rd, rs1);
  }

  @Override
  default void cpop(Rv t, int rd, int rs1) {
    unary(t, Op.POPCNT, rd, rs1);
  }

  @Override
  default void cpopw(Rv t, int rd, int rs1) {
    unaryW(t, Op.POPCNT, rd, rs1);
  }

  @Override
  default void sextB(Rv t, int rd, int rs1) {
    t.setX(rd, t.e().signExtend(t.x(rs1), 8));
  }

  @Override
  default void sextH(Rv t, int rd, int rs1) {
    t.setX(rd, t.e().signExtend(t.x(rs1), 16));
  }

  @Override
  default void zextH(Rv t, int rd, int rs1) {
    t.setX(rd, t.e().zeroExtend(t.x(rs1), 16));
  }

  @Override
  default void min(Rv t, int rd, int rs1, int rs2) {
    RvI.binary(t, Op.MINS, rd, rs1, rs2);
  }

  @Override
  default void minu(Rv t, int rd, int rs1, int rs2) {
    RvI.binary(t, Op.MINU, rd, rs1, rs2);
  }

  @Override
  default void max(Rv t, int rd, int rs1, int rs2) {
    RvI.binary(t, Op.MAXS, rd, rs1, rs2);
  }

  @Override
  default void maxu(Rv t, int rd, int rs1, int rs2) {
    RvI.binary(t, Op.MAXU, rd, rs1, rs2);
  }

  @Override
  default void rol(Rv t, int rd, int rs1, int rs2) {
    RvI.binary(t, Op.ROTL, rd, rs1, rs2);
  }

  @Override
  default void ror(Rv t, int rd, int rs1, int rs2) {
    RvI.binary(t, Op.ROTR, rd, rs1, rs2);
  }

  @Override
  default void rori(Rv t, int rd, int rs1, int shamt) {
    RvI.binaryImmediate(t, Op.ROTR, rd, rs1, shamt);
  }

  @Override
  default void rolw(Rv t, int rd, int rs1, int rs2) {
    RvI.binaryW(t, Op.ROTL, rd, rs1, rs2);
  }

  @Override
  default void rorw(Rv t, int rd, int rs1, int rs2) {
    RvI.binaryW(t, Op.ROTR, rd, rs1, rs2);
  }

  @Override
  default void roriw(Rv t, int rd, int rs1, int shamt) {
    RvI.binaryImmediateW(t, Op.ROTR, rd, rs1, shamt);
  }

  /** A byte becomes all ones if any of its bits is one. */
  @Override
  default void orcB(Rv t, int rd, int rs1) {
    var e = t.e();
    Value low7 = t.constant(0x7f7f_7f7f_7f7f_7f7fL);
    Value x = t.x(rs1);
    // The top bit of each byte says whether the byte is not zero; no carry crosses bytes.
    Value top = e.binary(Op.ANDC, e.or(e.add(e.and(x, low7), low7), x), low7);
    Value one = e.shr(top, 7);
    t.setX(rd, e.mul(one, t.constant(0xff)));
  }

  @Override
  default void rev8(Rv t, int rd, int rs1) {
    unary(t, Op.BSWAP, rd, rs1);
  }

  private static void carryLess(Rv t, CarryLess part, int rd, int rs1, int rs2) {
    if (t.xlen() == 64) {
      t.setX(rd, t.e().call(part, t.x(rs1), t.x(rs2)));
      return;
    }
    // All 63 bits of the product of two words, of which the part is one word.
    Value a = t.e().widenUnsigned(t.x(rs1));
    Value b = t.e().widenUnsigned(t.x(rs2));
    Value product = t.e().call(CarryLess.CLMUL, a, b);
    int lowest =
        switch (part) {
          case CLMUL -> 0;
          case CLMULH -> 32;
          case CLMULR -> 31;
        };
    t.setX(rd, t.e().narrow(lowest == 0 ? product : t.e().shr(product, lowest)));
  }

  @Override
  default void clmul(Rv t, int rd, int rs1, int rs2) {
    carryLess(t, CarryLess.CLMUL, rd, rs1, rs2);
  }

  @Override
  default void clmulh(Rv t, int rd, int rs1, int rs2) {
    carryLess(t, CarryLess.CLMULH, rd, rs1, rs2);
  }

  @Override
  default void clmulr(Rv t, int rd, int rs1, int rs2) {
    carryLess(t, CarryLess.CLMULR, rd, rs1, rs2);
  }

  @Override
  default void bclr(Rv t, int rd, int rs1, int rs2) {
    t.setX(rd, t.e().binary(Op.ANDC, t.x(rs1), bit(t, rs2)));
  }

  @Override
  default void bclri(Rv t, int rd, int rs1, int shamt) {
    t.setX(rd, t.e().binary(Op.ANDC, t.x(rs1), bitImmediate(t, shamt)));
  }

  @Override
  default void binv(Rv t, int rd, int rs1, int rs2) {
    t.setX(rd, t.e().xor(t.x(rs1), bit(t, rs2)));
  }

  @Override
  default void binvi(Rv t, int rd, int rs1, int shamt) {
    t.setX(rd, t.e().xor(t.x(rs1), bitImmediate(t, shamt)));
  }

  @Override
  default void bset(Rv t, int rd, int rs1, int rs2) {
    t.setX(rd, t.e().or(t.x(rs1), bit(t, rs2)));
  }

  @Override
  default void bseti(Rv t, int rd, int rs1, int shamt) {
    t.setX(rd, t.e().or(t.x(rs1), bitImmediate(t, shamt)));
  }

  @Override
  default void bext(Rv t, int rd, int rs1, int rs2) {
    t.setX(rd, t.e().setcond(Cond.TSTNE, t.x(rs1), bit(t, rs2)));
  }

  @Override
  default void bexti(Rv t, int rd, int rs1, int shamt) {
    t.setX(rd, t.e().setcond(Cond.TSTNE, t.x(rs1), bitImmediate(t, shamt)));
  }
}
