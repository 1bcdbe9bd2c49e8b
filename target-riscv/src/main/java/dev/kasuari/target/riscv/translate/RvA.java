package dev.kasuari.target.riscv.translate;

import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.target.riscv.cpu.TrapCause;
import dev.kasuari.target.riscv.isa.RiscvInstructions;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.Helper;
import dev.kasuari.tcg.ir.Rmw;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;

/** Atomics, Zawrs and Zacas. Source: unprivileged manual 20240411, chapters 14 to 16. */
interface RvA extends RiscvInstructions<Rv> {
  /**
   * Gives the host's processor to another hart, which may be the one that is waited for. Arguments:
   * encoding, whether the wait may be refused.
   */
  Helper GIVE_WAY =
      new Helper() {
        @Override
        public String name() {
          return "give_way";
        }

        // Nothing relies on it: what is waited for is looked at again in any case.
        @SuppressWarnings("ThreadPriorityCheck")
        @Override
        public long call(Context context, long encoding, long refusable, long c) {
          if (refusable != 0 && !((RiscvCpu) context.cpu()).waitAllowed()) {
            context.raise(TrapCause.ILLEGAL_INSTRUCTION, encoding);
          }
          Thread.yield();
          return 0;
        }
      };

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

  /** A wait may end for any reason; ours ends after others had a chance to run. */
  private static void await(Rv t, boolean refusable) {
    var e = t.e();
    long encoding = Integer.toUnsignedLong(t.encoding());
    e.call(GIVE_WAY, e.constant(encoding), e.constant(refusable ? 1 : 0));
    t.exitToNext(ExitReason.LOOKUP);
  }

  @Override
  default void wrsNto(Rv t) {
    await(t, true);
  }

  @Override
  default void wrsSto(Rv t) {
    await(t, false);
  }

  private static void compareAndSwap(Rv t, int size, int rd, int rs1, int rs2, int aqrl) {
    Value expected = register(t, size, rd);
    Value value = register(t, size, rs2);
    t.setX(rd, t.e().cas(t.atomic(size, aqrl), t.address(rs1, 0), expected, value));
  }

  @Override
  default void amocasW(Rv t, int rd, int rs1, int rs2, int aqrl) {
    compareAndSwap(t, 4, rd, rs1, rs2, aqrl);
  }

  @Override
  default void amocasD(Rv t, int rd, int rs1, int rs2, int aqrl) {
    compareAndSwap(t, 8, rd, rs1, rs2, aqrl);
  }

  /** Two registers as one value, the first the lower half; x0 stands for a pair of zeros. */
  private static Value pair(Rv t, int r) {
    var e = t.e();
    return r == 0
        ? e.constant(0)
        : e.or(e.widenUnsigned(t.w(r)), e.shl(e.widenUnsigned(t.w(r + 1)), 32));
  }

  @Override
  default void amocasDRv32(Rv t, int rd, int rs1, int rs2, int aqrl) {
    var e = t.e();
    Value old = e.cas(t.atomic(8, aqrl), t.address(rs1, 0), pair(t, rd), pair(t, rs2));
    if (rd != 0) {
      t.setX(rd, e.narrow(old));
      t.setX(rd + 1, e.narrow(e.shr(old, 32)));
    }
  }

  private static Value[] twoRegisters(Rv t, int r) {
    var e = t.e();
    return r == 0 ? new Value[] {e.constant(0), e.constant(0)} : new Value[] {t.x(r), t.x(r + 1)};
  }

  @Override
  default void amocasQ(Rv t, int rd, int rs1, int rs2, int aqrl) {
    Value[] old =
        t.e()
            .casPair(
                t.atomic(8, aqrl), t.address(rs1, 0), twoRegisters(t, rd), twoRegisters(t, rs2));
    if (rd != 0) {
      t.setX(rd, old[0]);
      t.setX(rd + 1, old[1]);
    }
  }
}
