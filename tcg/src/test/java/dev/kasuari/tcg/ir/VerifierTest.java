package dev.kasuari.tcg.ir;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.tcg.TestCpu;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Each rule broken once. What the emitter would refuse is put together by hand. */
@Tag("fast")
class VerifierTest {
  private static final MemDesc EIGHT = MemDesc.of(8);

  /** A unit out of rows that nobody checked. */
  private static final class Raw {
    private record Row(
        Op op, Type type, List<Integer> arguments, int result, int taken, int otherwise) {}

    private final List<Row> rows = new ArrayList<>();
    private final List<Type> values = new ArrayList<>();
    private final List<Integer> starts = new ArrayList<>();
    private final List<Integer> firstParameter = new ArrayList<>();
    private final List<Integer> parameters = new ArrayList<>();

    Raw() {
      block();
      op(Op.UNIT_START, Type.I64, IrUnit.NONE);
    }

    int value(Type type) {
      values.add(type);
      return values.size() - 1;
    }

    /** Begins a block whose parameters are new values; returns the first. */
    int block(Type... types) {
      starts.add(rows.size());
      parameters.add(types.length);
      int first = types.length == 0 ? IrUnit.NONE : values.size();
      values.addAll(List.of(types));
      firstParameter.add(first);
      return first;
    }

    Raw op(Op op, Type type, int result, Integer... arguments) {
      rows.add(new Row(op, type, List.of(arguments), result, IrUnit.NONE, IrUnit.NONE));
      return this;
    }

    Raw branch(Op op, int taken, int otherwise, Integer... arguments) {
      rows.add(new Row(op, Type.I64, List.of(arguments), IrUnit.NONE, taken, otherwise));
      return this;
    }

    /** A new constant. */
    int constant(Type type) {
      int value = value(type);
      op(Op.CONST, type, value);
      return value;
    }

    IrUnit build() {
      var columns = new Columns(rows.size(), starts.size());
      for (Row row : rows) {
        int i = columns.operation(row.op, row.type, 0, 0);
        row.arguments.forEach(columns::argument);
        columns.result[i] = row.result;
        columns.target[i] = row.taken;
        columns.otherTarget[i] = row.otherwise;
      }
      values.forEach(columns::value);
      for (int block = 0; block < starts.size(); block++) {
        columns.block(firstParameter.get(block), parameters.get(block));
        columns.blockStart[block] = starts.get(block);
      }
      return new IrUnit(columns, List.of(), List.of(), List.of());
    }
  }

  private static void broken(IrUnit unit, String why) {
    assertThatThrownBy(() -> Verifier.verify(unit))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(why);
  }

  private static void right(IrUnit unit) {
    assertThatCode(() -> Verifier.verify(unit)).doesNotThrowAnyException();
  }

  @Test
  void aUnitPutTogetherByHandCanBeRight() {
    var raw = new Raw();
    int a = raw.constant(Type.I64);
    raw.branch(Op.BRCOND, 1, 2, a, a, a);
    int p = raw.block(Type.I64);
    raw.op(Op.JUMP, Type.I64, IrUnit.NONE, p);
    raw.block();
    raw.op(Op.JUMP, Type.I64, IrUnit.NONE, a);
    right(raw.build());
  }

  @Test
  void aBlockEndsWithATerminator() {
    var raw = new Raw();
    var _ = raw.constant(Type.I64);
    assertThatThrownBy(() -> Verifier.verify(raw.build())).isInstanceOf(RuntimeException.class);
  }

  @Test
  void aValueIsDefinedOnce() {
    var raw = new Raw();
    int a = raw.constant(Type.I64);
    raw.op(Op.CONST, Type.I64, a).op(Op.JUMP, Type.I64, IrUnit.NONE, a);
    broken(raw.build(), "defined twice");
  }

  @Test
  void nothingBranchesToTheEntry() {
    var raw = new Raw();
    raw.branch(Op.BR, 0, -1);
    broken(raw.build(), "a branch to the entry block");
  }

  @Test
  void operandsAreAsManyAsTheTableSays() {
    var raw = new Raw();
    int a = raw.constant(Type.I64);
    raw.op(Op.ADD, Type.I64, raw.value(Type.I64), a).op(Op.JUMP, Type.I64, IrUnit.NONE, a);
    broken(raw.build(), "1 operands");
    var variadic = new Raw();
    int b = variadic.constant(Type.I64);
    variadic.branch(Op.BRCOND, 1, 1, b);
    variadic.block();
    variadic.op(Op.JUMP, Type.I64, IrUnit.NONE, b);
    broken(variadic.build(), "1 operands");
  }

