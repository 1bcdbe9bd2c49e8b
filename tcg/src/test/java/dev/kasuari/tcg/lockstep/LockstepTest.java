package dev.kasuari.tcg.lockstep;

import static dev.kasuari.tcg.TestGuest.between;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.cpu.Cpu;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.CompiledCode;
import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.Exit;
import dev.kasuari.tcg.TestCpu;
import dev.kasuari.tcg.TestGuest;
import dev.kasuari.tcg.Translation;
import dev.kasuari.tcg.TranslationBlock;
import dev.kasuari.tcg.Translator;
import dev.kasuari.tcg.interp.Interpreter;
import dev.kasuari.tcg.ir.Emitter;
import dev.kasuari.tcg.ir.Helper;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.MemDesc;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Rmw;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.x86_64.X86BackEnd;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What goes right twice happens once; what goes wrong is reported, and where. */
@Tag("fast")
class LockstepTest {
  private static final long PC = TestGuest.RAM;
  private static final long DATA = TestGuest.RAM + 0x2000;
  private static final MemDesc WORD = MemDesc.of(8);

  /** Does what the interpreter does, and then something else. */
  private record Wrong(Interpreter right, Consumer<ExecutionContext> wrong, Op where)
      implements BackEnd {
    @Override
    public String name() {
      return "wrong";
    }

    private record Code(IrUnit unit, CompiledCode right) implements CompiledCode {
      @Override
      public String listing(IrUnit of) {
        return "the code of wrong\n";
      }
    }

    @Override
    public CompiledCode compile(IrUnit unit, int pageOffset) {
      return new Code(unit, right.compile(unit, pageOffset));
    }

    @Override
    public Exit run(ExecutionContext context, TranslationBlock block, long pc) {
      var code = (Code) block.code();
      Exit exit = right.run(context, TranslationBlock.detached(code.unit, code.right), pc);
      for (int i = 0; i < code.unit.size(); i++) {
        if (code.unit.op(i) == where) {
          wrong.accept(context);
          break;
        }
      }
      return exit;
    }

    @Override
    public void close() {}
  }

  private static final class Names implements Translator {
    @Override
    public void translate(Translation translation) {}

    @Override
    public String disassemble(long hostAddress, int length, long pc) {
      return "word 0x%x of %d bytes".formatted(RawMemory.getShort(hostAddress) & 0xffff, length);
    }
  }

  /** A helper that counts its calls in its result, and changes x10. */
  private static class Counting implements Helper {
    private int calls;

    @Override
    public String name() {
      return "counting";
    }

    @Override
    public long call(Context context, long a, long b, long c) {
      calls++;
      Cpu cpu = context.cpu();
      cpu.state().set(TestCpu.X, 10, a + 100);
      return calls;
    }
  }

  private final List<String> notices = new ArrayList<>();
  private TestGuest guest;
  private Lockstep lockstep;

  @BeforeEach
  void open() {
    assumeTrue(X86BackEnd.available(), "the back end needs Linux on x86-64");
    guest = new TestGuest();
    lockstep = with(new X86BackEnd(FloatEnv.riscv(), 16 << 20));
  }

  @AfterEach
  void close() {
    if (guest != null) {
      lockstep.close();
      guest.close();
    }
  }

  private Lockstep with(BackEnd other) {
    return new Lockstep(new Interpreter(), other, cpu -> new Names(), notices::add);
  }

  private void replace(Consumer<ExecutionContext> wrong, Op where) {
    lockstep.close();
    lockstep = with(new Wrong(new Interpreter(), wrong, where));
  }

  private TestGuest.Outcome run(Consumer<Emitter> second) {
    return guest.run(lockstep, between(second), PC);
  }

  private long memory(int offset) {
    return guest.ram.get(0x2000 + offset, 1)[0];
  }

  // ---- what happens once -----------------------------------------------------------------------

  @Test
  void aRegisterOfADeviceIsReadOnce() {
    var outcome = run(e -> e.set(TestCpu.X, 5, e.load(WORD, Type.I64, e.constant(TestGuest.MMIO))));
    assertThat(guest.bus).containsExactly("read8 0x0");
    assertThat(guest.x(5)).isNotZero();
    assertThat(guest.x(1)).isEqualTo(1);
    assertThat(guest.x(2)).isEqualTo(1);
    assertThat(outcome).isEqualTo(new TestGuest.Outcome(Exit.LOOKUP, 0, 0, PC + 12, 3));
    assertThat(lockstep.compared()).isEqualTo(1);
  }

