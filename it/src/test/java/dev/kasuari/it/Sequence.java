package dev.kasuari.it;

import dev.kasuari.target.riscv.isa.RiscvDisassembler;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A sequence of instructions and what it starts from.
 *
 * @param seed remakes it
 * @param privilege the mode that it starts in: 0 user, 1 supervisor, 3 machine
 * @param csrs what CSRs start with, of those in {@link SequenceBatch#CSRS}
 * @param x integer registers
 * @param f floating-point registers
 * @param scratch the memory around {@link Word.Base#SCRATCH}
 * @param pages the sequence's own pages, from {@link Word.Base#PAGES} on; each has 512 words or
 *     fewer, the rest being zero
 * @param returning whether a trap outside of the code returns to {@code ra}; else it is the end
 * @param nudge bytes by which the first instruction lies after {@link Word.Base#CODE}, even
 * @param code the instructions, each of two or four bytes
 */
record Sequence(
    long seed,
    int privilege,
    Map<Integer, Word> csrs,
    List<Word> x,
    List<Long> f,
    List<Long> scratch,
    List<List<Word>> pages,
    boolean returning,
    int nudge,
    List<Integer> code) {
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
        seed, privilege, csrs, x, f, scratch, pages, returning, nudge, List.copyOf(changed));
  }

  /** The instructions as text, a line each; what does nothing is left out. */
  String disassembly(long address, long features) {
    var text = new StringBuilder();
    long pc = address;
    for (int instruction : code) {
      if (instruction != NOP && instruction != SHORT_NOP) {
        boolean wide = length(instruction) == 4;
        String bits = (wide ? "%08x" : "%04x").formatted(wide ? instruction : instruction & 0xffff);
        String shown = RiscvDisassembler.disassemble(pc, instruction, features, true);
        text.append("  %08x  %8s  %s%n".formatted(pc, bits, shown));
      }
      pc += length(instruction);
    }
    return text.toString();
  }
}