  @Test
  void operandsAreOfTheTypesThatTheTableSays() {
    operand(Op.ADD, Type.I32, Type.I64, Type.I64, "operand 0 is i64");
    operand(Op.ADD, Type.I64, Type.I64, Type.I32, "operand 1 is i32");
    operand(Op.SETCOND, Type.I64, Type.I64, Type.I32, "operand 1 is i32");
    operand(Op.STORE, Type.I64, Type.I32, Type.I64, "operand 0 is i32");
    operand(Op.STORE, Type.I64, Type.I64, Type.I32, "operand 1 is i32");
    operand(Op.WIDEN_S, Type.I64, Type.I64, null, "operand 0 is i64");
    operand(Op.FLAGS_BITS, Type.I32, Type.I64, null, "operand 0 is i64");
  }

  private static void operand(
      Op op, Type type, Type first, @org.jspecify.annotations.Nullable Type second, String why) {
    var raw = new Raw();
    int a = raw.constant(first);
    int b = second == null ? -1 : raw.constant(second);
    int result = op.results().isEmpty() ? IrUnit.NONE : raw.value(type);
    if (second == null) {
      raw.op(op, type, result, a);
    } else {
      raw.op(op, type, result, a, b);
    }
    raw.op(Op.JUMP, Type.I64, IrUnit.NONE, raw.constant(Type.I64));
    broken(raw.build(), why);
  }

  @Test
  void whatComputesHasAResult() {
    var raw = new Raw();
    int a = raw.constant(Type.I64);
    raw.op(Op.LOAD, Type.I64, IrUnit.NONE, a).op(Op.JUMP, Type.I64, IrUnit.NONE, a);
    assertThatThrownBy(() -> Verifier.verify(raw.build())).isInstanceOf(RuntimeException.class);
  }

  @Test
  void aUseComesAfterItsDefinition() {
    var raw = new Raw();
    int late = raw.value(Type.I64);
    raw.op(Op.NOT, Type.I64, raw.value(Type.I64), late);
    raw.op(Op.CONST, Type.I64, late);
    raw.op(Op.JUMP, Type.I64, IrUnit.NONE, late);
    broken(raw.build(), "v0 is not defined on every path to here");
  }

  @Test
  void aUseOfAValueThatNothingDefines() {
    var raw = new Raw();
    raw.op(Op.JUMP, Type.I64, IrUnit.NONE, raw.value(Type.I64));
    broken(raw.build(), "v0 is not defined");
  }

