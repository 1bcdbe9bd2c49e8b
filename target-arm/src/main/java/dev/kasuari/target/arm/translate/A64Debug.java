package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ArmCpu;
import dev.kasuari.target.arm.cpu.ArmState;
import dev.kasuari.tcg.ir.Block;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.Helper;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;

/** What is translated only while a guest debugs itself. Source: DDI 0487, D2. */
final class A64Debug {
  /** Arguments: the kind of an indirect branch, and its target. */
  static final Helper BRANCH =
      new Helper() {
        @Override
        public String name() {
          return "branch";
        }

        @Override
        public boolean raises() {
          return false;
        }

        @Override
        public long call(Context context, long a, long b, long c) {
          ((ArmCpu) context.cpu()).instructions().branch((int) a, b);
          return 0;
        }
      };

  private static final Helper BREAKPOINT =
      new A64System.CpuCall("breakpoint") {
        @Override
        public boolean writesState() {
          return false;
        }

        @Override
        boolean perform(ArmCpu cpu, long a, long b) {
          return cpu.instructions().passesBreakpoints();
        }
      };

  private A64Debug() {}

  /** Before an instruction: looks for breakpoints if there may be one in that place of a page. */
  static void lookForBreakpoints(A64 t) {
    var e = t.e();
    int place = t.translation().pageOffset() >> 2;
    Block some = e.block();
    Block none = e.block();
    Value map = e.get(Type.I32, StateView.of(ArmState.BREAK_MAP.at(place / 32), 4));
    e.brcond(Cond.TSTNE, map, e.constant32(1 << place % 32), some, none);
    e.bind(some);
    e.call(BREAKPOINT);
    e.br(none);
    e.bind(none);
  }
}
