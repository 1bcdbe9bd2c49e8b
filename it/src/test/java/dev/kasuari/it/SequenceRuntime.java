package dev.kasuari.it;

import static dev.kasuari.target.riscv.asm.Reg.*;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.*;

import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.asm.Label;

/**
 * The program around sequences, in M-mode: it starts each from its block, records its traps, and
 * keeps what it leaves.
 *
 * <p>While a sequence runs, {@code mscratch} holds its block's address and {@code sscratch} the bit
 * of {@code mstatus.MPRV}, which the handler has to clear before it can touch memory. A trap that
 * is delegated comes in through the {@code ecall} of the supervisor's handler, is recorded in its
 * own terms, and goes back through the {@code sret} there. Each entry of the supervisor's vector
 * has such a pair, and the record says which it was.
 */
final class SequenceRuntime {
  private static final int MSTATUS_FS = 3 << 13;
  private static final int MPRV = 1 << 17;
  private static final int INTERRUPTS = 16;

  /** Bytes of a call and the return behind it. */
  private static final int PAIR = 8;

  /**
   * Where a record's status has the entry of the supervisor's vector, in units of a pair. With XLEN
   * 32 there is no room, and nothing is delegated.
   */
  private static final int ENTRY_SHIFT = 40;

  private static final int LAST_FETCH_FAULT = 1;
  private static final int FETCH_PAGE_FAULT = 12;

  private static final int FCSR = 0x003;
  private static final int SSCRATCH = 0x140;
  private static final int SEPC = 0x141;
  private static final int SCAUSE = 0x142;
  private static final int STVAL = 0x143;
  private static final int MSTATUS = 0x300;
  private static final int MIE = 0x304;
  private static final int MSCRATCH = 0x340;
  private static final int MEPC = 0x341;
  private static final int MCAUSE = 0x342;
  private static final int MTVAL = 0x343;

  /** Registers that the handler uses, as {@link Block#SAVED} keeps them. */
  private static final int[] TEMPORARIES = {T1, T2, T3, T4, T5};

  private static final int SAVED_STATUS = Block.SAVED + 8 * TEMPORARIES.length;
  private static final int RECORDED_STATUS = SAVED_STATUS + 8;

  private final boolean rv32;
  private final Assembler a;
  private final Label progress;
  private final Label done;
  private final Label handler;
  private final Label machineHandler;
  private final Label supervisorHandler;
  private final Label supervisorCalls;
  private final byte[] code;

  /**
   * Assembles it.
   *
   * @param firstBlock address of the first block
   * @param stride bytes from one to the next
   * @param count how many there are
   * @param xlen width of integer registers; with 32, only the lower half of each word is used
   */
  SequenceRuntime(long firstBlock, int stride, int count, int xlen) {
    rv32 = xlen == 32;
    a = new Assembler(xlen);
    progress = a.label("progress");
    done = a.label("done");
    handler = a.label("handler");
    machineHandler = a.label("machine handler");
    supervisorHandler = a.label("supervisor handler");
    supervisorCalls = a.label("supervisor calls");
    var begin = a.label("begin");
    a.j(begin);
    a.align(8);
    a.bind(progress);
    a.dword(firstBlock);
    a.align(4 * INTERRUPTS);
    a.bind(machineHandler);
    for (int i = 0; i < INTERRUPTS; i++) {
      a.j(handler);
    }
    supervisorVectors();
    a.bind(begin);
    // The machine timer never comes.
    a.li(T0, Program.MTIMECMP);
    a.li(T1, -1);
    a.i(sw(T0, T1, 0), sw(T0, T1, 4));
    Label next = a.here("next");
    a.la(T0, progress);
    a.i(load(T6, T0, 0));
    a.li(T1, firstBlock + (long) stride * count);
    a.to(done, d -> beq(T6, T1, d));
    enter();
    a.align(4);
    a.bind(handler);
    handle();
    leave();
    a.la(T0, progress);
    a.li(T1, stride);
    a.i(add(T6, T6, T1), store(T0, T6, 0));
    a.j(next);
    a.bind(done);
    a.li(T0, Program.FINISHER);
    a.i(sw(T0, ZERO, 0));
    a.j(a.here("finished"));
    code = a.assemble();
  }

  private int load(int rd, int base, int offset) {
    return rv32 ? lw(rd, base, offset) : ld(rd, base, offset);
  }

  private int store(int base, int value, int offset) {
    return rv32 ? sw(base, value, offset) : sd(base, value, offset);
  }

  /** Gives up the reservation. */
  private int release() {
    return rv32 ? scW(ZERO, T6, ZERO, 0) : scD(ZERO, T6, ZERO, 0);
  }

  byte[] code() {
    return code;
  }

