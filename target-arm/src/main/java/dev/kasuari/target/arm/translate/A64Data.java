package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ConditionFlags;
import dev.kasuari.target.arm.isa.A64Immediates;
import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.Flags;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;

/** Data processing of general registers. Source: DDI 0487, C6.2. */
interface A64Data extends A64Instructions<A64> {

  // ---- addresses -------------------------------------------------------------------------------

  @Override
  default void adr(A64 t, int rd, int imm) {
    t.setX(rd, t.pc(imm));
  }

  @Override
  default void adrp(A64 t, int rd, long imm) {
    t.setX(rd, t.e().add(t.e().and(t.pc(0), -4096), imm));
  }

  // ---- add and subtract ------------------------------------------------------------------------

  private static Value sum(A64 t, Op op, Value a, Value b) {
    return t.e().binary(op, a, b);
  }

  /** Also sets the flags; the C that they have is the complement of PSTATE.C. */
  private static Value sumFlags(A64 t, Op op, Value a, Value b) {
    Value[] both = t.e().withFlags(op == Op.ADD ? Op.ADDF : Op.SUBF, a, b);
    t.setFlags(op == Op.ADD ? t.e().complementCarry(both[1]) : both[1]);
    return both[0];
  }

  private static void immediate(A64 t, Op op, int sf, int sh, int imm, int rn, int rd) {
    long amount = (long) imm << (12 * sh);
    Value result = sum(t, op, t.xsp(sf, rn), t.constant(sf, amount));
    if (rd == 31 && rn == 31 && sf == 1) {
      t.moveSp(result, amount);
    } else {
      t.setXsp(rd, result);
    }
  }

  @Override
  default void addI(A64 t, int sf, int sh, int imm, int rn, int rd) {
    immediate(t, Op.ADD, sf, sh, imm, rn, rd);
  }

  @Override
  default void subI(A64 t, int sf, int sh, int imm, int rn, int rd) {
    immediate(t, Op.SUB, sf, sh, imm, rn, rd);
  }

  @Override
  default void addsI(A64 t, int sf, int sh, int imm, int rn, int rd) {
    Value b = t.constant(sf, (long) imm << (12 * sh));
    t.setX(rd, sumFlags(t, Op.ADD, t.xsp(sf, rn), b));
  }

  @Override
  default void subsI(A64 t, int sf, int sh, int imm, int rn, int rd) {
    Value b = t.constant(sf, (long) imm << (12 * sh));
    t.setX(rd, sumFlags(t, Op.SUB, t.xsp(sf, rn), b));
  }

  /** A shifted register (ShiftReg, J1.3): LSL, LSR, ASR, ROR by an amount below the width. */
  private static Value shifted(A64 t, int sf, int rm, int shift, int amount) {
    Value value = t.x(sf, rm);
    if (amount == 0) {
      return value;
    }
    Op op =
        switch (shift) {
          case 0 -> Op.SHL;
          case 1 -> Op.SHR;
          case 2 -> Op.SAR;
          default -> Op.ROTR;
        };
    return t.e().binary(op, value, t.constant(sf, amount));
  }

  @Override
  default void addS(A64 t, int sf, int shift, int rm, int amount, int rn, int rd) {
    t.setX(rd, sum(t, Op.ADD, t.x(sf, rn), shifted(t, sf, rm, shift, amount)));
  }

  @Override
  default void addsS(A64 t, int sf, int shift, int rm, int amount, int rn, int rd) {
    t.setX(rd, sumFlags(t, Op.ADD, t.x(sf, rn), shifted(t, sf, rm, shift, amount)));
  }

  @Override
  default void subS(A64 t, int sf, int shift, int rm, int amount, int rn, int rd) {
    t.setX(rd, sum(t, Op.SUB, t.x(sf, rn), shifted(t, sf, rm, shift, amount)));
  }

  @Override
  default void subsS(A64 t, int sf, int shift, int rm, int amount, int rn, int rd) {
    t.setX(rd, sumFlags(t, Op.SUB, t.x(sf, rn), shifted(t, sf, rm, shift, amount)));
  }

