package dev.kasuari.it;

import static dev.kasuari.target.riscv.asm.Reg.*;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.*;

import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.asm.Label;
import java.util.ArrayList;
import java.util.List;

/**
 * A program that runs sequences one after the other and keeps what each of them left.
 *
 * <p>Each sequence has a page of data: its scratch memory is the page's end and the beginning of
 * the next one; in between is a block that says what it starts from and takes what it ends with. A
 * sequence ends with an {@code ecall} behind its last instruction; other traps are recorded, and
 * skipped if there is something to skip. {@code mscratch} holds the block's address meanwhile.
 */
final class SequenceBatch {
  private static final int PAGE = 4096;

  /** Where code of sequences begins. */
  private static final long CODE = Program.BASE + 0x10_0000;

  private static final long PMP_ALL = 0x1f;
  private static final int SSIP = 2;
  private static final int MSTATUS_FS = 3 << 13;

  // The block, from the start of a sequence's page on.
  private static final int BLOCK = Sequence.SCRATCH_HALF;
  private static final int ENTRY = 0;
  private static final int END = 8;
  private static final int STATUS = 16;
  private static final int FCSR = 24;
  private static final int MIE = 32;
  private static final int X = 40;
  private static final int F = X + 32 * 8;
  private static final int SAVED = F + 32 * 8;
  static final int RESULT = SAVED + 4 * 8;
  private static final int BLOCK_SIZE = RESULT + Outcome.SIZE;

  // CSRs.
  private static final int FCSR_NUMBER = 0x003;
  private static final int[] KEPT = {0x140, 0x105, 0x142, 0x143};
  private static final int MSTATUS = 0x300;
  private static final int MEDELEG = 0x302;
  private static final int MIDELEG = 0x303;
  private static final int MIE_NUMBER = 0x304;
  private static final int MTVEC = 0x305;
  private static final int MCOUNTEREN = 0x306;
  private static final int MSCRATCH = 0x340;
  private static final int MEPC = 0x341;
  private static final int MCAUSE = 0x342;
  private static final int MTVAL = 0x343;
  private static final int MIP = 0x344;
  private static final int PMPCFG0 = 0x3a0;
  private static final int PMPADDR0 = 0x3b0;

  private final List<Sequence> sequences;
  private final long[] codeAddresses;
  private final long dataAddress;
  private final Program program;

  SequenceBatch(List<Sequence> sequences) {
    this.sequences = List.copyOf(sequences);
    codeAddresses = new long[sequences.size()];
    long at = CODE;
    for (int i = 0; i < codeAddresses.length; i++) {
      codeAddresses[i] = at + sequences.get(i).nudge();
      long end = codeAddresses[i] + sequences.get(i).bytes() + 4;
      at = (end + PAGE - 1) & -PAGE;
    }
    dataAddress = at;
    program = build();
  }

  Program program() {
    return program;
  }

  long codeAddress(int index) {
    return codeAddresses[index];
  }

  long codeStart() {
    return CODE;
  }

  long codeEnd() {
    return dataAddress;
  }

  /** Address of the page boundary in the middle of a sequence's scratch memory. */
  private long scratch(int index) {
    return dataAddress + (index + 1L) * PAGE;
  }

  private long block(int index) {
    return dataAddress + (long) index * PAGE + BLOCK;
  }

  /** What a sequence left, from the memory that a peer returned. */
  Outcome outcome(int index, List<byte[]> memory) {
    return new Outcome(memory.get(2 * index), memory.get(2 * index + 1));
  }

  // ---- building --------------------------------------------------------------------------------

  private Program build() {
    int size = (int) (scratch(sequences.size()) - Program.BASE);
    byte[] image = new byte[size];
    var a = new Assembler();
    var progress = a.label("progress");
    var done = a.label("done");
    runtime(a, progress, done);
    byte[] code = a.assemble();
    System.arraycopy(code, 0, image, 0, code.length);
    List<Extent> wanted = new ArrayList<>();
    for (int i = 0; i < sequences.size(); i++) {
      write(image, i);
      wanted.add(new Extent(block(i) + RESULT, Outcome.SIZE));
      wanted.add(new Extent(scratch(i) - Sequence.SCRATCH_HALF, 2 * Sequence.SCRATCH_HALF));
    }
    return new Program(
        image, Program.BASE + done.offset(), Program.BASE + progress.offset(), wanted);
  }