  long doneAddress() {
    return Program.BASE + done.offset();
  }

  long progressAddress() {
    return Program.BASE + progress.offset();
  }

  /** For {@code stvec}: aligned, with an entry for each interrupt. */
  long supervisorHandlerAddress() {
    return Program.BASE + supervisorHandler.offset();
  }

  /** For {@code mtvec}, in the same way. */
  long machineHandlerAddress() {
    return Program.BASE + machineHandler.offset();
  }

  /** Entry {@code i} leads to the pair at {@code supervisorCalls + 8 * i}. */
  private void supervisorVectors() {
    a.align(4 * INTERRUPTS);
    a.bind(supervisorHandler);
    for (int i = 0; i < INTERRUPTS; i++) {
      a.i(jal(ZERO, 4 * (INTERRUPTS - i) + PAIR * i));
    }
    a.bind(supervisorCalls);
    for (int i = 0; i < INTERRUPTS; i++) {
      a.i(ecall(), sret());
    }
  }

  /** Starts the sequence of the block at {@code t6}. */
  private void enter() {
    a.i(csrrw(ZERO, MSCRATCH, T6));
    a.i(lui(T0, MPRV), csrrw(ZERO, SSCRATCH, T0));
    a.i(load(T0, T6, Block.ENTRY), csrrw(ZERO, MEPC, T0));
    a.li(T0, MSTATUS_FS);
    a.i(csrrs(ZERO, MSTATUS, T0));
    for (int i = 0; i < 32; i++) {
      a.i(fld(i, T6, Block.F + 8 * i));
    }
    a.i(load(T0, T6, Block.FCSR), csrrw(ZERO, FCSR, T0));
    // No reservation is left from the sequence before.
    a.i(release());
    for (int i = 0; i < SequenceBatch.CSRS.size(); i++) {
      a.i(load(T0, T6, Block.CSRS + 8 * i), csrrw(ZERO, SequenceBatch.CSRS.get(i), T0));
    }
    a.i(sfenceVma(ZERO, ZERO));
    for (int i = 1; i < 32; i++) {
      a.i(load(i, T6, Block.X + 8 * i));
    }
    a.i(mret());
  }

  /** Records a trap and goes on behind it, or falls through at the end of the sequence. */
  private void handle() {
    var leave = a.label("leave");
    var own = a.label("own");
    var resume = a.label("resume");
    var resumeOwn = a.label("resume own");
    save();
    a.i(csrrs(T1, MCAUSE, ZERO), csrrs(T2, MEPC, ZERO), csrrs(T5, MTVAL, ZERO));
    delegation(own);
    a.i(slli(T3, T3, rv32 ? 0 : ENTRY_SHIFT - 3), load(T4, T6, SAVED_STATUS), add(T4, T4, T3));
    a.i(store(T6, T4, RECORDED_STATUS));
    a.i(csrrs(T1, SCAUSE, ZERO), csrrs(T2, SEPC, ZERO), csrrs(T5, STVAL, ZERO));
    a.bind(own);
    a.i(load(T4, T6, Block.END));
    a.to(leave, d -> beq(T2, T4, d));
    record(leave);
    // A trap may or may not take the reservation (privileged, section 3.3.2).
    a.i(release());
    findNext(resume, leave);
    a.bind(resume);
    a.i(addi(T1, T2, 0), csrrs(T2, MEPC, ZERO));
    delegation(resumeOwn);
    a.i(csrrw(ZERO, SEPC, T1), addi(T1, T2, 4));
    a.bind(resumeOwn);
    a.i(csrrw(ZERO, MEPC, T1));
    restore();
    a.i(mret());
    a.bind(leave);
  }

  /**
   * Finds where in the supervisor's calls {@code t2} is, as {@code t3}; goes to {@code otherwise}
   * if it is at none of them. Changes {@code t4}.
   */
  private void delegation(Label otherwise) {
    a.la(T4, supervisorCalls);
    a.i(sub(T3, T2, T4), andi(T4, T3, PAIR - 1));
    a.to(otherwise, d -> bne(T4, ZERO, d));
    a.i(sltiu(T4, T3, PAIR * INTERRUPTS));
    a.to(otherwise, d -> beq(T4, ZERO, d));
  }

  /** Saves the temporaries; {@code t6} becomes the block's address, and memory is in reach. */
  private void save() {
    a.i(csrrw(T6, MSCRATCH, T6), csrrw(T5, SSCRATCH, T5), csrrc(T5, MSTATUS, T5));
    for (int i = 0; i < TEMPORARIES.length - 1; i++) {
      a.i(store(T6, TEMPORARIES[i], Block.SAVED + 8 * i));
    }
    a.i(store(T6, T5, SAVED_STATUS), store(T6, T5, RECORDED_STATUS));
    a.i(csrrs(T5, SSCRATCH, ZERO), store(T6, T5, SAVED_STATUS - 8));
  }