  /** An extended register (ExtendReg, J1.3), shifted left by 0 to 4. */
  static Value extended(A64 t, int sf, int rm, int option, int amount) {
    var e = t.e();
    int width = Math.min(8 << (option & 3), A64.bits(sf));
    Value value = t.x(sf, rm);
    if (width < A64.bits(sf)) {
      value = option < 4 ? e.zeroExtend(value, width) : e.signExtend(value, width);
    }
    return amount == 0 ? value : e.shl(value, amount);
  }

  @Override
  default void addE(A64 t, int sf, int rm, int option, int amount, int rn, int rd) {
    t.setXsp(rd, sum(t, Op.ADD, t.xsp(sf, rn), extended(t, sf, rm, option, amount)));
  }

  @Override
  default void addsE(A64 t, int sf, int rm, int option, int amount, int rn, int rd) {
    t.setX(rd, sumFlags(t, Op.ADD, t.xsp(sf, rn), extended(t, sf, rm, option, amount)));
  }

  @Override
  default void subE(A64 t, int sf, int rm, int option, int amount, int rn, int rd) {
    t.setXsp(rd, sum(t, Op.SUB, t.xsp(sf, rn), extended(t, sf, rm, option, amount)));
  }

  @Override
  default void subsE(A64 t, int sf, int rm, int option, int amount, int rn, int rd) {
    t.setX(rd, sumFlags(t, Op.SUB, t.xsp(sf, rn), extended(t, sf, rm, option, amount)));
  }

  /** PSTATE.C as 0 or 1, or what a subtraction borrows. */
  private static Value carry(A64 t, int sf, boolean borrow) {
    return t.e()
        .flagsSetcond(borrow ? A64.condition(3) : A64.condition(2), t.flags(), A64.type(sf));
  }

  @Override
  default void adc(A64 t, int sf, int rm, int rn, int rd) {
    Value sum = t.e().add(t.x(sf, rn), t.x(sf, rm));
    t.setX(rd, t.e().add(sum, carry(t, sf, false)));
  }

  @Override
  default void adcs(A64 t, int sf, int rm, int rn, int rd) {
    Value[] both = t.e().withFlags(Op.ADCF, t.x(sf, rn), t.x(sf, rm), carry(t, sf, false));
    t.setFlags(t.e().complementCarry(both[1]));
    t.setX(rd, both[0]);
  }

  @Override
  default void sbc(A64 t, int sf, int rm, int rn, int rd) {
    Value difference = t.e().sub(t.x(sf, rn), t.x(sf, rm));
    t.setX(rd, t.e().sub(difference, carry(t, sf, true)));
  }

  @Override
  default void sbcs(A64 t, int sf, int rm, int rn, int rd) {
    Value[] both = t.e().withFlags(Op.SBBF, t.x(sf, rn), t.x(sf, rm), carry(t, sf, true));
    t.setFlags(both[1]);
    t.setX(rd, both[0]);
  }

  // ---- logical ---------------------------------------------------------------------------------

  /** Flags of a result of logic: PSTATE.C and V are 0. */
  private static void logicFlags(A64 t, Value result) {
    t.setFlags(t.e().complementCarry(t.e().logicFlags(result)));
  }

  private static Value mask(A64 t, int sf, int nrs) {
    return t.constant(sf, A64Immediates.bitmask(sf, nrs));
  }

  @Override
  default void andI(A64 t, int sf, int nrs, int rn, int rd) {
    t.setXsp(rd, t.e().and(t.x(sf, rn), mask(t, sf, nrs)));
  }

  @Override
  default void orrI(A64 t, int sf, int nrs, int rn, int rd) {
    t.setXsp(rd, t.e().or(t.x(sf, rn), mask(t, sf, nrs)));
  }

  @Override
  default void eorI(A64 t, int sf, int nrs, int rn, int rd) {
    t.setXsp(rd, t.e().xor(t.x(sf, rn), mask(t, sf, nrs)));
  }

  @Override
  default void andsI(A64 t, int sf, int nrs, int rn, int rd) {
    Value result = t.e().and(t.x(sf, rn), mask(t, sf, nrs));
    logicFlags(t, result);
    t.setX(rd, result);
  }