  private void write(byte[] image, int index) {
    Sequence sequence = sequences.get(index);
    int at = (int) (codeAddresses[index] - Program.BASE);
    for (int instruction : sequence.code()) {
      for (int b = 0; b < Sequence.length(instruction); b++) {
        image[at++] = (byte) (instruction >> (8 * b));
      }
    }
    long end = Program.BASE + at;
    Bytes.putLong(image, at, Bytes.getLong(image, at) | ecall());
    int block = (int) (block(index) - Program.BASE);
    Bytes.putLong(image, block + ENTRY, codeAddresses[index]);
    Bytes.putLong(image, block + END, end);
    Bytes.putLong(image, block + STATUS, sequence.mstatus() | (long) sequence.privilege() << 11);
    Bytes.putLong(image, block + FCSR, sequence.fcsr());
    // With an interrupt pending and enabled, but masked, wfi goes on at once.
    Bytes.putLong(image, block + MIE, sequence.privilege() == 3 ? SSIP : 0);
    for (int i = 0; i < 32; i++) {
      Bytes.putLong(image, block + X + 8 * i, start(index, i));
      Bytes.putLong(image, block + F + 8 * i, sequence.f().get(i));
    }
    int scratch = (int) (scratch(index) - Program.BASE) - Sequence.SCRATCH_HALF;
    for (int i = 0; i < sequence.scratch().size(); i++) {
      Bytes.putLong(image, scratch + 8 * i, sequence.scratch().get(i));
    }
  }

  /** The value that an integer register starts with. */
  long start(int index, int register) {
    Sequence sequence = sequences.get(index);
    long base =
        switch (sequence.bases().get(register)) {
          case ZERO -> 0;
          case CODE -> codeAddresses[index];
          case SCRATCH -> scratch(index);
        };
    return base + sequence.x().get(register);
  }

  private void runtime(Assembler a, Label progress, Label done) {
    var begin = a.label("begin");
    var handler = a.label("handler");
    a.j(begin);
    a.align(8);
    a.bind(progress);
    a.dword(dataAddress + BLOCK);
    a.bind(begin);
    setUp(a, handler);
    Label next = a.here("next");
    a.la(T0, progress);
    a.i(ld(T6, T0, 0));
    a.li(T1, block(sequences.size()));
    a.to(done, d -> beq(T6, T1, d));
    enter(a);
    a.align(4);
    a.bind(handler);
    handle(a);
    leave(a);
    a.la(T0, progress);
    a.li(T1, PAGE);
    a.i(add(T6, T6, T1), sd(T0, T6, 0));
    a.j(next);
    a.bind(done);
    a.li(T0, Program.FINISHER);
    a.i(sw(T0, ZERO, 0));
    a.j(a.here("finished"));
  }

  private static void setUp(Assembler a, Label handler) {
    a.la(T0, handler);
    a.i(csrrw(ZERO, MTVEC, T0), csrrw(ZERO, MEDELEG, ZERO), csrrw(ZERO, MIDELEG, ZERO));
    a.i(csrrw(ZERO, MCOUNTEREN, ZERO));
    a.li(T0, -1);
    a.i(csrrw(ZERO, PMPADDR0, T0));
    a.li(T0, PMP_ALL);
    a.i(csrrw(ZERO, PMPCFG0, T0), csrrsi(ZERO, MIP, SSIP));
  }

  /** Starts the sequence of the block at {@code t6}. */
  private static void enter(Assembler a) {
    a.i(csrrw(ZERO, MSCRATCH, T6));
    a.i(ld(T0, T6, ENTRY), csrrw(ZERO, MEPC, T0));
    a.i(ld(T0, T6, MIE), csrrw(ZERO, MIE_NUMBER, T0));
    a.li(T0, MSTATUS_FS);
    a.i(csrrs(ZERO, MSTATUS, T0));
    for (int i = 0; i < 32; i++) {
      a.i(fld(i, T6, F + 8 * i));
    }
    a.i(ld(T0, T6, FCSR), csrrw(ZERO, FCSR_NUMBER, T0));
    for (int csr : KEPT) {
      a.i(csrrw(ZERO, csr, ZERO));
    }
    a.i(scD(ZERO, T6, ZERO, 0));
    a.i(ld(T0, T6, STATUS), csrrw(ZERO, MSTATUS, T0));
    for (int i = 1; i < 32; i++) {
      a.i(ld(i, T6, X + 8 * i));
    }
    a.i(mret());
  }

