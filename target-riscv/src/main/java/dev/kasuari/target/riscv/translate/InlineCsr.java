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
    if (write && mask < 0 && op != RvSystem.SWAP) {
      maybeMasks(t, op, rd, number, operand);
      return true;
    }
    boolean masks = op != RvSystem.SWAP && mask >= 0 && (mask & ~RiscvState.MSTATUS_MASKS) == 0;
    if (write && !(masks && (mask & ~t.cpu().statusBits(number)) == 0)) {
      return false;
    }
    Value old = t.e().get(RiscvState.MSTATUS);
    read(t, rd, number, old);
    if (write) {
      change(t, op, old, t.e().constant(mask));
    }
    return true;
  }

  /**
   * A register says which bits: a call unless they are only those that mask interrupts, as where a
   * kernel puts back what it found.
   */
  private static void maybeMasks(Rv t, int op, int rd, int number, Value operand) {
    Emitter e = t.e();
    Value old = e.get(RiscvState.MSTATUS);
    Value bits = e.and(operand, t.cpu().statusBits(number));
    Value changes = op == RvSystem.SET ? e.binary(Op.ANDC, bits, old) : e.and(bits, old);
    Block more = e.block();
    Block masks = e.block();
    e.brcond(Cond.TSTNE, changes, e.constant(~RiscvState.MSTATUS_MASKS), more, masks);
    e.bind(masks);
    read(t, rd, number, old);
    change(t, op, old, changes);
    if (e.open()) {
      t.translation().goTo(t.translation().nextDelta(), 0);
    }
    e.bind(more);
    RvSystem.callCsr(t, op, rd, number, operand, true);
    t.translation().end();
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

  private static void read(Rv t, int rd, int number, Value old) {
    Emitter e = t.e();
    if (rd != 0) {
      Value visible = e.and(old, t.cpu().statusBits(number));
      Value fs = e.and(old, RiscvState.MSTATUS_FS_DIRTY);
      Value dirty = e.setcond(Cond.EQ, fs, RiscvState.MSTATUS_FS_DIRTY);
      t.setX(rd, e.or(visible, e.shl(dirty, 63)));
    }
  }

  private static void change(Rv t, int op, Value old, Value mask) {
    Emitter e = t.e();
    if (op == RvSystem.CLEAR) {
      e.set(RiscvState.MSTATUS, e.binary(Op.ANDC, old, mask));
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
