package dev.kasuari.target.riscv.translate;

import dev.kasuari.target.riscv.cpu.Csr;
import dev.kasuari.target.riscv.cpu.RiscvMode;
import dev.kasuari.target.riscv.cpu.RiscvState;
import dev.kasuari.tcg.ir.Block;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.Emitter;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Value;
import org.jspecify.annotations.Nullable;

/**
 * The CSR instructions that need no call: registers that only store, the status where it is read,
 * and the bits of it that mask interrupts. For 64-bit registers.
 */
final class InlineCsr {
  private static final int SSTATUS = 0x100;
  private static final int MSTATUS = 0x300;

  private InlineCsr() {}

  /**
   * Emits an instruction if it can.
   *
   * @param op as {@link RvSystem#SWAP} and the others
   * @param mask the immediate operand, or −1 if the operand is a register
   * @return whether it did; if not, nothing was emitted
   */
  static boolean emit(Rv t, int op, int rd, int number, Value operand, int mask, boolean write) {
    Csr csr = t.cpu().csr(number);
    if (csr == null
        || t.xlen() != 64
        || RiscvMode.privilege(t.mode()) < csr.privilege()
        || (write && csr.readOnly())) {
      return false;
    }
    Csr.Storage storage = csr.storage();
    if (storage != null) {
      store(t, op, rd, storage, write ? operand : null);
      return true;
    }
    if (number != SSTATUS && number != MSTATUS) {
      return false;
    }
    boolean masks = op != RvSystem.SWAP && mask >= 0 && (mask & ~RiscvState.MSTATUS_MASKS) == 0;
    if (write && !(masks && (mask & ~t.cpu().statusBits(number)) == 0)) {
      return false;
    }
    status(t, op, rd, number, write ? mask : 0);
    return true;
  }

  private static void store(Rv t, int op, int rd, Csr.Storage storage, @Nullable Value operand) {
    Emitter e = t.e();
    Value old = e.get(storage.field());
    if (operand != null) {
      Value next =
          switch (op) {
            case RvSystem.SWAP -> operand;
            case RvSystem.SET -> e.or(old, operand);
            default -> e.binary(Op.ANDC, old, operand);
          };
      e.set(storage.field(), storage.writable() == -1 ? next : e.and(next, storage.writable()));
    }
    t.setX(rd, old);
  }

  private static void status(Rv t, int op, int rd, int number, int mask) {
    Emitter e = t.e();
    Value old = e.get(RiscvState.MSTATUS);
    if (rd != 0) {
      Value visible = e.and(old, t.cpu().statusBits(number));
      Value fs = e.and(old, RiscvState.MSTATUS_FS_DIRTY);
      Value dirty = e.setcond(Cond.EQ, fs, RiscvState.MSTATUS_FS_DIRTY);
      t.setX(rd, e.or(visible, e.shl(dirty, 63)));
    }
    if (mask == 0) {
      return;
    }
    if (op == RvSystem.CLEAR) {
      e.set(RiscvState.MSTATUS, e.and(old, ~(long) mask));
    } else {
      e.set(RiscvState.MSTATUS, e.or(old, mask));
      lookForInterrupts(t);
    }
  }

  /** On to the next instruction; by way of the loop if an interrupt may have become possible. */
  private static void lookForInterrupts(Rv t) {
    Emitter e = t.e();
    Value pending = e.or(e.get(RiscvState.MIP), e.get(RiscvState.MIP_INPUTS));
    Value ready = e.and(pending, e.get(RiscvState.MIE));
    Block none = e.block();
    Block some = e.block();
    e.brcond(Cond.EQ, ready, e.constant(0), none, some);
    e.bind(none);
    t.translation().goTo(t.translation().nextDelta(), 0);
    e.bind(some);
    t.exitToNext(ExitReason.LOOKUP);
  }
}
