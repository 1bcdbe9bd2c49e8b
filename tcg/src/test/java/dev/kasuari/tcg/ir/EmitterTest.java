package dev.kasuari.tcg.ir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.tcg.TestCpu;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

@Tag("fast")
class EmitterTest {
  private static final MemDesc EIGHT = MemDesc.of(8);
  private static final FpDesc F64 = FpDesc.of(FpDesc.Format.F64);

  private record Nothing(String name) implements Helper {
    @Override
    public long call(Context context, long a, long b, long c) {
      return 0;
    }
  }

  /** Some values to misuse. */
  private static final class Fixture {
    final Emitter e = new Emitter();
    final Value wide;
    final Value narrow;

    Fixture() {
      e.begin();
      e.instruction(0, 4, 0, false);
      wide = e.constant(1);
      narrow = e.constant32(2);
    }
  }

  private Fixture f = new Fixture();

  @BeforeEach
  void fresh() {
    f = new Fixture();
  }

  private static DynamicTest refuses(String what, Consumer<Fixture> use) {
    return DynamicTest.dynamicTest(
        what,
        () -> {
          var fixture = new Fixture();
          assertThatThrownBy(() -> use.accept(fixture))
              .isInstanceOf(IllegalArgumentException.class)
              .message()
              .isNotEmpty();
        });
  }