  @Override
  default void andS(A64 t, int sf, int shift, int rm, int amount, int rn, int rd) {
    t.setX(rd, t.e().and(t.x(sf, rn), shifted(t, sf, rm, shift, amount)));
  }

  @Override
  default void bicS(A64 t, int sf, int shift, int rm, int amount, int rn, int rd) {
    t.setX(rd, t.e().binary(Op.ANDC, t.x(sf, rn), shifted(t, sf, rm, shift, amount)));
  }

  @Override
  default void orrS(A64 t, int sf, int shift, int rm, int amount, int rn, int rd) {
    Value value = shifted(t, sf, rm, shift, amount);
    t.setX(rd, rn == 31 ? value : t.e().or(t.x(sf, rn), value));
  }

  @Override
  default void ornS(A64 t, int sf, int shift, int rm, int amount, int rn, int rd) {
    Value value = t.e().not(shifted(t, sf, rm, shift, amount));
    t.setX(rd, rn == 31 ? value : t.e().or(t.x(sf, rn), value));
  }

  @Override
  default void eorS(A64 t, int sf, int shift, int rm, int amount, int rn, int rd) {
    t.setX(rd, t.e().xor(t.x(sf, rn), shifted(t, sf, rm, shift, amount)));
  }

  @Override
  default void eonS(A64 t, int sf, int shift, int rm, int amount, int rn, int rd) {
    t.setX(rd, t.e().xor(t.x(sf, rn), t.e().not(shifted(t, sf, rm, shift, amount))));
  }

  @Override
  default void andsS(A64 t, int sf, int shift, int rm, int amount, int rn, int rd) {
    Value result = t.e().and(t.x(sf, rn), shifted(t, sf, rm, shift, amount));
    logicFlags(t, result);
    t.setX(rd, result);
  }

  @Override
  default void bicsS(A64 t, int sf, int shift, int rm, int amount, int rn, int rd) {
    Value result = t.e().binary(Op.ANDC, t.x(sf, rn), shifted(t, sf, rm, shift, amount));
    logicFlags(t, result);
    t.setX(rd, result);
  }

  // ---- moves and bitfields ---------------------------------------------------------------------

  @Override
  default void movn(A64 t, int sf, int hw, int imm, int rd) {
    t.setX(rd, t.constant(sf, ~((long) imm << (16 * hw))));
  }

  @Override
  default void movz(A64 t, int sf, int hw, int imm, int rd) {
    t.setX(rd, t.constant(sf, (long) imm << (16 * hw)));
  }

  @Override
  default void movk(A64 t, int sf, int hw, int imm, int rd) {
    t.setX(rd, t.e().deposit(t.x(sf, rd), t.constant(sf, imm), 16 * hw, 16));
  }

  @Override
  default void sbfm(A64 t, int sf, int immr, int imms, int rn, int rd) {
    var e = t.e();
    int bits = A64.bits(sf);
    Value value = t.x(sf, rn);
    if (imms >= immr) {
      // Bits immr to imms go to the bottom.
      Value top = imms == bits - 1 ? value : e.shl(value, bits - 1 - imms);
      int right = bits - 1 - imms + immr;
      t.setX(rd, right == 0 ? top : e.sar(top, right));
    } else {
      // Bits 0 to imms go to the place bits - immr.
      t.setX(rd, e.sar(e.shl(value, bits - 1 - imms), immr - imms - 1));
    }
  }

  @Override
  default void ubfm(A64 t, int sf, int immr, int imms, int rn, int rd) {
    var e = t.e();
    int bits = A64.bits(sf);
    Value value = t.x(sf, rn);
    if (imms >= immr) {
      int length = imms - immr + 1;
      t.setX(rd, length == bits ? value : e.extract(value, immr, length));
    } else {
      Value low = imms == bits - 1 ? value : e.zeroExtend(value, imms + 1);
      t.setX(rd, e.shl(low, bits - immr));
    }
  }

