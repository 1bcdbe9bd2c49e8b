package dev.kasuari.target.riscv.translate;

import dev.kasuari.target.riscv.isa.RiscvInstructions;
import dev.kasuari.tcg.ir.Rmw;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;

/** Atomics. Source: unprivileged manual 20240411, chapter 14. */
interface RvA extends RiscvInstructions<Rv> {

  static Type type(int size) {
    return size == 4 ? Type.I32 : Type.I64;
  }

  static Value register(Rv t, int size, int rs2) {
    return size == 4 ? t.w(rs2) : t.x(rs2);
  }

  static void loadReserved(Rv t, int size, int rd, int rs1, int aqrl) {
    t.setX(rd, t.e().loadLinked(t.atomic(size, aqrl), type(size), t.address(rs1, 0)));
  }

  /** 0 for success, 1 for failure. */
  static void storeConditional(Rv t, int size, int rd, int rs1, int rs2, int aqrl) {
    Value stored =
        t.e().storeConditional(t.atomic(size, aqrl), t.address(rs1, 0), register(t, size, rs2));
    t.setX(rd, t.e().xor(stored, 1));
  }

  static void amo(Rv t, Rmw op, int size, int rd, int rs1, int rs2, int aqrl) {
    t.setX(rd, t.e().rmw(t.atomic(size, aqrl), op, t.address(rs1, 0), register(t, size, rs2)));
  }

  @Override
  default void lrW(Rv t, int rd, int rs1, int aqrl) {
    loadReserved(t, 4, rd, rs1, aqrl);
  }

  @Override
  default void scW(Rv t, int rd, int rs1, int rs2, int aqrl) {
    storeConditional(t, 4, rd, rs1, rs2, aqrl);
  }

  @Override
  default void amoswapW(Rv t, int rd, int rs1, int rs2, int aqrl) {
    amo(t, Rmw.SWAP, 4, rd, rs1, rs2, aqrl);
  }

  @Override
  default void amoaddW(Rv t, int rd, int rs1, int rs2, int aqrl) {
    amo(t, Rmw.ADD, 4, rd, rs1, rs2, aqrl);
  }

  @Override
  default void amoxorW(Rv t, int rd, int rs1, int rs2, int aqrl) {
    amo(t, Rmw.XOR, 4, rd, rs1, rs2, aqrl);
  }

  @Override
  default void amoandW(Rv t, int rd, int rs1, int rs2, int aqrl) {
    amo(t, Rmw.AND, 4, rd, rs1, rs2, aqrl);
  }

  @Override
  default void amoorW(Rv t, int rd, int rs1, int rs2, int aqrl) {
    amo(t, Rmw.OR, 4, rd, rs1, rs2, aqrl);
  }

  @Override
  default void amominW(Rv t, int rd, int rs1, int rs2, int aqrl) {
    amo(t, Rmw.MINS, 4, rd, rs1, rs2, aqrl);
  }

  @Override
  default void amomaxW(Rv t, int rd, int rs1, int rs2, int aqrl) {
    amo(t, Rmw.MAXS, 4, rd, rs1, rs2, aqrl);
  }

  @Override
  default void amominuW(Rv t, int rd, int rs1, int rs2, int aqrl) {
    amo(t, Rmw.MINU, 4, rd, rs1, rs2, aqrl);
  }

  @Override
  default void amomaxuW(Rv t, int rd, int rs1, int rs2, int aqrl) {
    amo(t, Rmw.MAXU, 4, rd, rs1, rs2, aqrl);
  }

  @Override
  default void lrD(Rv t, int rd, int rs1, int aqrl) {
    loadReserved(t, 8, rd, rs1, aqrl);
  }

  @Override
  default void scD(Rv t, int rd, int rs1, int rs2, int aqrl) {
    storeConditional(t, 8, rd, rs1, rs2, aqrl);
  }

  @Override
  default void amoswapD(Rv t, int rd, int rs1, int rs2, int aqrl) {
    amo(t, Rmw.SWAP, 8, rd, rs1, rs2, aqrl);
  }

  @Override
  default void amoaddD(Rv t, int rd, int rs1, int rs2, int aqrl) {
    amo(t, Rmw.ADD, 8, rd, rs1, rs2, aqrl);
  }

  @Override
  default void amoxorD(Rv t, int rd, int rs1, int rs2, int aqrl) {
    amo(t, Rmw.XOR, 8, rd, rs1, rs2, aqrl);
  }

  @Override
  default void amoandD(Rv t, int rd, int rs1, int rs2, int aqrl) {
    amo(t, Rmw.AND, 8, rd, rs1, rs2, aqrl);
  }

  @Override
  default void amoorD(Rv t, int rd, int rs1, int rs2, int aqrl) {
    amo(t, Rmw.OR, 8, rd, rs1, rs2, aqrl);
  }

  @Override
  default void amominD(Rv t, int rd, int rs1, int rs2, int aqrl) {
    amo(t, Rmw.MINS, 8, rd, rs1, rs2, aqrl);
  }

  @Override
  default void amomaxD(Rv t, int rd, int rs1, int rs2, int aqrl) {
    amo(t, Rmw.MAXS, 8, rd, rs1, rs2, aqrl);
  }

  @Override
  default void amominuD(Rv t, int rd, int rs1, int rs2, int aqrl) {
    amo(t, Rmw.MINU, 8, rd, rs1, rs2, aqrl);
  }

  @Override
  default void amomaxuD(Rv t, int rd, int rs1, int rs2, int aqrl) {
    amo(t, Rmw.MAXU, 8, rd, rs1, rs2, aqrl);
  }
}