  @TestFactory
  Stream<DynamicTest> refusesOperandsOfTheWrongType() {
    return Stream.of(
        refuses("add of i64 and i32", t -> t.e.add(t.wide, t.narrow)),
        refuses("binary with an operation that is none", t -> t.e.binary(Op.NOT, t.wide, t.wide)),
        refuses("unary with an operation that is none", t -> t.e.unary(Op.ADD, t.wide)),
        refuses("wide product of two types", t -> t.e.multiplyWide(t.wide, t.narrow, true)),
        refuses("sum of two types", t -> t.e.addCarry(t.wide, t.narrow, t.wide)),
        refuses("carry of another type", t -> t.e.addCarry(t.wide, t.wide, t.narrow)),
        refuses("borrow of another type", t -> t.e.subtractBorrow(t.wide, t.wide, t.narrow)),
        refuses("widen of i64", t -> t.e.widenSigned(t.wide)),
        refuses("unsigned widen of i64", t -> t.e.widenUnsigned(t.wide)),
        refuses("narrow of i32", t -> t.e.narrow(t.narrow)),
        refuses("extension from no bits", t -> t.e.signExtend(t.wide, 0)),
        refuses("extension from all bits", t -> t.e.zeroExtend(t.narrow, 32)),
        refuses("field before the first bit", t -> t.e.extract(t.wide, -1, 3)),
        refuses("field without bits", t -> t.e.extract(t.wide, 3, 0)),
        refuses("field past the last bit", t -> t.e.deposit(t.narrow, t.narrow, 30, 3)),
        refuses("deposit of two types", t -> t.e.deposit(t.wide, t.narrow, 0, 8)),
        refuses("comparison of two types", t -> t.e.setcond(Cond.EQ, t.wide, t.narrow)),
        refuses(
            "choice between two types", t -> t.e.select(Cond.EQ, t.wide, t.wide, t.wide, t.narrow)),
        refuses(
            "choice by a comparison of two types",
            t -> t.e.select(Cond.EQ, t.wide, t.narrow, t.wide, t.wide)),
        refuses("flags of two types", t -> t.e.withFlags(Op.ADDF, t.wide, t.narrow)),
        refuses(
            "flags with a carry of another type",
            t -> t.e.withFlags(Op.ADCF, t.wide, t.wide, t.narrow)),
        refuses("flags from 64 bits", t -> t.e.flagsFromBits(t.wide)),
        refuses("bits of what is no flags", t -> t.e.flagsBits(t.narrow)),
        refuses("condition of no flags", t -> t.e.flagsSetcond(FlagCond.Z, t.wide, Type.I64)),
        refuses("8 bytes of state as i32", t -> t.e.get(Type.I32, StateView.of(0, 8))),
        refuses("8 bytes of state from i32", t -> t.e.set(StateView.of(0, 8), t.narrow)),
        refuses("8 bytes of memory as i32", t -> t.e.load(EIGHT, Type.I32, t.wide)),
        refuses("load from a 32-bit address", t -> t.e.load(EIGHT, Type.I64, t.narrow)),
        refuses("store to a 32-bit address", t -> t.e.store(EIGHT, t.narrow, t.wide)),
        refuses("8 bytes of memory from i32", t -> t.e.store(EIGHT, t.wide, t.narrow)),
        refuses("pair from a 32-bit address", t -> t.e.loadPair(EIGHT, Type.I64, t.narrow)),
        refuses("pair of two types", t -> t.e.storePair(EIGHT, t.wide, t.wide, t.narrow)),
        refuses("exchange of two types", t -> t.e.cas(MemDesc.of(4), t.wide, t.wide, t.narrow)),
        refuses("atomic at a 32-bit address", t -> t.e.rmw(EIGHT, Rmw.ADD, t.narrow, t.wide)),
        refuses("reservation at a 32-bit address", t -> t.e.loadLinked(EIGHT, Type.I64, t.narrow)),
        refuses(
            "conditional store at a 32-bit address",
            t -> t.e.storeConditional(EIGHT, t.narrow, t.wide)),
        refuses("probe of a 32-bit address", t -> t.e.probe(EIGHT, t.narrow)),
        refuses("sum of floats of two types", t -> t.e.fp(Op.FADD, F64, t.wide, t.narrow)),
        refuses("sum of one float", t -> t.e.fp(Op.FADD, F64, t.wide)),
        refuses("integer operation as float", t -> t.e.fp(Op.ADD, F64, t.wide, t.wide)),
        refuses("comparison of one float", t -> t.e.fpTo(Op.FCMP, F64, Type.I64, t.wide)),
        refuses("64 bits of flags", t -> t.e.setFpFlags(t.wide)),
        refuses("64 bits of rounding mode", t -> t.e.setFpRounding(t.wide)),
        refuses("call with i32", t -> t.e.call(new Nothing("n"), t.narrow)),
        refuses("call with four", t -> t.e.call(new Nothing("n"), t.wide, t.wide, t.wide, t.wide)),
        refuses("jump to 32 bits", t -> t.e.jump(t.narrow)),
        refuses("exit to 32 bits", t -> t.e.exit(ExitReason.LOOKUP, t.narrow)),
        refuses("exception with 32 bits", t -> t.e.raise(2, t.narrow)),
        refuses(
            "branch on two types",
            t -> t.e.brcond(Cond.EQ, t.wide, t.narrow, t.e.block(), t.e.block())),
        refuses(
            "branch on what is no flags",
            t -> t.e.brflags(FlagCond.Z, t.wide, t.e.block(), t.e.block())),
        refuses("branch with too few values", t -> t.e.br(t.e.block(Type.I64))),
        refuses("branch with too many values", t -> t.e.br(t.e.block(), t.wide)),
        refuses("branch with a value of another type", t -> t.e.br(t.e.block(Type.I32), t.wide)),
        refuses(
            "conditional branch without the values",
            t ->
                t.e.brcond(
                    Cond.EQ,
                    t.wide,
                    t.wide,
                    t.e.block(Type.I64),
                    List.of(),
                    t.e.block(),
                    List.of())));
  }

  private static void illegal(ThrowingCallable use, String message) {
    assertThatThrownBy(use).isInstanceOf(IllegalStateException.class).hasMessageContaining(message);
  }

  @Test
  void nothingFollowsATerminator() {
    f.e.jump(f.wide);
    assertThat(f.e.open()).isFalse();
    illegal(() -> f.e.add(f.wide, 1), "after a terminator");
  }

