package dev.kasuari.it;

import dev.kasuari.target.riscv.cpu.TrapCause;
import java.util.ArrayList;
import java.util.List;

/** What a sequence left: registers and traps, laid out as the constants say, and its memory. */
final class Outcome {
  /** Traps that are recorded; the last of them ends the sequence. */
  static final int TRAPS_MOST = 8;

  static final int TRAPS = 0;

  /** Each: cause, pc, value, mstatus. */
  static final int TRAP_LOG = 8;

  static final int X = TRAP_LOG + TRAPS_MOST * 32;
  static final int F = X + 32 * 8;
  static final int FCSR = F + 32 * 8;
  static final int STATUS = FCSR + 8;
  static final int PC = STATUS + 8;

  /** {@code sscratch}, {@code stvec}, {@code scause}, {@code stval}. */
  static final int KEPT = PC + 8;

  static final int SIZE = KEPT + 4 * 8;

  private static final List<String> TRAP_FIELDS = List.of("cause", "pc", "value", "mstatus");
  private static final List<String> SUPERVISOR = List.of("sscratch", "stvec", "scause", "stval");

  private final byte[] block;
  private final byte[] scratch;

  Outcome(byte[] block, byte[] scratch) {
    this.block = block;
    this.scratch = scratch;
  }

  /** The words that differ and may not: name, this, other. */
  List<String> differences(Outcome other, Allowance allowance) {
    List<String> differences = new ArrayList<>();
    for (int at = 0; at < SIZE; at += 8) {
      long mine = Bytes.getLong(block, at);
      long others = Bytes.getLong(other.block, at);
      if (mine != others && !allowed(at, mine, others, allowance)) {
        note(differences, name(at), mine, others);
      }
    }
    for (int at = 0; at < scratch.length; at += 8) {
      long mine = Bytes.getLong(scratch, at);
      long others = Bytes.getLong(other.scratch, at);
      if (mine != others) {
        note(differences, "memory[%+d]".formatted(at - Sequence.SCRATCH_HALF), mine, others);
      }
    }
    return differences;
  }

  private boolean allowed(int at, long mine, long others, Allowance allowance) {
    if (at < TRAP_LOG || at >= X) {
      return allowance.allows(name(at), 0, mine, others);
    }
    int trap = at - (at - TRAP_LOG) % 32;
    String field = TRAP_FIELDS.get((at - trap) / 8);
    boolean atBreakpoint = Bytes.getLong(block, trap) == TrapCause.BREAKPOINT;
    // Zero or the address, as the implementation likes (privileged, section 3.1.16).
    return (field.equals("value") && atBreakpoint && (mine == 0 || others == 0))
        || allowance.allows(field, Bytes.getLong(block, trap + 8), mine, others);
  }

  private static void note(List<String> differences, String name, long mine, long others) {
    differences.add("%-16s %016x %016x".formatted(name, mine, others));
  }

  private static String name(int at) {
    if (at == TRAPS) {
      return "traps";
    }
    if (at < X) {
      int i = at - TRAP_LOG;
      return "trap" + i / 32 + "." + TRAP_FIELDS.get(i % 32 / 8);
    }
    if (at < F) {
      return "x" + (at - X) / 8;
    }
    if (at < FCSR) {
      return "f" + (at - F) / 8;
    }
    return switch (at) {
      case FCSR -> "fcsr";
      case STATUS -> "mstatus";
      case PC -> "pc";
      default -> SUPERVISOR.get((at - KEPT) / 8);
    };
  }
}