  @Test
  void aDefinitionIsOnEveryPathToItsUse() {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, false);
    Value a = e.constant(1);
    Block one = e.block();
    Block join = e.block();
    e.brcond(Cond.EQ, a, a, one, join);
    e.bind(one);
    Value onlyHere = e.constant(2);
    e.br(join);
    e.bind(join);
    e.jump(onlyHere);
    broken(e.finish(), "v1 is not defined on every path");
  }

  @Test
  void aParameterBelongsToItsBlockAndThoseBehindIt() {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, false);
    Value a = e.constant(1);
    Block one = e.block(Type.I64);
    Block two = e.block();
    e.brcond(Cond.EQ, a, a, one, List.of(a), two, List.of());
    e.bind(one);
    e.jump(one.parameter(0));
    e.bind(two);
    e.jump(one.parameter(0));
    broken(e.finish(), "is not defined on every path");
  }

  @Test
  void aDefinitionBeforeALoopHoldsInside() {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, false);
    Value a = e.constant(1);
    Block head = e.block();
    Block out = e.block();
    e.br(head);
    e.bind(head);
    Value inside = e.add(a, 1);
    e.brcond(Cond.EQ, inside, a, head, out);
    e.bind(out);
    e.jump(inside);
    right(e.finish());
  }

  @Test
  void unitStartIsFirstAndOnlyThere() {
    var twice = new Raw();
    twice.op(Op.UNIT_START, Type.I64, IrUnit.NONE);
    twice.op(Op.JUMP, Type.I64, IrUnit.NONE, twice.constant(Type.I64));
    broken(twice.build(), "unit_start");
    var never = new Raw();
    never.rows.clear();
    never.op(Op.JUMP, Type.I64, IrUnit.NONE, never.constant(Type.I64));
    broken(never.build(), "unit_start");
  }

  @Test
  void aBranchGivesEachParameterAValueOfItsType() {
    var missing = new Raw();
    missing.branch(Op.BR, 1, -1);
    int p = missing.block(Type.I64);
    missing.op(Op.JUMP, Type.I64, IrUnit.NONE, p);
    broken(missing.build(), "values for the parameters of b1");

    var wrong = new Raw();
    int a = wrong.constant(Type.I32);
    wrong.branch(Op.BR, 1, -1, a);
    int q = wrong.block(Type.I64);
    wrong.op(Op.JUMP, Type.I64, IrUnit.NONE, q);
    broken(wrong.build(), "values for the parameters of b1");

    var more = new Raw();
    int b = more.constant(Type.I64);
    more.branch(Op.BR, 1, -1, b);
    more.block();
    more.op(Op.JUMP, Type.I64, IrUnit.NONE, b);
    broken(more.build(), "more values than parameters");
  }

  // ---- restartability --------------------------------------------------------------------------

  private record Call() implements Helper {
    @Override
    public String name() {
      return "call";
    }

    @Override
    public long call(Context context, long a, long b, long c) {
      return 0;
    }
  }

  private static final class QuietCall implements Helper {
    @Override
    public String name() {
      return "quiet";
    }

    @Override
    public boolean raises() {
      return false;
    }

    @Override
    public boolean writesState() {
      return false;
    }

    @Override
    public long call(Context context, long a, long b, long c) {
      return 0;
    }
  }

  /** A call and, in the same instruction, one that may raise. */
  private static IrUnit callsTwice(Helper first) {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, false);
    e.call(first);
    e.call(new Call());
    e.jump(e.constant(0));
    return e.finish();
  }

  private static IrUnit writesThen(boolean restartable, Consumer<Emitter> then) {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, restartable);
    e.set(TestCpu.X, 1, e.constant(1));
    then.accept(e);
    if (e.open()) {
      e.jump(e.constant(0));
    }
    return e.finish();
  }

  @Test
  void nothingTrapsAfterItsInstructionHasWritten() {
    String why = "may trap after its instruction has written state";
    broken(writesThen(false, e -> e.load(EIGHT, Type.I64, e.constant(0))), why);
    broken(writesThen(false, e -> e.store(EIGHT, e.constant(0), e.constant(0))), why);
    broken(writesThen(false, e -> e.probe(EIGHT, e.constant(0))), why);
    broken(writesThen(false, e -> e.call(new Call())), why);
    broken(writesThen(false, e -> e.raise(1, e.constant(0))), why);
    right(writesThen(true, e -> e.load(EIGHT, Type.I64, e.constant(0))));
    right(writesThen(false, e -> e.fence(MemDesc.FENCE_ALL)));
    right(writesThen(false, e -> e.call(new QuietCall())));
    right(callsTwice(new QuietCall()));
    broken(callsTwice(new Call()), why);
  }

  @Test
  void theNextInstructionMayTrapAgain() {
    right(
        writesThen(
            false,
            e -> {
              e.instruction(4, 4, 0, false);
              var _ = e.load(EIGHT, Type.I64, e.constant(0));
            }));
  }

  @Test
  void aWriteOnOnePathIsEnough() {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, false);
    Value a = e.constant(1);
    Block one = e.block();
    Block join = e.block();
    e.brcond(Cond.EQ, a, a, one, join);
    e.bind(one);
    e.set(TestCpu.X, 1, a);
    e.br(join);
    e.bind(join);
    e.raise(1, a);
    broken(e.finish(), "may trap");
  }

  @Test
  void aLoopThatWritesAndThenTrapsIsFound() {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, false);
    Value a = e.constant(1);
    Block head = e.block();
    Block out = e.block();
    e.br(head);
    e.bind(head);
    Value loaded = e.load(EIGHT, Type.I64, a);
    e.set(TestCpu.X, 1, loaded);
    e.brcond(Cond.EQ, loaded, a, head, out);
    e.bind(out);
    e.jump(a);
    broken(e.finish(), "may trap");
  }

  /** Two instructions, the second of which is skipped or not; then the join, then what follows. */
  private static IrUnit joinOfTwoInstructions(Consumer<Emitter> then) {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, false);
    Block out = e.block();
    Block on = e.block();
    e.brcond(Cond.EQ, e.get(TestCpu.X, 1), e.constant(0), out, on);
    e.bind(on);
    e.instruction(4, 4, 0, false);
    e.br(out);
    e.bind(out);
    then.accept(e);
    return e.finish();
  }

  @Test
  void whatLeavesBelongsToOneInstructionOnEveryPath() {
    String why = "may leave from several guest instructions";
    broken(joinOfTwoInstructions(e -> e.raise(9, e.constant(5))), why);
    broken(joinOfTwoInstructions(e -> e.gotoUnit(8, 0)), why);
    broken(
        joinOfTwoInstructions(e -> {
          var _ = e.load(EIGHT, Type.I64, e.constant(0));
          e.instruction(8, 4, 0, false);
          e.gotoUnit(12, 0);
        }),
        why);
    right(
        joinOfTwoInstructions(e -> {
          e.set(TestCpu.X, 1, e.get(TestCpu.X, 2));
          e.instruction(8, 4, 0, false);
          e.gotoUnit(12, 0);
        }));
  }

  @Test
  void theReportShowsTheUnit() {
    broken(writesThen(false, e -> e.raise(1, e.constant(0))), "set 0xa10:8 v0");
  }
}
