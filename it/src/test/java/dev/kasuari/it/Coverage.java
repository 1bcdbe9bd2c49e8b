package dev.kasuari.it;

import dev.kasuari.machine.cpu.Cpu;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.target.riscv.isa.RiscvDecoder;
import dev.kasuari.target.riscv.isa.RiscvPatterns;
import dev.kasuari.target.riscv.translate.RiscvInstructionSet;
import dev.kasuari.tcg.InstructionSet;
import dev.kasuari.tcg.Translation;
import dev.kasuari.tcg.Translator;
import dev.kasuari.tcg.ir.Helper;
import java.util.ArrayList;
import java.util.List;

/** RISC-V as it is, and a count of how often an instruction of each pattern was executed. */
final class Coverage implements InstructionSet {
  private final RiscvInstructionSet plain = new RiscvInstructionSet();
  private final long[] counts = new long[RiscvPatterns.COUNT];
  private long first;
  private long last;

  /** Only instructions at these addresses count. */
  void between(long from, long to) {
    first = from;
    last = to;
  }

  @Override
  public Translator translator(Cpu cpu) {
    return new Counter(plain.translator(cpu), ((RiscvCpu) cpu).model().features());
  }

  @Override
  public FloatEnv floatEnv() {
    return plain.floatEnv();
  }

  /** How often instructions of a pattern were executed. */
  long count(int pattern) {
    return counts[pattern];
  }

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

  /** A line for each pattern there is. */
  String report(long features) {
    var text = new StringBuilder();
    for (int i = 0; i < counts.length; i++) {
      if (RiscvPatterns.available(i, features)) {
        text.append("%10d %s%n".formatted(counts[i], RiscvPatterns.name(i)));
      }
    }
    return text.toString();
  }

  /** Puts a pseudo-instruction that counts before each instruction. */
  private final class Counter implements Translator, Helper {
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
      int pattern = RiscvDecoder.match(wide ? high << 16 | low : low, features);
      if (pattern >= 0) {
        at.instruction(wide ? 4 : 2);
        at.emitter().call(this, at.emitter().constant(pattern));
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
    public long call(Context context, long pattern, long b, long c) {
      long pc = context.cpu().pc();
      if (pc >= first && pc < last) {
        counts[(int) pattern]++;
      }
      return 0;
    }
  }
}