  @Test
  void aRegisterOfADeviceIsWrittenOnce() {
    run(e -> e.store(WORD, e.constant(TestGuest.MMIO + 8), e.constant(7)));
    assertThat(guest.bus).containsExactly("write8 0x8 0x7");
  }

  @Test
  void aDeviceRefusesOnce() {
    var outcome = run(e -> e.store(WORD, e.constant(TestGuest.MMIO + 2048), e.constant(7)));
    assertThat(guest.bus).hasSize(1);
    assertThat(outcome)
        .isEqualTo(new TestGuest.Outcome(Exit.EXCEPTION, 7, TestGuest.MMIO + 2048, PC + 4, 1));
  }

  @Test
  void memoryIsCountedOnce() {
    for (int i = 1; i <= 3; i++) {
      run(e -> {
        var old = e.rmw(WORD, Rmw.ADD, e.constant(DATA), e.constant(1));
        e.store(WORD, e.constant(DATA + 8), e.add(old, 1));
      });
      assertThat(memory(0)).isEqualTo(i);
      assertThat(memory(8)).isEqualTo(i);
    }
    assertThat(lockstep.notCompared()).isZero();
  }

  @Test
  void aHelperIsCalledOnce() {
    var helper = new Counting();
    run(e -> e.set(TestCpu.X, 5, e.call(helper, e.constant(3))));
    assertThat(helper.calls).isEqualTo(1);
    assertThat(guest.x(5)).isEqualTo(1);
    assertThat(guest.x(10)).isEqualTo(103);
  }

  @Test
  void aReservationIsUsedOnce() {
    run(e -> e.set(TestCpu.X, 5, e.loadLinked(WORD, Type.I64, e.constant(DATA))));
    for (int x = 6; x < 8; x++) {
      int into = x;
      run(e -> {
        var stored = e.storeConditional(WORD, e.constant(DATA), e.constant(into));
        e.set(TestCpu.X, into, e.widenUnsigned(stored));
      });
    }
    assertThat(guest.x(6)).as("stored").isEqualTo(1);
    assertThat(guest.x(7)).as("not stored").isZero();
    assertThat(memory(0)).isEqualTo(6);
  }

  @Test
  void anExceptionIsTheSame() {
    var outcome = run(e -> e.raise(2, e.constant(0x1234)));
    assertThat(outcome).isEqualTo(new TestGuest.Outcome(Exit.EXCEPTION, 2, 0x1234, PC + 4, 1));
    assertThat(guest.x(1)).isEqualTo(1);
  }

  @Test
  void aRequestToLeaveIsHeard() {
    guest.context().requestExit();
    assertThat(run(e -> {}).exit()).isEqualTo(Exit.POLL);
    assertThat(guest.x(1)).isZero();
  }

  /** A device's write that a unit causes itself is there before the second run begins. */
  @Test
  void whatADeviceWroteInBetweenIsNotCompared() {
    Helper device =
        new Counting() {
          @Override
          public long call(Context context, long a, long b, long c) {
            guest.ram.put(0x2000, new byte[] {42});
            return 0;
          }
        };
    run(e -> {
      var loaded = e.load(WORD, Type.I64, e.constant(DATA));
      e.store(WORD, e.constant(DATA + 64), e.constant(6));
      e.call(device);
      e.set(TestCpu.X, 5, loaded);
    });
    assertThat(guest.x(5)).isZero();
    assertThat(memory(64)).isEqualTo(6);
    assertThat(guest.x(2)).isEqualTo(1);
    assertThat(lockstep.notCompared()).isEqualTo(1);
    assertThat(lockstep.compared()).isZero();
    run(e -> {});
    run(e -> {});
    lockstep.close();
    assertThat(notices)
        .containsExactly(
            "lockstep: interp and x86_64 did the same in 2 runs of units; 1 were not compared,"
                + " because a device wrote in between to what they read");
    lockstep.close();
    assertThat(notices).as("said again").hasSize(1);
  }

  @Test
  void whoRanNothingHasNothingToSay() {
    lockstep.close();
    assertThat(notices).isEmpty();
  }

  // ---- what is different -----------------------------------------------------------------------

