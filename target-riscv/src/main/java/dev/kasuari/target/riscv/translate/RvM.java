package dev.kasuari.target.riscv.translate;

import dev.kasuari.target.riscv.isa.RiscvInstructions;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Value;

/** Multiplication and division. Source: unprivileged manual 20240411, chapter 13. */
interface RvM extends RiscvInstructions<Rv> {

  /** A quotient by zero is all ones; everything else is the IR's rule. */
  static Value quotient(Rv t, Op op, Value a, Value b) {
    var e = t.e();
    return e.select(Cond.EQ, b, 0, e.constant(b.type(), -1), e.binary(op, a, b));
  }

  @Override
  default void mul(Rv t, int rd, int rs1, int rs2) {
    RvI.binary(t, Op.MUL, rd, rs1, rs2);
  }

  @Override
  default void mulh(Rv t, int rd, int rs1, int rs2) {
    RvI.binary(t, Op.MULHS, rd, rs1, rs2);
  }

  @Override
  default void mulhsu(Rv t, int rd, int rs1, int rs2) {
    RvI.binary(t, Op.MULHSU, rd, rs1, rs2);
  }

  @Override
  default void mulhu(Rv t, int rd, int rs1, int rs2) {
    RvI.binary(t, Op.MULHU, rd, rs1, rs2);
  }

  @Override
  default void div(Rv t, int rd, int rs1, int rs2) {
    t.setX(rd, quotient(t, Op.DIVS, t.x(rs1), t.x(rs2)));
  }

  @Override
  default void divu(Rv t, int rd, int rs1, int rs2) {
    t.setX(rd, quotient(t, Op.DIVU, t.x(rs1), t.x(rs2)));
  }

  @Override
  default void rem(Rv t, int rd, int rs1, int rs2) {
    RvI.binary(t, Op.REMS, rd, rs1, rs2);
  }

  @Override
  default void remu(Rv t, int rd, int rs1, int rs2) {
    RvI.binary(t, Op.REMU, rd, rs1, rs2);
  }

  @Override
  default void mulw(Rv t, int rd, int rs1, int rs2) {
    RvI.binaryW(t, Op.MUL, rd, rs1, rs2);
  }

  @Override
  default void divw(Rv t, int rd, int rs1, int rs2) {
    t.setW(rd, quotient(t, Op.DIVS, t.w(rs1), t.w(rs2)));
  }

  @Override
  default void divuw(Rv t, int rd, int rs1, int rs2) {
    t.setW(rd, quotient(t, Op.DIVU, t.w(rs1), t.w(rs2)));
  }

  @Override
  default void remw(Rv t, int rd, int rs1, int rs2) {
    RvI.binaryW(t, Op.REMS, rd, rs1, rs2);
  }

  @Override
  default void remuw(Rv t, int rd, int rs1, int rs2) {
    RvI.binaryW(t, Op.REMU, rd, rs1, rs2);
  }
}