  /** Records a trap and goes on behind it, or falls through at the end of the sequence. */
  private static void handle(Assembler a) {
    var leave = a.label("leave");
    var wide = a.label("wide");
    a.i(csrrw(T6, MSCRATCH, T6));
    a.i(sd(T6, T5, SAVED), sd(T6, T4, SAVED + 8), sd(T6, T3, SAVED + 16));
    a.i(csrrs(T5, MEPC, ZERO), ld(T4, T6, END));
    a.to(leave, d -> beq(T5, T4, d));
    a.i(ld(T4, T6, RESULT + Outcome.TRAPS), slli(T3, T4, 5), add(T3, T3, T6));
    a.i(sd(T3, T5, RESULT + Outcome.TRAP_LOG + 8));
    a.i(csrrs(T5, MTVAL, ZERO), sd(T3, T5, RESULT + Outcome.TRAP_LOG + 16));
    a.i(csrrs(T5, MSTATUS, ZERO), sd(T3, T5, RESULT + Outcome.TRAP_LOG + 24));
    a.i(csrrs(T5, MCAUSE, ZERO), sd(T3, T5, RESULT + Outcome.TRAP_LOG));
    a.i(addi(T4, T4, 1), sd(T6, T4, RESULT + Outcome.TRAPS));
    a.i(addi(T3, ZERO, Outcome.TRAPS_MOST));
    a.to(leave, d -> beq(T4, T3, d));
    // Interrupts, and faults of the fetch itself: there is nothing to skip.
    a.to(leave, d -> blt(T5, ZERO, d));
    a.i(addi(T3, ZERO, 1));
    a.to(leave, d -> bgeu(T3, T5, d));
    a.i(addi(T3, ZERO, 12));
    a.to(leave, d -> beq(T5, T3, d));
    // A trap may or may not take the reservation (privileged, section 3.3.2).
    a.i(scD(ZERO, T6, ZERO, 0));
    a.i(csrrs(T5, MEPC, ZERO), lhu(T4, T5, 0), andi(T4, T4, 3), addi(T4, T4, -3));
    a.i(addi(T5, T5, 2));
    a.to(wide, d -> bne(T4, ZERO, d));
    a.i(addi(T5, T5, 2));
    a.bind(wide);
    a.i(csrrw(ZERO, MEPC, T5));
    a.i(ld(T5, T6, SAVED), ld(T4, T6, SAVED + 8), ld(T3, T6, SAVED + 16));
    a.i(csrrw(T6, MSCRATCH, T6), mret());
    a.bind(leave);
  }

  /** Keeps the registers in the block at {@code t6}. */
  private static void leave(Assembler a) {
    for (int i = 1; i < T3; i++) {
      a.i(sd(T6, i, RESULT + Outcome.X + 8 * i));
    }
    for (int i = 0; i < 3; i++) {
      a.i(ld(T0, T6, SAVED + 8 * i), sd(T6, T0, RESULT + Outcome.X + 8 * (T5 - i)));
    }
    a.i(csrrs(T0, MSCRATCH, ZERO), sd(T6, T0, RESULT + Outcome.X + 8 * T6));
    a.i(csrrs(T0, MSTATUS, ZERO), sd(T6, T0, RESULT + Outcome.STATUS));
    a.i(csrrs(T0, MEPC, ZERO), sd(T6, T0, RESULT + Outcome.PC));
    for (int i = 0; i < KEPT.length; i++) {
      a.i(csrrs(T0, KEPT[i], ZERO), sd(T6, T0, RESULT + Outcome.KEPT + 8 * i));
    }
    a.li(T0, MSTATUS_FS);
    a.i(csrrs(ZERO, MSTATUS, T0));
    for (int i = 0; i < 32; i++) {
      a.i(fsd(T6, i, RESULT + Outcome.F + 8 * i));
    }
    a.i(csrrs(T0, FCSR_NUMBER, ZERO), sd(T6, T0, RESULT + Outcome.FCSR));
  }

  static {
    if (BLOCK_SIZE > 2048) {
      throw new AssertionError("the block is out of reach: " + BLOCK_SIZE);
    }
  }

  /** The sequences, for reports. */
  List<Sequence> sequences() {
    return sequences;
  }
}