  /** Restores the temporaries and MPRV, in an order that needs no memory in the end. */
  private void restore() {
    a.i(load(T5, T6, SAVED_STATUS - 8), csrrw(ZERO, SSCRATCH, T5));
    a.i(load(T5, T6, SAVED_STATUS), lui(T1, MPRV), and(T5, T5, T1));
    for (int i = 0; i < TEMPORARIES.length - 1; i++) {
      a.i(load(TEMPORARIES[i], T6, Block.SAVED + 8 * i));
    }
    a.i(csrrs(ZERO, MSTATUS, T5), lui(T5, MPRV), csrrw(T5, SSCRATCH, T5));
    a.i(csrrw(T6, MSCRATCH, T6));
  }

  /** Adds a record: cause in {@code t1}, pc in {@code t2}, value in {@code t5}. */
  private void record(Label full) {
    int log = Block.RESULT + Outcome.TRAP_LOG;
    int traps = Block.RESULT + Outcome.TRAPS;
    a.i(load(T4, T6, traps), slli(T3, T4, 5), add(T3, T3, T6));
    a.i(store(T3, T1, log), store(T3, T2, log + 8), store(T3, T5, log + 16));
    a.i(load(T5, T6, RECORDED_STATUS), store(T3, T5, log + 24));
    a.i(addi(T4, T4, 1), store(T6, T4, traps), addi(T3, ZERO, Outcome.TRAPS_MOST));
    a.to(full, d -> beq(T4, T3, d));
  }

  /** Puts into {@code t2} where to go on after a trap with cause {@code t1} at {@code t2}. */
  private void findNext(Label found, Label none) {
    var outside = a.label("outside");
    var exception = a.label("exception");
    a.to(exception, d -> bge(T1, ZERO, d));
    a.i(csrrw(ZERO, MIE, ZERO));
    a.j(found);
    a.bind(exception);
    a.i(addi(T3, ZERO, LAST_FETCH_FAULT));
    a.to(outside, d -> bgeu(T3, T1, d));
    a.i(addi(T3, ZERO, FETCH_PAGE_FAULT));
    a.to(outside, d -> beq(T1, T3, d));
    a.i(load(T3, T6, Block.ENTRY));
    a.to(outside, d -> bltu(T2, T3, d));
    a.i(load(T3, T6, Block.END));
    a.to(outside, d -> bgeu(T2, T3, d));
    a.i(lhu(T4, T2, 0), andi(T4, T4, 3), addi(T4, T4, -3), addi(T2, T2, 2));
    a.to(found, d -> bne(T4, ZERO, d));
    a.i(addi(T2, T2, 2));
    a.j(found);
    a.bind(outside);
    a.i(load(T3, T6, Block.RETURNING), andi(T2, RA, -2));
    a.to(none, d -> beq(T3, ZERO, d));
  }

  /** Keeps the registers in the block at {@code t6}, after {@link #save}. */
  private void leave() {
    for (int i = 1; i < T6; i++) {
      a.i(store(T6, i, Block.RESULT + Outcome.X + 8 * i));
    }
    for (int i = 0; i < TEMPORARIES.length; i++) {
      a.i(load(T0, T6, Block.SAVED + 8 * i));
      a.i(store(T6, T0, Block.RESULT + Outcome.X + 8 * TEMPORARIES[i]));
    }
    a.i(csrrs(T0, MSCRATCH, ZERO), store(T6, T0, Block.RESULT + Outcome.X + 8 * T6));
    a.i(csrrs(T0, MEPC, ZERO), store(T6, T0, Block.RESULT + Outcome.PC));
    int csrs = Block.RESULT + Outcome.CSRS;
    a.i(addi(T1, T6, csrs));
    for (int i = 0; i < SequenceBatch.CSRS.size(); i++) {
      int csr = SequenceBatch.CSRS.get(i);
      a.i(csr == MSTATUS ? load(T0, T6, SAVED_STATUS) : csrrs(T0, csr, ZERO), store(T1, T0, 8 * i));
    }
    a.i(csrrw(ZERO, MIE, ZERO));
    a.li(T0, MSTATUS_FS);
    a.i(csrrs(ZERO, MSTATUS, T0));
    for (int i = 0; i < 32; i++) {
      a.i(fsd(T6, i, Block.RESULT + Outcome.F + 8 * i));
    }
    a.i(csrrs(T0, FCSR, ZERO), store(T6, T0, Block.RESULT + Outcome.FCSR));
  }
}
