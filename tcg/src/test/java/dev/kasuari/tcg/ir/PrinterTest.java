package dev.kasuari.tcg.ir;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.tcg.TestCpu;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class PrinterTest {
  private record Named(String name) implements Helper {
    @Override
    public long call(Context context, long a, long b, long c) {
      return 0;
    }
  }

  @Test
  void aUnitReadsAsOneOperationALine() {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, true);
    Value ten = e.constant(10);
    Value minus = e.constant32(-1);
    Value pc = e.pc(-8);
    Value byteOfState = e.get(Type.I64, StateView.signed(StateView.of(TestCpu.X.at(1), 1)));
    Value[] sum = e.withFlags(Op.ADDF, ten, byteOfState);
    Value field = e.extract(sum[0], 3, 5);
    Value chosen = e.select(Cond.LTU, field, ten, pc, ten);
    Value loaded = e.load(MemDesc.of(4).signed().acquire().mmuIndex(1), Type.I32, chosen);
    Value old = e.rmw(MemDesc.of(4), Rmw.MAXU, chosen, loaded);
    e.fence(MemDesc.FENCE_ALL);
    Value product = e.fp(Op.FMUL, FpDesc.of(FpDesc.Format.F64).rounding(1), ten, pc);
    var _ = e.call(new Named("csrrw"), ten, product);
    e.set(TestCpu.X, 2, e.signExtend(product, 9));
    Block loop = e.block(Type.I64, Type.I32);
    Block done = e.block();
    Block last = e.block();
    e.br(loop, ten, old);
    e.bind(loop);
    e.instruction(4, 2, 0, false);
    e.brcond(
        Cond.NE, loop.parameter(0), ten, loop, List.of(loop.parameter(0), minus), done, List.of());
    e.bind(done);
    e.brflags(FlagCond.GE, sum[1], last, last);
    e.bind(last);
    e.gotoUnit(6, 0);
    assertThat(e.finish())
        .hasToString(
            """
            b0:
              unit_start 2
              insn_start +0x0 4
              v0:i64 = const 0xa
              v1:i32 = const 0xffffffff
              v2:i64 = pc -0x8
              v3:i64 = get 0xa10:s1
              v4:i64, v5:flags = addf v0, v3
              v6:i64 = extract 3+5 v4
              v7:i64 = select ltu v6, v0, v2, v0
              v8:i32 = load [s4le acq mmu1] v7
              v9:i32 = rmw MAXU [u4le mmu0] v7, v8
              fence 0xf
              v10:i64 = fmul f64 rm1 v0, v2
              v11:i64 = call csrrw v0, v10
              v12:i64 = sext 9 v10
              set 0xa18:8 v12
              br -> b1(v0, v9)
            b1(v13:i64, v14:i32):
              insn_start +0x4 2
              brcond ne v13, v0 -> b1(v13, v1) else b2
            b2:
              brflags GE v5 -> b3 else b3
            b3:
              goto +0x6
            """);
  }

  @Test
  void theOtherEndsSayWhyAndWhere() {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, false);
    Value address = e.constant(1);
    e.exit(ExitReason.HALT, address);
    assertThat(Printer.line(e.finish(), 3)).isEqualTo("exit HALT v0");
    e.begin();
    e.raise(12, e.constant(1));
    assertThat(Printer.line(e.finish(), 2)).isEqualTo("raise 12 v0");
    e.begin();
    e.jump(e.constant(1));
    assertThat(Printer.line(e.finish(), 2)).isEqualTo("jump v0");
  }
}
