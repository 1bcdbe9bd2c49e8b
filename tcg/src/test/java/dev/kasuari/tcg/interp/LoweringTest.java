package dev.kasuari.tcg.interp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.tcg.Exit;
import dev.kasuari.tcg.TestCpu;
import dev.kasuari.tcg.TestGuest;
import dev.kasuari.tcg.ir.Block;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.Emitter;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.MemDesc;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Each access knows its instruction, in whatever form it is lowered. */
@Tag("fast")
class LoweringTest {
  private static final long PC = 0x8000_0000L;
  private static final long WORD = 0x1234_5678_9abcL;

  /** How an access stands among other operations. */
  enum Form {
    /** Its value is used twice, so it is no common sequence. */
    PLAIN,
    /** A register as address, a register as target. */
    FUSED,
    /** The same with a displacement. */
    DISPLACED
  }

  private final TestGuest guest = new TestGuest();
  private final Interpreter interp = new Interpreter();

  @AfterEach
  void close() {
    guest.close();
  }

  private static MemDesc desc(int size, boolean signed) {
    return signed ? MemDesc.of(size).signed() : MemDesc.of(size);
  }

  private static Value address(Emitter e, Form form) {
    Value base = e.get(Type.I64, StateView.of(TestCpu.X.at(1), 8));
    return form == Form.DISPLACED ? e.add(base, 8) : base;
  }

  /** Three instructions, the second of which accesses memory. */
  private static IrUnit load(Form form, MemDesc desc, Type type) {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 1, false);
    e.set(TestCpu.X, 5, e.constant(55));
    e.instruction(4, 2, WORD, false);
    Value loaded = e.load(desc, type, address(e, form));
    if (form == Form.PLAIN) {
      Value wide = type == Type.I32 ? e.widenSigned(loaded) : loaded;
      e.set(TestCpu.X, 2, e.add(wide, wide));
    } else {
      e.set(TestCpu.X, 2, type == Type.I32 ? e.widenSigned(loaded) : loaded);
    }
    e.instruction(6, 4, 3, false);
    e.set(TestCpu.X, 6, e.constant(66));
    e.gotoUnit(10, Emitter.NO_LINK);
    return e.finish();
  }

  private static IrUnit store(Form form, MemDesc desc) {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 1, false);
    e.set(TestCpu.X, 5, e.constant(55));
    e.instruction(4, 2, WORD, false);
    Value at = address(e, form);
    Value value = e.get(Type.I64, StateView.of(TestCpu.X.at(3), 8));
    e.store(desc, at, form == Form.PLAIN ? e.add(value, value) : value);
    e.instruction(6, 4, 3, false);
    e.set(TestCpu.X, 6, e.constant(66));
    e.gotoUnit(10, Emitter.NO_LINK);
    return e.finish();
  }

  private void trapsAtTheSecond(IrUnit unit) {
    guest.cpu.reset();
    guest.x(1, TestGuest.VOID);
    long before = guest.run(interp, unit, PC).retired();
    var outcome = guest.run(interp, unit, PC);
    assertThat(outcome.exit()).isEqualTo(Exit.EXCEPTION);
    assertThat(outcome.pc()).isEqualTo(PC + 4);
    assertThat(guest.cpu.state().get(TestCpu.WORD)).isEqualTo(WORD);
    assertThat(outcome.retired() - before).as("instructions before the trap").isEqualTo(1);
    assertThat(guest.x(5)).isEqualTo(55);
    assertThat(guest.x(6)).isZero();
  }

  private void goesOn(IrUnit unit) {
    guest.cpu.reset();
    guest.x(1, TestGuest.RAM + 0x100);
    var outcome = guest.run(interp, unit, PC);
    assertThat(outcome.exit()).isEqualTo(Exit.LOOKUP);
    assertThat(outcome.pc()).isEqualTo(PC + 10);
    assertThat(guest.x(6)).isEqualTo(66);
  }

  @ParameterizedTest
  @EnumSource(Form.class)
  void aLoadKnowsItsInstruction(Form form) {
    for (int size = 1; size <= 8; size *= 2) {
      for (boolean signed : new boolean[] {false, true}) {
        for (Type type : size == 8 ? new Type[] {Type.I64} : new Type[] {Type.I32, Type.I64}) {
          IrUnit unit = load(form, desc(size, signed), type);
          trapsAtTheSecond(unit);
          goesOn(unit);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Form.class)
  void aStoreKnowsItsInstruction(Form form) {
    for (int size = 1; size <= 8; size *= 2) {
      IrUnit unit = store(form, desc(size, false));
      trapsAtTheSecond(unit);
      goesOn(unit);
    }
  }

  @ParameterizedTest
  @CsvSource({"true, false", "false, true"})
  void anAccessThatTheFastPathCannotDoKnowsIt(boolean bigEndian, boolean acquire) {
    MemDesc desc = bigEndian ? MemDesc.of(4).bigEndian() : MemDesc.of(4);
    IrUnit unit = load(Form.FUSED, acquire ? desc.acquire() : desc, Type.I64);
    trapsAtTheSecond(unit);
    goesOn(unit);
  }

  /** The block of the first instruction comes after the second in the unit. */
  @Test
  void aBlockThatIsLaidOutLateBelongsToItsOwnInstruction() {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, WORD, false);
    Block on = e.block();
    Block late = e.block();
    e.brcond(Cond.EQ, e.get(TestCpu.X, 1), e.constant(0), late, on);
    e.bind(on);
    e.instruction(4, 4, 2, false);
    e.gotoUnit(8, Emitter.NO_LINK);
    e.bind(late);
    e.raise(9, e.constant(5));
    var outcome = guest.run(interp, e.finish(), PC);
    assertThat(outcome.pc()).isEqualTo(PC);
    assertThat(guest.cpu.state().get(TestCpu.WORD)).isEqualTo(WORD);
    assertThat(outcome.retired()).isZero();
  }
}
