package dev.kasuari.it;

import static dev.kasuari.target.riscv.cpu.TrapCause.INSTRUCTION_ACCESS_FAULT;
import static dev.kasuari.target.riscv.cpu.TrapCause.INSTRUCTION_PAGE_FAULT;
import static dev.kasuari.target.riscv.cpu.TrapCause.LOAD_ACCESS_FAULT;
import static dev.kasuari.target.riscv.cpu.TrapCause.LOAD_PAGE_FAULT;
import static dev.kasuari.target.riscv.cpu.TrapCause.STORE_ACCESS_FAULT;
import static dev.kasuari.target.riscv.cpu.TrapCause.STORE_PAGE_FAULT;

import dev.kasuari.target.riscv.cpu.TrapCause;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;

/** What a sequence left: registers and traps, laid out as the constants say, and its memory. */
final class Outcome {
  /** Traps that are recorded; the last of them ends the sequence. */
  static final int TRAPS_MOST = 15;

  static final int TRAPS = 0;

  /** Each: cause, pc, value, mstatus. */
  static final int TRAP_LOG = 8;

  private static final int TRAP_SIZE = 32;
  static final int X = TRAP_LOG + TRAPS_MOST * TRAP_SIZE;
  static final int F = X + 32 * 8;
  static final int FCSR = F + 32 * 8;
  static final int PC = FCSR + 8;
  static final int CSRS = PC + 8;
  static final int SIZE = CSRS + SequenceBatch.CSRS.size() * 8;

  private static final List<String> TRAP_FIELDS = List.of("cause", "pc", "value", "mstatus");

  private final int xlen;
  private final byte[] block;
  private final byte[] scratch;
  private final byte[] pages;

  Outcome(byte[] block, byte[] scratch, byte[] pages, int xlen) {
    this.xlen = xlen;
    this.block = block;
    this.scratch = scratch;
    this.pages = pages;
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
    Allowance none = (field, pc, a, b) -> false;
    compare(differences, "memory", -Sequence.SCRATCH_HALF, scratch, other.scratch, none);
    // An access that faults in the end may set A on its way (privileged, section 12.3.1).
    boolean noAccess =
        trapped(Set.of(INSTRUCTION_ACCESS_FAULT, LOAD_ACCESS_FAULT, STORE_ACCESS_FAULT));
    boolean noPage = trapped(Set.of(LOAD_PAGE_FAULT, STORE_PAGE_FAULT));
    boolean noCode = trapped(Set.of(INSTRUCTION_PAGE_FAULT));
    String entry = noAccess ? "entry without access" : noPage ? "entry" : "entry of code";
    Allowance entries = (field, pc, a, b) -> allowance.allows(entry, 0, a, b);
    boolean faults = noAccess || noPage || noCode;
    compare(differences, "page", 0, pages, other.pages, faults ? entries : none);
    return differences;
  }

  /** True if one of these exceptions was recorded. */
  private boolean trapped(Set<Integer> causes) {
    return trapCauses().stream().anyMatch(cause -> causes.contains((int) (long) cause));
  }

  /** The causes of the traps that were recorded, in order. */
  List<Long> trapCauses() {
    return LongStream.range(0, Math.min(TRAPS_MOST, Bytes.getLong(block, TRAPS)))
        .map(i -> Bytes.getLong(block, TRAP_LOG + (int) i * TRAP_SIZE))
        .mapToObj(cause -> xlen == 32 ? (int) cause : cause)
        .toList();
  }

  private static void compare(
      List<String> differences,
      String name,
      int base,
      byte[] mine,
      byte[] others,
      Allowance allowance) {
    for (int at = 0; at < mine.length; at += 8) {
      long a = Bytes.getLong(mine, at);
      long b = Bytes.getLong(others, at);
      if (a != b && !allowance.allows(name, 0, a, b)) {
        note(differences, "%s[%d]".formatted(name, base + at), a, b);
      }
    }
  }

  private boolean allowed(int at, long mine, long others, Allowance allowance) {
    if (at >= TRAP_LOG && at < X) {
      int trap = at - (at - TRAP_LOG) % 32;
      String field = TRAP_FIELDS.get((at - trap) / 8);
      return allowed(field, trap, trap + 8, mine, others, allowance);
    }
    String name = name(at);
    return switch (name) {
      case "mcause" -> allowed("cause", at, PC, mine, others, allowance);
      case "mtval" -> allowed("value", csrAt("mcause"), PC, mine, others, allowance);
      case "scause" -> allowed("cause", at, csrAt("sepc"), mine, others, allowance);
      case "stval" -> allowed("value", csrAt("scause"), csrAt("sepc"), mine, others, allowance);
      default -> allowance.allows(name, 0, mine, others);
    };
  }

  private static int csrAt(String name) {
    int at = CSRS;
    while (!name(at).equals(name)) {
      at += 8;
    }
    return at;
  }

  /** A difference in a trap whose cause and pc lie at these offsets. */
  private boolean allowed(
      String field, int cause, int pc, long mine, long others, Allowance allowance) {
    boolean atBreakpoint = Bytes.getLong(block, cause) == TrapCause.BREAKPOINT;
    // Zero or the address, as the implementation likes (privileged, section 3.1.16).
    return (field.equals("value") && atBreakpoint && (mine == 0 || others == 0))
        || allowance.allows(field, Bytes.getLong(block, pc), mine, others);
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
      case PC -> "pc";
      default -> SequenceBatch.csrName(SequenceBatch.CSRS.get((at - CSRS) / 8));
    };
  }
}