  @Override
  default void bfm(A64 t, int sf, int immr, int imms, int rn, int rd) {
    var e = t.e();
    int bits = A64.bits(sf);
    Value value = t.x(sf, rn);
    if (imms >= immr) {
      Value field = immr == 0 ? value : e.shr(value, immr);
      int length = imms - immr + 1;
      t.setX(rd, length == bits ? field : e.deposit(t.x(sf, rd), field, 0, length));
    } else {
      t.setX(rd, e.deposit(t.x(sf, rd), value, bits - immr, imms + 1));
    }
  }

  @Override
  default void extr(A64 t, int sf, int rm, int lsb, int rn, int rd) {
    var e = t.e();
    if (rn == rm || lsb == 0) {
      Value value = t.x(sf, rm);
      t.setX(rd, lsb == 0 ? value : e.binary(Op.ROTR, value, t.constant(sf, lsb)));
    } else {
      Value low = e.shr(t.x(sf, rm), lsb);
      t.setX(rd, e.or(low, e.shl(t.x(sf, rn), A64.bits(sf) - lsb)));
    }
  }

  // ---- two sources -----------------------------------------------------------------------------

  private static void binary(A64 t, Op op, int sf, int rm, int rn, int rd) {
    t.setX(rd, t.e().binary(op, t.x(sf, rn), t.x(sf, rm)));
  }

  @Override
  default void udiv(A64 t, int sf, int rm, int rn, int rd) {
    binary(t, Op.DIVU, sf, rm, rn, rd);
  }

  @Override
  default void sdiv(A64 t, int sf, int rm, int rn, int rd) {
    binary(t, Op.DIVS, sf, rm, rn, rd);
  }

  @Override
  default void lslv(A64 t, int sf, int rm, int rn, int rd) {
    binary(t, Op.SHL, sf, rm, rn, rd);
  }

  @Override
  default void lsrv(A64 t, int sf, int rm, int rn, int rd) {
    binary(t, Op.SHR, sf, rm, rn, rd);
  }

  @Override
  default void asrv(A64 t, int sf, int rm, int rn, int rd) {
    binary(t, Op.SAR, sf, rm, rn, rd);
  }

  @Override
  default void rorv(A64 t, int sf, int rm, int rn, int rd) {
    binary(t, Op.ROTR, sf, rm, rn, rd);
  }

  @Override
  default void crc32(A64 t, int size, int rm, int rn, int rd) {
    var e = t.e();
    Value crc = e.call(Checksum.CRC32, t.x(rn), t.x(rm), e.constant(8 << size));
    t.setX(rd, e.narrow(crc));
  }

  @Override
  default void crc32c(A64 t, int size, int rm, int rn, int rd) {
    var e = t.e();
    Value crc = e.call(Checksum.CRC32C, t.x(rn), t.x(rm), e.constant(8 << size));
    t.setX(rd, e.narrow(crc));
  }

  // ---- one source ------------------------------------------------------------------------------

  /** Exchanges neighbouring groups of bits, each as long as the mask's runs of ones. */
  private static Value swapped(A64 t, int sf, Value value, int distance, long mask) {
    var e = t.e();
    Value m = t.constant(sf, mask);
    return e.or(e.and(e.shr(value, distance), m), e.shl(e.and(value, m), distance));
  }

  @Override
  default void rbit(A64 t, int sf, int rn, int rd) {
    Value bytes = t.e().unary(Op.BSWAP, t.x(sf, rn));
    Value nibbles = swapped(t, sf, bytes, 4, 0x0f0f_0f0f_0f0f_0f0fL);
    Value pairs = swapped(t, sf, nibbles, 2, 0x3333_3333_3333_3333L);
    t.setX(rd, swapped(t, sf, pairs, 1, 0x5555_5555_5555_5555L));
  }

  @Override
  default void rev16(A64 t, int sf, int rn, int rd) {
    t.setX(rd, swapped(t, sf, t.x(sf, rn), 8, 0x00ff_00ff_00ff_00ffL));
  }

  @Override
  default void rev32(A64 t, int rn, int rd) {
    var e = t.e();
    t.setX(rd, e.binary(Op.ROTR, e.unary(Op.BSWAP, t.x(rn)), e.constant(32)));
  }

