package dev.kasuari.it;

import dev.kasuari.target.riscv.isa.RiscvDisassembler;
import java.util.ArrayList;
import java.util.List;

/**
 * A sequence of instructions and what it starts from.
 *
 * @param seed remakes it
 * @param privilege the mode that it runs in: 0 user, 3 machine
 * @param mstatus the bits of {@code mstatus.FS}
 * @param fcsr rounding mode and flags
 * @param x integer registers; those of {@code bases} are relative to that address
 * @param bases what an integer register is relative to
 * @param f floating-point registers
 * @param scratch the memory around {@link Base#SCRATCH}
 * @param nudge bytes by which the first instruction lies after a multiple of 4096, even
 * @param code the instructions, each of two or four bytes
 */
record Sequence(
    long seed,
    int privilege,
    long mstatus,
    long fcsr,
    List<Long> x,
    List<Base> bases,
    List<Long> f,
    List<Long> scratch,
    int nudge,
    List<Integer> code) {

  /** What a register's initial value is relative to, as sequences lie at different places. */
  enum Base {
    ZERO,
    /** The first instruction. */
    CODE,
    /** A page boundary with {@link #SCRATCH_HALF} bytes of memory on either side. */
    SCRATCH
  }

  /** Bytes of scratch memory before the page boundary, and after it. */
  static final int SCRATCH_HALF = 512;

  private static final int NOP = 0x13;
  private static final int SHORT_NOP = 1;

  static int length(int instruction) {
    return (instruction & 3) == 3 ? 4 : 2;
  }

  int bytes() {
    return code.stream().mapToInt(Sequence::length).sum();
  }

  /** The same with nothing done after {@code count} instructions. */
  Sequence prefix(int count) {
    List<Integer> shorter = new ArrayList<>(code);
    for (int i = count; i < shorter.size(); i++) {
      shorter.set(i, length(shorter.get(i)) == 4 ? NOP : SHORT_NOP);
    }
    return withCode(shorter);
  }

  /** The same without one instruction. */
  Sequence without(int index) {
    List<Integer> changed = new ArrayList<>(code);
    changed.set(index, length(changed.get(index)) == 4 ? NOP : SHORT_NOP);
    return withCode(changed);
  }

  private Sequence withCode(List<Integer> changed) {
    return new Sequence(
        seed, privilege, mstatus, fcsr, x, bases, f, scratch, nudge, List.copyOf(changed));
  }

  /** The instructions as text, a line each; what does nothing is left out. */
  String disassembly(long address, long features) {
    var text = new StringBuilder();
    long pc = address;
    for (int instruction : code) {
      if (instruction != NOP && instruction != SHORT_NOP) {
        text.append(
            "  %08x  %8s  %s%n"
                .formatted(
                    pc,
                    length(instruction) == 4
                        ? "%08x".formatted(instruction)
                        : "%04x".formatted(instruction & 0xffff),
                    RiscvDisassembler.disassemble(pc, instruction, features, true)));
      }
      pc += length(instruction);
    }
    return text.toString();
  }
}
