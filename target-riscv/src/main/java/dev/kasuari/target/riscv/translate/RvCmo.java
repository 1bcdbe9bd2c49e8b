package dev.kasuari.target.riscv.translate;

import dev.kasuari.machine.cpu.PageTranslation;
import dev.kasuari.machine.cpu.StateField;
import dev.kasuari.target.riscv.cpu.Privilege;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.target.riscv.cpu.RiscvMode;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import dev.kasuari.target.riscv.cpu.RiscvState;
import dev.kasuari.target.riscv.cpu.TrapCause;
import dev.kasuari.target.riscv.isa.RiscvFeatures;
import dev.kasuari.target.riscv.isa.RiscvInstructions;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.Helper;
import dev.kasuari.tcg.ir.Value;

/**
 * Zicbom, Zicbop and Zicboz. Memory is coherent here, so to manage a block is to be allowed to.
 * Source: unprivileged manual 20240411, chapter 19.
 */
interface RvCmo extends RiscvInstructions<Rv> {
  /** Arguments: {@code encoding << 32 | mmuIndex}, address, whether it is {@code cbo.inval}. */
  Helper MANAGE =
      new Helper() {
        @Override
        public String name() {
          return "cbo";
        }

        @Override
        public long call(Context context, long a, long address, long invalidating) {
          var cpu = (RiscvCpu) context.cpu();
          if (!cpu.cacheBlocksAllowed(invalidating != 0)) {
            context.raise(TrapCause.ILLEGAL_INSTRUCTION, a >>> 32);
            return 0;
          }
          var out = new PageTranslation();
          if (!cpu.reachCacheBlock(address, (int) a, out)) {
            context.raise(out.faultCause, out.faultValue);
          }
          return 0;
        }
      };

  private static void manage(Rv t, int rs1, boolean invalidating) {
    var e = t.e();
    long first = (long) t.encoding() << 32 | RiscvMode.dataMmuIndex(t.mode());
    e.call(MANAGE, e.constant(first), t.address(rs1, 0), e.constant(invalidating ? 1 : 0));
  }

  @Override
  default void cboInval(Rv t, int rs1) {
    manage(t, rs1, true);
  }

  @Override
  default void cboClean(Rv t, int rs1) {
    manage(t, rs1, false);
  }

  @Override
  default void cboFlush(Rv t, int rs1) {
    manage(t, rs1, false);
  }

  /** The instruction is illegal where a bit of {@code menvcfg} or {@code senvcfg} is clear. */
  private static void demand(Rv t, StateField environment, long bit) {
    var e = t.e();
    var illegal = e.block();
    var legal = e.block();
    e.brcond(Cond.TSTNE, e.get(environment), e.constant(bit), legal, illegal);
    e.bind(illegal);
    e.raise(TrapCause.ILLEGAL_INSTRUCTION, e.constant(Integer.toUnsignedLong(t.encoding())));
    e.bind(legal);
  }

  @Override
  default void cboZero(Rv t, int rs1) {
    int privilege = RiscvMode.privilege(t.mode());
    if (privilege != Privilege.MACHINE) {
      demand(t, RiscvState.MENVCFG, RiscvState.ENVCFG_CBZE);
    }
    if (privilege == Privilege.USER && t.has(RiscvFeatures.S)) {
      demand(t, RiscvState.SENVCFG, RiscvState.ENVCFG_CBZE);
    }
    var e = t.e();
    Value address = t.address(rs1, 0);
    // A page's fault names this address, not the block's; and then it is all or nothing.
    e.probe(t.mem(1).write(), address);
    Value block = e.and(address, -RiscvModel.CACHE_BLOCK);
    e.probe(t.mem(RiscvModel.CACHE_BLOCK).write(), block);
    for (int at = 0; at < RiscvModel.CACHE_BLOCK; at += 8) {
      e.store(t.mem(8), at == 0 ? block : e.add(block, at), e.constant(0));
    }
  }

  /** A hint, which does nothing. */
  @Override
  default void prefetchI(Rv t, int rs1, int imm) {}

  @Override
  default void prefetchR(Rv t, int rs1, int imm) {}

  @Override
  default void prefetchW(Rv t, int rs1, int imm) {}
}
