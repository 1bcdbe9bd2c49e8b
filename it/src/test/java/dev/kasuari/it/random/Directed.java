package dev.kasuari.it.random;

import dev.kasuari.machine.cpu.Cpu;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.target.riscv.cpu.Privilege;
import dev.kasuari.target.riscv.cpu.RiscvMode;
import dev.kasuari.target.riscv.translate.RiscvInstructionSet;
import dev.kasuari.tcg.InstructionSet;
import dev.kasuari.tcg.Translation;
import dev.kasuari.tcg.Translator;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.Helper;
import java.util.function.Supplier;

/**
 * RISC-V as it is, but for two calls of the {@link Director}: where a unit begins, and where the
 * monitor reports a trap.
 */
record Directed(Supplier<Director> director) implements InstructionSet {
  @Override
  public Translator translator(Cpu cpu) {
    return new Calling(new RiscvInstructionSet().translator(cpu), director);
  }

  @Override
  public FloatEnv floatEnv() {
    return FloatEnv.riscv();
  }

  private static final class Calling implements Translator {
    private final Translator inner;
    private final Helper unit;
    private final Helper trap;

    Calling(Translator inner, Supplier<Director> director) {
      this.inner = inner;
      unit = new Call("unit", context -> director.get().unit(context.cpu().pc()));
      trap = new Call("trap", context -> director.get().trap());
    }

    @Override
    public void translate(Translation at) {
      int low = at.fetch16(0);
      boolean wide = (low & 3) == 3;
      int high = low != Translation.UNREADABLE && wide ? at.fetch16(2) : 0;
      if (low == Translation.UNREADABLE || high == Translation.UNREADABLE) {
        return;
      }
      if (at.delta() == 0) {
        at.instruction(wide ? 4 : 2);
        at.emitter().call(unit);
      }
      boolean machine = RiscvMode.privilege(at.mode()) == Privilege.MACHINE;
      if (machine && (high << 16 | low) == RandomGuest.REPORT) {
        at.instruction(4);
        at.emitter().call(trap);
        at.emitter().exit(ExitReason.LOOKUP, at.emitter().pc(at.nextDelta()));
        at.end();
      } else {
        inner.translate(at);
      }
    }

    @Override
    public String disassemble(long hostAddress, int length, long pc) {
      return inner.disassemble(hostAddress, length, pc);
    }
  }

  private record Call(String name, java.util.function.Consumer<Helper.Context> what)
      implements Helper {
    @Override
    public long call(Context context, long a, long b, long c) {
      what.accept(context);
      return 0;
    }
  }
}