  @Test
  void aWrongRegisterIsReportedWithItsInstruction() {
    replace(context -> context.cpu().state().set(TestCpu.X, 5, 0xbad), Op.XOR);
    guest.ram.put(4, new byte[] {0x77, 0x66});
    guest.x(5, 1);
    assertThatThrownBy(
            () -> run(e -> e.set(TestCpu.X, 5, e.xor(e.get(TestCpu.X, 5), e.get(TestCpu.X, 1)))))
        .isInstanceOf(LockstepException.class)
        .message()
        .contains(
            "lockstep: wrong does not do what interp does, at pc 0x80000004: word 0x6677 of 4",
            "in a unit at pc 0x80000000 of 3; the first that differs is number 2.",
            "x5: interp 0x0, wrong 0xbad, before 0x1",
            "> 0x0000000080000004:  word 0x6677",
            "  0x0000000080000008:  word",
            "xor",
            "insn_start",
            "Code of wrong:\nthe code of wrong")
        .doesNotContain("x1: ", "memory 0x");
  }

  @Test
  void aWrongStoreIsReported() {
    replace(context -> guest.ram.put(0x2001, new byte[] {9}), Op.STORE);
    assertThatThrownBy(() -> run(e -> e.store(WORD, e.constant(DATA), e.constant(0x55))))
        .isInstanceOf(LockstepException.class)
        .message()
        .contains(
            "at pc 0x80000004",
            "memory 0x80002000, 8 bytes: interp 0x0000000000000055, wrong 0x0000000000000955,"
                + " before 0x0000000000000000");
  }

  @Test
  void aStoreTooManyIsReportedWhereItIsSlow() {
    replace(
        context -> {
          guest.mmu().flush();
          guest.mmu().store(DATA + 0x100, 1, WORD.bits());
        },
        Op.INSN_START);
    assertThatThrownBy(() -> run(e -> {}))
        .isInstanceOf(LockstepException.class)
        .hasMessageContaining("it stores 8 bytes at 0x80002100, the reference does not");
  }

  @Test
  void anAccessTooManyIsReported() {
    replace(context -> guest.mmu().load(TestGuest.MMIO, WORD.bits()), Op.INSN_START);
    assertThatThrownBy(() -> run(e -> {}))
        .isInstanceOf(LockstepException.class)
        .hasMessageContaining("it asks for read64(0x10000000), the reference for nothing more");
    assertThat(guest.bus).isEmpty();
  }

  @Test
  void aWrongCountIsReported() {
    replace(context -> RawMemory.putLong(context.state() + EngineState.RETIRED, 77), Op.INSN_START);
    assertThatThrownBy(() -> run(e -> {}))
        .isInstanceOf(LockstepException.class)
        .hasMessageContaining("instructions retired: interp 0x3, wrong 0x4d, before 0x0");
  }

  @Test
  void aWrongEndIsReported() {
    replace(context -> context.cpu().setPc(0x1000), Op.EXIT);
    assertThatThrownBy(() -> run(e -> {}))
        .isInstanceOf(LockstepException.class)
        .hasMessageContaining("pc: interp 0x8000000c, wrong 0x1000, before 0x0");
  }

  @Test
  void aBackEndThatFailsIsReported() {
    replace(
        context -> {
          throw new IllegalStateException("lost");
        },
        Op.INSN_START);
    assertThatThrownBy(() -> run(e -> {}))
        .isInstanceOf(LockstepException.class)
        .hasMessageContaining("it fails: java.lang.IllegalStateException: lost");
  }

  /** The machine code's listing, with the operations it was made of. */
  @Test
  void theReportShowsMachineCode() {
    try (var machine = new X86BackEnd(FloatEnv.riscv(), 16 << 20)) {
      IrUnit unit = between(e -> {});
      CompiledCode code = machine.compile(unit, 0);
      assertThat(code).isNotNull();
      assertThat(code.listing(unit)).contains("; unit_start 3", "; v", "exit").contains(":\t");
    }
  }

  @Test
  void anotherCpuIsRefused() {
    run(e -> {});
    try (var second = new TestGuest()) {
      IrUnit unit = between(e -> {});
      assertThatThrownBy(() -> second.run(lockstep, unit, PC))
          .isInstanceOf(IllegalStateException.class);
    }
  }
}