  @Test
  void blocksAreClosedBoundOnceAndAll() {
    illegal(() -> f.e.finish(), "no terminator");
    Block next = f.e.block();
    illegal(() -> f.e.bind(next), "no terminator");
    f.e.br(next);
    illegal(() -> f.e.finish(), "b1 is never bound");
    f.e.bind(next);
    f.e.jump(f.wide);
    illegal(() -> f.e.bind(next), "bound twice");
    assertThat(f.e.finish().blocks()).isEqualTo(2);
  }

  @Test
  void aUnitKnowsItsInstructionsAndCountsThem() {
    f.e.instruction(4, 2, 77, false);
    f.e.restartable();
    f.e.jump(f.wide);
    IrUnit unit = f.e.finish();
    assertThat(unit.op(0)).isEqualTo(Op.UNIT_START);
    assertThat(unit.immediate(0)).isEqualTo(2);
    assertThat(unit.instructions())
        .containsExactly(
            new GuestInstruction(0, 4, 0, false), new GuestInstruction(4, 2, 77, true));
  }

  @Test
  void helpersThatAreEqualAreOne() {
    f.e.restartable();
    var _ = f.e.call(new Nothing("a"), f.wide);
    var _ = f.e.call(new Nothing("b"));
    var _ = f.e.call(new Nothing("a"), f.wide, f.wide, f.wide);
    f.e.jump(f.wide);
    assertThat(f.e.finish().helpers()).extracting(Helper::name).containsExactly("a", "b");
  }

  @Test
  void constantsOf32BitsAreKeptSignExtended() {
    var _ = f.e.constant(Type.I32, 0xffff_ffffL);
    var _ = f.e.add(f.narrow, 0x8000_0000L);
    f.e.jump(f.wide);
    IrUnit unit = f.e.finish();
    assertThat(unit.immediate(4)).isEqualTo(-1);
    assertThat(unit.immediate(5)).isEqualTo(Integer.MIN_VALUE);
  }

  @Test
  void aFinishedUnitIsNotTouchedByTheNext() {
    f.e.set(TestCpu.X, 1, f.wide);
    f.e.jump(f.wide);
    IrUnit first = f.e.finish();
    String text = first.toString();
    f.e.begin();
    f.e.instruction(0, 2, 5, true);
    f.e.jump(f.e.constant(9));
    IrUnit second = f.e.finish();
    assertThat(first).hasToString(text);
    assertThat(second.values()).isEqualTo(1);
    assertThat(second.size()).isEqualTo(4);
  }

  @Test
  void unitsGrowAsLargeAsTheyMust() {
    Value sum = f.wide;
    for (int i = 0; i < 5_000; i++) {
      sum = f.e.add(sum, f.wide);
    }
    for (int i = 0; i < 100; i++) {
      Block next = f.e.block(Type.I64, Type.I32);
      f.e.br(next, sum, f.narrow);
      f.e.bind(next);
      sum = next.parameter(0);
    }
    f.e.jump(sum);
    IrUnit unit = f.e.finish();
    Verifier.verify(unit);
    assertThat(unit.blocks()).isEqualTo(101);
    assertThat(unit.argumentCount(unit.size() - 2)).isEqualTo(2);
    assertThat(unit.argument(unit.size() - 1, 0)).isEqualTo(sum.id());
  }

  @Test
  void everyOperationKeepsWhatTheTableSays() {
    for (Op op : Op.values()) {
      assertThat(op.operands()).matches("[Tcwqf]*\\*?");
      assertThat(op.results()).matches("[Twqf]{0,2}");
      assertThat(op.terminator()).isEqualTo(op.is(Op.Trait.TERMINATOR));
      if (op.is(Op.Trait.PURE)) {
        assertThat(op.results()).as(op.mnemonic()).isNotEmpty();
        assertThat(op.is(Op.Trait.TRAPS) || op.is(Op.Trait.WRITES_STATE)).isFalse();
      }
    }
    assertThat(Stream.of(Op.values()).map(Op::mnemonic)).doesNotHaveDuplicates();
  }
}
