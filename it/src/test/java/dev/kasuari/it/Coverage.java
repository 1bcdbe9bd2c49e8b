package dev.kasuari.it;

import dev.kasuari.machine.cpu.Cpu;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.target.riscv.cpu.Csr;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.target.riscv.cpu.TrapCause;
import dev.kasuari.target.riscv.isa.RiscvDecoder;
import dev.kasuari.target.riscv.isa.RiscvPatterns;
import dev.kasuari.target.riscv.translate.RiscvInstructionSet;
import dev.kasuari.tcg.InstructionSet;
import dev.kasuari.tcg.Translation;
import dev.kasuari.tcg.Translator;
import dev.kasuari.tcg.ir.Helper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntPredicate;

/**
 * RISC-V as it is, and a count of how often an instruction of each pattern was executed, each CSR
 * was accessed, and each kind of trap was taken.
 */
final class Coverage implements InstructionSet {
  private final RiscvInstructionSet plain = new RiscvInstructionSet();
  private final long[] counts = new long[RiscvPatterns.COUNT];
  private final long[] csrCounts = new long[4096];
  private final SortedMap<String, Long> traps = new TreeMap<>();
  private List<Csr> csrs = List.of();
  private long first;
  private long last;

  /** Only instructions at these addresses count. */
  void between(long from, long to) {
    first = from;
    last = to;
  }

  @Override
  public Translator translator(Cpu cpu) {
    csrs = ((RiscvCpu) cpu).csrs();
    return new Counter(plain.translator(cpu), ((RiscvCpu) cpu).model().features());
  }

  @Override
  public FloatEnv floatEnv() {
    return plain.floatEnv();
  }

  /** Counts the traps that a sequence took. */
  void trapped(List<Long> causes) {
    causes.forEach(cause -> traps.merge(trapName(cause), 1L, Long::sum));
  }

  static String trapName(long cause) {
    int number = (int) cause & 63;
    return cause < 0 ? TrapCause.interrupt(number) : TrapCause.exception(number);
  }

  /** How often each kind of trap was taken. */
  Map<String, Long> traps() {
    return traps;
  }

  /** Instructions executed. */
  long total() {
    long sum = 0;
    for (long count : counts) {
      sum += count;
    }
    return sum;
  }

  /** The patterns that exist with these features and were never executed. */
  List<String> missed(long features) {
    List<String> missed = new ArrayList<>();
    for (int i = 0; i < counts.length; i++) {
      if (RiscvPatterns.available(i, features) && counts[i] == 0) {
        missed.add(RiscvPatterns.name(i));
      }
    }
    return missed;
  }

  /** The CSRs that were never accessed, but for some. */
  List<String> missedCsrs(IntPredicate except) {
    return csrs.stream()
        .filter(csr -> csrCounts[csr.number()] == 0 && !except.test(csr.number()))
        .map(Csr::name)
        .toList();
  }

  /** A line for each pattern, CSR and kind of trap there is. */
  String report(long features) {
    var text = new StringBuilder("Instructions executed, by pattern:\n");
    for (int i = 0; i < counts.length; i++) {
      if (RiscvPatterns.available(i, features)) {
        line(text, counts[i], RiscvPatterns.name(i));
      }
    }
    text.append("Instructions that access a CSR:\n");
    csrs.forEach(csr -> line(text, csrCounts[csr.number()], csr.name()));
    text.append("Traps, but for those that end a sequence:\n");
    traps.forEach((name, count) -> line(text, count, name));
    return text.toString();
  }

  private static void line(StringBuilder text, long count, String name) {
    text.append("%10d %s%n".formatted(count, name));
  }

  /** Puts a pseudo-instruction that counts before each instruction. */
  private final class Counter implements Translator, Helper {
    private static final int NO_CSR = -1;

    private final Translator inner;
    private final long features;

    Counter(Translator inner, long features) {
      this.inner = inner;
      this.features = features;
    }

    @Override
    public void translate(Translation at) {
      int low = at.fetch16(0);
      boolean wide = (low & 3) == 3;
      int high = low != Translation.UNREADABLE && wide ? at.fetch16(2) : 0;
      if (low == Translation.UNREADABLE || high == Translation.UNREADABLE) {
        return;
      }
      int instruction = wide ? high << 16 | low : low;
      int pattern = RiscvDecoder.match(instruction, features);
      if (pattern >= 0) {
        at.instruction(wide ? 4 : 2);
        int csr = RiscvPatterns.name(pattern).startsWith("csrr") ? instruction >>> 20 : NO_CSR;
        at.emitter().call(this, at.emitter().constant(pattern), at.emitter().constant(csr));
      }
      inner.translate(at);
    }

    @Override
    public String disassemble(long hostAddress, int length, long pc) {
      return inner.disassemble(hostAddress, length, pc);
    }

    @Override
    public String name() {
      return "count";
    }

    @Override
    public long call(Context context, long pattern, long csr, long c) {
      long pc = context.cpu().pc();
      if (pc >= first && pc < last) {
        counts[(int) pattern]++;
        if (csr != NO_CSR) {
          csrCounts[(int) csr]++;
        }
      }
      return 0;
    }
  }
}