  @Override
  default void rev(A64 t, int sf, int rn, int rd) {
    t.setX(rd, t.e().unary(Op.BSWAP, t.x(sf, rn)));
  }

  @Override
  default void clz(A64 t, int sf, int rn, int rd) {
    t.setX(rd, t.e().unary(Op.CLZ, t.x(sf, rn)));
  }

  @Override
  default void cls(A64 t, int sf, int rn, int rd) {
    var e = t.e();
    Value value = t.x(sf, rn);
    // Zeros where a bit is as the one above it; the sign does not count itself.
    Value changes = e.xor(value, e.sar(value, 1));
    t.setX(rd, e.add(e.unary(Op.CLZ, changes), -1));
  }

  // ---- flag manipulation -----------------------------------------------------------------------

  /** A bit of a 32-bit value goes to the place of a flag. */
  private static Value toFlag(A64 t, Value value, int bit, int flag) {
    var e = t.e();
    int place = Integer.numberOfTrailingZeros(flag);
    Value alone = e.and(value, 1L << bit);
    return place >= bit ? e.shl(alone, place - bit) : e.shr(alone, bit - place);
  }

  /** The flags of N, Z, C and V in bits 3 to 0 of a 32-bit value. */
  static Value unpacked(A64 t, Value nzcv) {
    var e = t.e();
    Value n = toFlag(t, nzcv, 3, Flags.N);
    Value z = toFlag(t, nzcv, 2, Flags.Z);
    Value c = toFlag(t, nzcv, 1, Flags.C);
    Value v = toFlag(t, nzcv, 0, Flags.V);
    return e.complementCarry(e.flagsFromBits(e.or(e.or(n, z), e.or(c, v))));
  }

  /** N, Z, C and V in bits 3 to 0, as a 32-bit value. */
  static Value nzcv(A64 t) {
    var e = t.e();
    Value bits = e.flagsBits(e.complementCarry(t.flags()));
    Value n = e.shl(e.extract(bits, Integer.numberOfTrailingZeros(Flags.N), 1), 3);
    Value z = e.shl(e.extract(bits, Integer.numberOfTrailingZeros(Flags.Z), 1), 2);
    Value c = e.shl(e.extract(bits, Integer.numberOfTrailingZeros(Flags.C), 1), 1);
    Value v = e.extract(bits, Integer.numberOfTrailingZeros(Flags.V), 1);
    return e.or(e.or(n, z), e.or(c, v));
  }

  @Override
  default void rmif(A64 t, int rn, int amount, int mask) {
    var e = t.e();
    Value turned = e.narrow(e.binary(Op.ROTR, t.x(rn), e.constant(amount)));
    Value merged = e.or(e.and(turned, mask), e.and(nzcv(t), ~mask & 15));
    t.setFlags(unpacked(t, merged));
  }

  /** C stays; V says that the sign is not that of the next larger size. */
  private static void setFlags(A64 t, int rn, int width) {
    var e = t.e();
    Value value = t.x(0, rn);
    Value c = e.and(nzcv(t), 2);
    Value n = e.shl(e.extract(value, width - 1, 1), 3);
    Value z = e.shl(e.setcond(Cond.EQ, e.zeroExtend(value, width), 0), 2);
    Value v = e.xor(e.extract(value, width, 1), e.extract(value, width - 1, 1));
    t.setFlags(unpacked(t, e.or(e.or(n, z), e.or(c, v))));
  }

  @Override
  default void setf8(A64 t, int rn) {
    setFlags(t, rn, 8);
  }

  @Override
  default void setf16(A64 t, int rn) {
    setFlags(t, rn, 16);
  }

  // ---- conditional -----------------------------------------------------------------------------

  private static void compare(A64 t, Op op, int sf, Value b, int cond, int rn, int nzcv) {
    var e = t.e();
    Value held = cond >= 14 ? null : t.flags();
    Value[] both = e.withFlags(op == Op.ADD ? Op.ADDF : Op.SUBF, t.x(sf, rn), b);
    Value made = op == Op.ADD ? e.complementCarry(both[1]) : both[1];
    if (held == null) {
      t.setFlags(made);
      return;
    }
    Value holds = e.flagsSetcond(A64.condition(cond), held, Type.I32);
    Value bits =
        e.select(Cond.NE, holds, 0, e.flagsBits(made), e.constant32(ConditionFlags.packed(nzcv)));
    t.setFlags(e.flagsFromBits(bits));
  }

