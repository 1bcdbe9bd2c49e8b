package dev.kasuari.target.riscv.translate;

import static dev.kasuari.target.riscv.asm.Reg.*;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.*;
import static dev.kasuari.target.riscv.translate.MachineMode.*;

import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.MmioHandler;
import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.asm.Label;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import dev.kasuari.tcg.BackEnd;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Accesses around a boundary of two virtual pages, one after the other, and what each did: the
 * program for it, in M-mode with the data accesses of S-mode, and its results.
 */
final class AccessProgram {
  /** The second of the two virtual pages. */
  static final long BOUNDARY = 0x4000_1000L;

  /** Physical addresses of the two pages of RAM, which are apart. */
  static final long FIRST = BareMetal.RAM + 0x60_0000;

  static final long SECOND = BareMetal.RAM + 0x63_0000;
  static final long DEVICE = 0x1000_0000L;

  /** The last eight bytes of the first page, and the first of the second. */
  static final long BEFORE = 0x8877_6655_4433_2211L;

  static final long BEHIND = 0xf1e2_d3c4_b5a6_9788L;

  /** What registers hold before. */
  static final long MARK = 0x7777;

  static final long FLOAT_MARK = 0x4009_21fb_5444_2d18L;
  static final long STORED = 0xa1b2_c3d4_e5f6_0718L;
  static final int ECALL = 11;

  private static final int MPRV = 1 << 17;
  private static final int SUPERVISOR = 1 << 11;
  private static final int MPP = 3 << 11;
  private static final int FS = 1 << 13;
  private static final int ROOT = 0x50_0000;
  private static final int RESULTS = 0x40_0000;
  private static final int RESULT_WORDS = 9;

  /** Bits of a page table entry: V, R, W, A, D. */
  static final int READ = 0x43;

  static final int READ_CLEAN_WRITE = 0x47;
  static final int READ_WRITE = 0xc7;

  /**
   * An access.
   *
   * @param address virtual
   * @param warm whether the pages were accessed before, as far as they can be
   */
  record Case(AccessForm form, long address, boolean warm) {
    @Override
    public String toString() {
      return "%s at 0x%x%s".formatted(form, address, warm ? ", warm" : "");
    }
  }

  /**
   * What it did.
   *
   * @param pc distance of the exception's address from the access
   * @param retired instructions since the access before
   * @param before the end of the first page
   * @param behind the start of the second
   */
  record Outcome(
      long cause,
      long value,
      long pc,
      long register,
      long floating,
      long retired,
      long before,
      long behind) {}

  private final Assembler a = new Assembler();
  private final List<Case> cases = new ArrayList<>();
  private final List<Integer> accesses = new ArrayList<>();
  private final long firstEntry;
  private final long secondEntry;

  /**
   * @param firstEntry the first page's entry, 0 for none
   * @param secondEntry the second page's
   */
  AccessProgram(long firstEntry, long secondEntry) {
    this.firstEntry = firstEntry;
    this.secondEntry = secondEntry;
    Label start = a.label("start");
    a.j(start);
    a.align(4);
    Label handler = a.here("handler");
    handle();
    a.bind(start);
    begin(handler);
  }

  /** The entry of a page at a physical address. */
  static long entry(long physical, int flags) {
    return physical >> 2 | flags;
  }

  private void begin(Label handler) {
    trapTo(a, handler);
    openMemory(a);
    set(a, MENVCFG, 0xf0);
    a.li(T0, FS);
    a.i(csrrs(0, MSTATUS, T0));
    set(a, SATP, 8L << 60 | (BareMetal.RAM + ROOT) >> 12);
    a.li(S9, MPRV | MPP);
    a.li(S3, MPRV | SUPERVISOR);
    a.li(S11, BareMetal.RAM + RESULTS);
    a.li(S6, FIRST + 4096 - 8);
    a.li(S7, SECOND);
    a.li(S4, BEFORE);
    a.li(S5, BEHIND);
    a.li(S2, FLOAT_MARK);
    a.li(AccessForm.VALUE, STORED);
    a.i(fmvDX(AccessForm.VALUE, AccessForm.VALUE));
    a.i(sd(S6, S4, 0), sd(S7, S5, 0));
  }

