package dev.kasuari.tcg.x86_64;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.tcg.TestCpu;
import dev.kasuari.tcg.TestGuest;
import dev.kasuari.tcg.interp.Evaluator;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.Emitter;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * Each pure operation, alone, with operands in registers and as constants, against its reference.
 */
@Tag("fast")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OperationTest {
  private static final long SEED = 20_251;
  private static final int ROUNDS = 40;
  private static final int RESULT = 10;

  private X86BackEnd backEnd;
  private TestGuest guest;

  @BeforeAll
  void open() {
    assumeTrue(X86BackEnd.available(), "the back end needs Linux on x86-64");
    backEnd = new X86BackEnd(FloatEnv.riscv());
    guest = new TestGuest();
  }

  @AfterAll
  void close() {
    if (backEnd != null) {
      backEnd.close();
      guest.close();
    }
  }

  /** Emits one operation on operands that are given to it. */
  private interface Shape {
    Value emit(Emitter e, Value[] operands);
  }

  private record Case(Op op, Type type, long imm, Shape shape) {
    @Override
    public String toString() {
      String text = imm == 0 ? "" : " " + imm;
      return op.mnemonic() + " " + type + text;
    }

    int operands() {
      return op.operands().length();
    }

    Type operandType(int position) {
      return switch (op.operands().charAt(position)) {
        case 'w' -> Type.I32;
        case 'q' -> Type.I64;
        default -> type;
      };
    }
  }

  private static List<Case> cases() {
    List<Case> all = new ArrayList<>();
    for (Type type : List.of(Type.I32, Type.I64)) {
      for (Op op :
          List.of(Op.ADD, Op.SUB, Op.MUL, Op.AND, Op.OR, Op.XOR, Op.ANDC, Op.SHL, Op.SHR, Op.SAR)) {
        all.add(new Case(op, type, 0, (e, v) -> e.binary(op, v[0], v[1])));
      }
      all.add(new Case(Op.NOT, type, 0, (e, v) -> e.not(v[0])));
      all.add(new Case(Op.NEG, type, 0, (e, v) -> e.neg(v[0])));
      for (int bits = 1; bits < type.bits(); bits++) {
        int width = bits;
        all.add(new Case(Op.SEXT, type, bits, (e, v) -> e.signExtend(v[0], width)));
        all.add(new Case(Op.ZEXT, type, bits, (e, v) -> e.zeroExtend(v[0], width)));
      }
      for (int position : new int[] {0, 1, 7, 8, 16, 30, 31}) {
        for (int length : new int[] {1, 2, 8, 15, 16, type.bits() - position}) {
          if (position + length <= type.bits()) {
            long imm = position | length << 8;
            all.add(new Case(Op.EXTRACT, type, imm, (e, v) -> e.extract(v[0], position, length)));
          }
        }
      }
      for (Cond cond : Cond.values()) {
        int imm = cond.ordinal();
        all.add(new Case(Op.SETCOND, type, imm, (e, v) -> e.setcond(cond, v[0], v[1])));
        all.add(new Case(Op.SELECT, type, imm, (e, v) -> e.select(cond, v[0], v[1], v[2], v[3])));
      }
    }
    all.add(new Case(Op.ROTL_S, Type.I64, 7, (e, v) -> e.rotateWidenSigned(v[0], 7)));
    all.add(new Case(Op.WIDEN_S, Type.I64, 0, (e, v) -> e.widenSigned(v[0])));
    all.add(new Case(Op.WIDEN_U, Type.I64, 0, (e, v) -> e.widenUnsigned(v[0])));
    all.add(new Case(Op.NARROW, Type.I32, 0, (e, v) -> e.narrow(v[0])));
    return all;
  }

  @TestFactory
  Stream<DynamicTest> computesWhatTheReferenceDoes() {
    return cases().stream().map(c -> DynamicTest.dynamicTest(c.toString(), () -> check(c)));
  }

  private void check(Case c) {
    var random = new SplittableRandom(SEED + c.toString().hashCode());
    for (int constants = 0; constants < 1 << c.operands(); constants++) {
      for (int round = 0; round < ROUNDS; round++) {
        long[] operands = new long[4];
        for (int i = 0; i < c.operands(); i++) {
          long any = TestGuest.interesting(random);
          operands[i] = c.operandType(i) == Type.I32 ? (int) any : any;
          guest.x(i, any);
        }
        if (c.operands() >= 2 && random.nextInt(4) == 0) {
          operands[1] = operands[0];
          guest.x(1, guest.x(0));
        }
        guest.run(backEnd, unit(c, operands, constants), TestGuest.RAM);
        long expected =
            Evaluator.evaluate(
                c.op, c.type, c.imm, operands[0], operands[1], operands[2], operands[3]);
        assertThat(guest.x(RESULT))
            .as(
                "%s of %x %x %x %x, constants %d",
                c, operands[0], operands[1], operands[2], operands[3], constants)
            .isEqualTo(expected);
      }
    }
  }

  private static IrUnit unit(Case c, long[] operands, int constants) {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, false);
    Value[] values = new Value[c.operands()];
    for (int i = 0; i < values.length; i++) {
      Type type = c.operandType(i);
      values[i] =
          (constants >> i & 1) != 0
              ? e.constant(type, operands[i])
              : e.get(type, StateView.of(TestCpu.X.at(i), type.bits() / 8));
    }
    Value result = c.shape.emit(e, values);
    e.set(TestCpu.X, RESULT, result.type() == Type.I32 ? e.widenSigned(result) : result);
    e.exit(ExitReason.LOOKUP, e.pc(4));
    return e.finish();
  }

  @Test
  void viewsOfStateReadAndWriteTheirBytes() {
    for (Type type : List.of(Type.I32, Type.I64)) {
      for (int size = 1; size <= type.bits() / 8; size *= 2) {
        for (boolean signed : new boolean[] {false, true}) {
          long view = StateView.of(TestCpu.X.at(1) + 4, size);
          var e = new Emitter();
          e.begin();
          e.instruction(0, 4, 0, false);
          Value read = e.get(type, signed ? StateView.signed(view) : view);
          e.set(TestCpu.X, 5, type == Type.I32 ? e.widenSigned(read) : read);
          e.set(StateView.of(TestCpu.X.at(3) + 8 - size, size), read);
          e.exit(ExitReason.LOOKUP, e.pc(4));
          guest.x(1, 0x8182_8384_8586_8788L);
          guest.x(2, 0x9192_9394_9596_9798L);
          guest.x(3, 0);
          guest.run(backEnd, e.finish(), TestGuest.RAM);
          int shift = 64 - 8 * size;
          long bytes = 0x9596_9798_8182_8384L << shift;
          long expected = signed ? bytes >> shift : bytes >>> shift;
          String what = type + " of " + size + (signed ? " signed" : "");
          assertThat(guest.x(5)).as(what).isEqualTo(type == Type.I32 ? (int) expected : expected);
          assertThat(guest.x(3)).as(what).isEqualTo(bytes);
        }
      }
    }
  }

  @Test
  void constantsAreStoredWhole() {
    long[] constants = {0, 1, -1, 0x7fff_ffffL, 0x8000_0000L, 0xffff_ffffL, 1L << 63, 1L << 32};
    for (long constant : constants) {
      var e = new Emitter();
      e.begin();
      e.instruction(0, 4, 0, false);
      e.set(TestCpu.X, 1, e.constant(constant));
      e.set(StateView.of(TestCpu.X.at(2), 4), e.constant(constant));
      e.set(StateView.of(TestCpu.X.at(3), 1), e.constant32((int) constant));
      e.exit(ExitReason.LOOKUP, e.pc(4));
      guest.x(2, 0);
      guest.x(3, 0);
      guest.run(backEnd, e.finish(), TestGuest.RAM);
      assertThat(guest.x(1)).isEqualTo(constant);
      assertThat(guest.x(2)).isEqualTo(constant & 0xffff_ffffL);
      assertThat(guest.x(3)).isEqualTo(constant & 0xff);
    }
  }

  @Test
  void theProgramCounterIsRelativeToWhereTheUnitWasEntered() {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, false);
    e.set(TestCpu.X, 1, e.pc(-0x1234));
    e.exit(ExitReason.LOOKUP, e.pc(0x7fff_ffff));
    var block = TestGuest.block(backEnd, e.finish());
    for (long pc : new long[] {0, 0x8000_0000L, -4096}) {
      assertThat(guest.run(backEnd, block, pc).pc()).isEqualTo(pc + 0x7fff_ffff);
      assertThat(guest.x(1)).isEqualTo(pc - 0x1234);
    }
  }
}