  @Override
  default void ccmn(A64 t, int sf, int rm, int cond, int rn, int nzcv) {
    compare(t, Op.ADD, sf, t.x(sf, rm), cond, rn, nzcv);
  }

  @Override
  default void ccmp(A64 t, int sf, int rm, int cond, int rn, int nzcv) {
    compare(t, Op.SUB, sf, t.x(sf, rm), cond, rn, nzcv);
  }

  @Override
  default void ccmnI(A64 t, int sf, int imm, int cond, int rn, int nzcv) {
    compare(t, Op.ADD, sf, t.constant(sf, imm), cond, rn, nzcv);
  }

  @Override
  default void ccmpI(A64 t, int sf, int imm, int cond, int rn, int nzcv) {
    compare(t, Op.SUB, sf, t.constant(sf, imm), cond, rn, nzcv);
  }

  @Override
  default void csel(A64 t, int sf, int rm, int cond, int rn, int rd) {
    t.setX(rd, t.select(cond, t.x(sf, rn), t.x(sf, rm)));
  }

  @Override
  default void csinc(A64 t, int sf, int rm, int cond, int rn, int rd) {
    t.setX(rd, t.select(cond, t.x(sf, rn), t.e().add(t.x(sf, rm), 1)));
  }

  @Override
  default void csinv(A64 t, int sf, int rm, int cond, int rn, int rd) {
    t.setX(rd, t.select(cond, t.x(sf, rn), t.e().not(t.x(sf, rm))));
  }

  @Override
  default void csneg(A64 t, int sf, int rm, int cond, int rn, int rd) {
    t.setX(rd, t.select(cond, t.x(sf, rn), t.e().neg(t.x(sf, rm))));
  }

  // ---- three sources ---------------------------------------------------------------------------

  @Override
  default void madd(A64 t, int sf, int rm, int ra, int rn, int rd) {
    Value product = t.e().mul(t.x(sf, rn), t.x(sf, rm));
    t.setX(rd, ra == 31 ? product : t.e().add(t.x(sf, ra), product));
  }

  @Override
  default void msub(A64 t, int sf, int rm, int ra, int rn, int rd) {
    Value product = t.e().mul(t.x(sf, rn), t.x(sf, rm));
    t.setX(rd, t.e().sub(t.x(sf, ra), product));
  }

  /** A product of two words in 64 bits. */
  private static Value product(A64 t, int rn, int rm, boolean signed) {
    var e = t.e();
    Value a = t.x(0, rn);
    Value b = t.x(0, rm);
    return signed
        ? e.mul(e.widenSigned(a), e.widenSigned(b))
        : e.mul(e.widenUnsigned(a), e.widenUnsigned(b));
  }

  @Override
  default void smaddl(A64 t, int rm, int ra, int rn, int rd) {
    t.setX(rd, t.e().add(t.x(ra), product(t, rn, rm, true)));
  }

  @Override
  default void smsubl(A64 t, int rm, int ra, int rn, int rd) {
    t.setX(rd, t.e().sub(t.x(ra), product(t, rn, rm, true)));
  }

  @Override
  default void umaddl(A64 t, int rm, int ra, int rn, int rd) {
    t.setX(rd, t.e().add(t.x(ra), product(t, rn, rm, false)));
  }

  @Override
  default void umsubl(A64 t, int rm, int ra, int rn, int rd) {
    t.setX(rd, t.e().sub(t.x(ra), product(t, rn, rm, false)));
  }

  @Override
  default void smulh(A64 t, int rm, int rn, int rd) {
    binary(t, Op.MULHS, 1, rm, rn, rd);
  }

  @Override
  default void umulh(A64 t, int rm, int rn, int rd) {
    binary(t, Op.MULHU, 1, rm, rn, rd);
  }
}