  /** Records, repairs, and goes on at {@code s10}. */
  private void handle() {
    a.i(csrrc(0, MSTATUS, S9));
    a.i(csrrs(T0, MINSTRET, 0), sd(S11, T0, 40));
    int[] csrs = {MCAUSE, MTVAL, MEPC};
    for (int i = 0; i < csrs.length; i++) {
      a.i(csrrs(T0, csrs[i], 0), sd(S11, T0, 8 * i));
    }
    a.i(sd(S11, AccessForm.RESULT, 24), fsd(S11, AccessForm.RESULT, 32));
    a.i(ld(T0, S6, 0), sd(S11, T0, 48), ld(T0, S7, 0), sd(S11, T0, 56));
    a.i(sd(S6, S4, 0), sd(S7, S5, 0));
    a.i(addi(S11, S11, 8 * RESULT_WORDS), csrrw(0, MINSTRET, 0), jalr(0, S10, 0));
  }

  void add(Case each) {
    cases.add(each);
    Label next = a.label("next");
    a.la(S10, next);
    a.li(S0, each.address);
    a.mv(SP, S0);
    a.i(sfenceVma(0, 0));
    a.i(fmvDX(AccessForm.RESULT, S2));
    a.i(csrrs(0, MSTATUS, S3));
    if (each.warm) {
      warm(firstEntry, BOUNDARY - 8);
      warm(secondEntry, BOUNDARY);
    }
    a.li(AccessForm.RESULT, MARK);
    accesses.add(a.size());
    for (int instruction : each.form.instructions()) {
      if ((instruction & 3) == 3) {
        a.i(instruction);
      } else {
        a.c(instruction);
      }
    }
    a.i(ecall());
    a.bind(next);
  }

  private void warm(long entry, long address) {
    boolean memory = entry >> 10 != DEVICE >> 12;
    if ((entry & READ) == READ && memory) {
      a.li(T0, address);
      a.i(ld(T1, T0, 0));
      if ((entry & READ_WRITE) == READ_WRITE) {
        a.i(sd(T0, T1, 0));
      }
    }
  }

  List<Case> cases() {
    return cases;
  }

  /** Runs all of it; one outcome for each case. */
  List<Outcome> run(BackEnd backEnd, MmioHandler device) throws InterruptedException {
    Assembler program = a;
    int end = program.size();
    BareMetal.exit(program, 0);
    if (end > RESULTS) {
      throw new IllegalStateException("a program of " + end + " bytes");
    }
    try (var machine = new BareMetal(RiscvModel.max(), 1, program, backEnd)) {
      machine
          .machine()
          .locked(() ->
              machine.machine().root().add(DEVICE, MemoryRegion.mmio("device", 4096, device)));
      entry(machine, ROOT + 8, ROOT + 0x1000, 1);
      entry(machine, ROOT + 0x1000, ROOT + 0x2000, 1);
      machine.ram().put(ROOT + 0x2000, bytes(firstEntry));
      machine.ram().put(ROOT + 0x2000 + 8, bytes(secondEntry));
      machine.run();
      List<Outcome> outcomes = new ArrayList<>();
      for (int i = 0; i < cases.size(); i++) {
        outcomes.add(outcome(machine, i));
      }
      return outcomes;
    }
  }

  private static void entry(BareMetal machine, long at, int table, int flags) {
    machine.ram().put(at, bytes(entry(BareMetal.RAM + table, flags)));
  }

  private static byte[] bytes(long value) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
  }

  private Outcome outcome(BareMetal machine, int i) {
    int size = 8 * RESULT_WORDS;
    var result =
        ByteBuffer.wrap(machine.ram().get(RESULTS + (long) i * size, size))
            .order(ByteOrder.LITTLE_ENDIAN)
            .asLongBuffer();
    long pc = result.get(2) - BareMetal.RAM - accesses.get(i);
    return new Outcome(
        result.get(0),
        result.get(1),
        pc,
        result.get(3),
        result.get(4),
        result.get(5),
        result.get(6),
        result.get(7));
  }
}
