package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.TestGuest.between;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.memory.AddressSpace;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.BusResult;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.tcg.CompiledCode;
import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.ExecutionLog;
import dev.kasuari.tcg.Exit;
import dev.kasuari.tcg.SoftMmu;
import dev.kasuari.tcg.TestCpu;
import dev.kasuari.tcg.TestGuest;
import dev.kasuari.tcg.TranslationBlock;
import dev.kasuari.tcg.ir.Block;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.Emitter;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.Helper;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.MemDesc;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The boundary between machine code and Java: exits, resumption, recovery, faults, life. */
@Tag("fast")
class X86BackEndTest {
  private static final long PC = TestGuest.RAM;
  private static final MemDesc WORD = MemDesc.of(4);

  private X86BackEnd backEnd;
  private TestGuest guest;

  @BeforeEach
  void open() {
    assumeTrue(X86BackEnd.available(), "the back end needs Linux on x86-64");
    backEnd = new X86BackEnd(FloatEnv.riscv());
    guest = new TestGuest();
  }

  @AfterEach
  void close() {
    if (backEnd != null) {
      backEnd.close();
      guest.close();
    }
  }

  private TestGuest.Outcome run(Consumer<Emitter> second) {
    IrUnit unit = between(second);
    return guest.run(backEnd, unit, PC);
  }

  // ---- exits and resumption --------------------------------------------------------------------

  @Test
  void aLoadFromRegistersResumesWithEveryValueInPlace() {
    for (int i = 0; i < 16; i++) {
      guest.x(i, 1000 + i);
    }
    var outcome =
        run(e -> {
          List<Value> live = new ArrayList<>();
          for (int i = 0; i < 16; i++) {
            live.add(e.get(TestCpu.X, i));
          }
          Value loaded = e.load(WORD, Type.I64, e.constant(TestGuest.MMIO + 0x10));
          e.set(TestCpu.X, 20, loaded);
          for (int i = 0; i < 16; i++) {
            e.set(TestCpu.X, i, e.add(live.get(i), 5));
          }
        });
    assertThat(guest.bus).containsExactly("read4 0x10");
    assertThat(guest.x(20)).isNotZero().isLessThan(1L << 32);
    assertThat(guest.x(0)).isEqualTo(1005);
    assertThat(guest.x(1)).as("counted, then read").isEqualTo(1007);
    for (int i = 3; i < 16; i++) {
      assertThat(guest.x(i)).as("x%d", i).isEqualTo(1005 + i);
    }
    assertThat(outcome).isEqualTo(new TestGuest.Outcome(Exit.LOOKUP, 0, 0, PC + 12, 3));
  }

  @Test
  void aStoreToRegistersResumes() {
    run(e -> e.store(MemDesc.of(2), e.constant(TestGuest.MMIO + 2), e.constant32(-2)));
    assertThat(guest.bus).containsExactly("write2 0x2 0xfffe");
    assertThat(guest.x(2)).isEqualTo(1);
  }

  @Test
  void aSecondAccessToAPageStaysInTheCode() {
    guest.ram.put(0x2000, new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
    IrUnit unit = between(e -> e.set(TestCpu.X, 5, e.load(WORD, Type.I64, e.get(TestCpu.X, 4))));
    var block = TestGuest.block(backEnd, unit);
    guest.x(4, TestGuest.RAM + 0x2000);
    guest.run(backEnd, block, PC);
    assertThat(guest.x(5)).isEqualTo(0x04030201);
    // A fast access looks at no tag but its own: what else is known of the page may be wrong.
    long entry = guest.mmu().entryFor(TestGuest.RAM + 0x2000, 0);
    RawMemory.putLong(entry + SoftMmu.WRITE_TAG, -1);
    RawMemory.putLong(entry + SoftMmu.ADDEND, RawMemory.getLong(entry + SoftMmu.ADDEND) + 4);
    guest.run(backEnd, block, PC);
    assertThat(guest.x(5)).as("through the table").isEqualTo(0x08070605);
  }

  @Test
  void aDisplacedEntryComesBackWithoutLeavingTheCode() {
    guest.ram.put(0x2000, new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
    IrUnit load = between(e -> e.set(TestCpu.X, 5, e.load(WORD, Type.I64, e.get(TestCpu.X, 4))));
    IrUnit store = between(e -> e.store(WORD, e.add(e.get(TestCpu.X, 4), 4), e.get(TestCpu.X, 6)));
    var loading = TestGuest.block(backEnd, load);
    var storing = TestGuest.block(backEnd, store);
    long[] pages = {TestGuest.RAM + 0x2000, (1L << 40) + TestGuest.RAM + 0x2000};
    for (long page : pages) {
      guest.x(4, page);
      guest.run(backEnd, loading, PC);
    }
    List<String> slow = new ArrayList<>();
    guest.mmu().attach(new SlowAccesses(slow));
    long entry = guest.mmu().entryFor(pages[0], 0);
    for (int i = 0; i < 10; i++) {
      guest.x(4, pages[i & 1]);
      guest.x(6, 100 + i);
      guest.run(backEnd, i % 3 == 0 ? loading : storing, PC);
      guest.run(backEnd, i % 3 == 0 ? storing : loading, PC);
      assertThat(RawMemory.getLong(entry + SoftMmu.READ_TAG)).isEqualTo(pages[i & 1]);
      assertThat(RawMemory.getLong(entry + SoftMmu.WRITE_TAG)).as("open").isEqualTo(pages[i & 1]);
      assertThat(guest.x(5)).isEqualTo(0x04030201);
      assertThat(guest.ram.get(0x2004, 1)).containsExactly(100 + i);
    }
    assertThat(slow).isEmpty();
    // Who closes write paths sees to it that the next write asks, wherever the entry went.
    guest.mmu().closeWrites(guest.ram.ramBase() + 0x2000, 4096);
    for (long page : pages) {
      guest.x(4, page);
      guest.run(backEnd, storing, PC);
    }
    assertThat(slow).containsExactly("store", "store");
  }

  /** Writes down which accesses came to Java. */
  private record SlowAccesses(List<String> seen) implements ExecutionLog {
    @Override
    public BusResult access(AddressSpace space, BusAccess access) {
      return space.access(access);
    }

    @Override
    public long answer() {
      return 0;
    }

    @Override
    public long call(ExecutionContext context, Helper helper, long a, long b, long c) {
      return 0;
    }

    @Override
    public void loading(long host, int size) {
      seen.add("load");
    }

    @Override
    public void storing(long virtual, long host, int size, RamBlock ram, long offset) {
      seen.add("store");
    }

    @Override
    public boolean takesBack() {
      return false;
    }

    @Override
    public void flushed() {
      seen.add("flush");
    }
  }

  @Test
  void aPageFaultLeavesTheStateBeforeItsInstruction() {
    guest.cpu.protect(TestGuest.RAM + 0x3000, TestCpu.Protection.NONE);
    var outcome =
        run(e -> {
          Value value = e.load(WORD, Type.I64, e.constant(TestGuest.RAM + 0x3008));
          e.set(TestCpu.X, 1, value);
        });
    assertThat(outcome)
        .isEqualTo(new TestGuest.Outcome(Exit.EXCEPTION, 13, TestGuest.RAM + 0x3008, PC + 4, 1));
    assertThat(guest.x(1)).isEqualTo(1);
    assertThat(guest.x(2)).isZero();
    assertThat(guest.cpu.state().get(TestCpu.WORD)).isEqualTo(0x20);
    assertThat(guest.mmu().faulted).isFalse();
  }

  @Test
  void aStoreToAProtectedPageFaultsAfterLoadsFromItWentFast() {
    guest.cpu.protect(TestGuest.RAM + 0x3000, TestCpu.Protection.READ);
    var outcome =
        run(e -> {
          Value address = e.constant(TestGuest.RAM + 0x3000);
          Value first = e.load(WORD, Type.I64, address);
          Value second = e.load(WORD, Type.I64, address);
          e.store(WORD, address, e.add(first, second));
        });
    assertThat(outcome)
        .isEqualTo(new TestGuest.Outcome(Exit.EXCEPTION, 15, TestGuest.RAM + 0x3000, PC + 4, 1));
    assertThat(guest.cpu.walks).isEqualTo(2);
  }

  /** A displaced entry is found by the page of the last byte, and holds for that page alone. */
  @Test
  void anAccessAcrossPagesDoesNotGoThroughADisplacedEntryOfTheSecond() {
    long second = TestGuest.RAM + 0x3000;
    guest.cpu.protect(TestGuest.RAM + 0x2000, TestCpu.Protection.READ);
    run(e -> e.store(WORD, e.constant(second), e.constant32(1)));
    // Nothing is there, but it takes the place of the second page.
    run(e -> e.set(TestCpu.X, 5, e.load(WORD, Type.I64, e.constant(TestGuest.VOID + 0x3000))));
    var outcome = run(e -> e.store(MemDesc.of(2), e.constant(second - 1), e.constant32(-1)));
    assertThat(outcome.exit()).isEqualTo(Exit.EXCEPTION);
    assertThat(outcome.cause()).isEqualTo(15);
    assertThat(outcome.value()).isEqualTo(second - 1);
    assertThat(guest.ram.get(0x3000, 4)).containsExactly(1, 0, 0, 0);
  }

  private record Watch(List<String> seen, boolean raises) implements Helper {
    @Override
    public String name() {
      return "watch";
    }

    @Override
    public long call(Context context, long a, long b, long c) {
      var cpu = (TestCpu) context.cpu();
      long x1 = cpu.state().get(TestCpu.X, 1);
      seen.add("pc 0x%x, x1 %d, %d %d %d".formatted(cpu.pc(), x1, a, b, c));
      if (raises) {
        context.raise(77, a);
      }
      return a + b;
    }
  }

  @Test
  void aHelperSeesTheStateAndItsResultComesBack() {
    List<String> seen = new ArrayList<>();
    var outcome =
        run(e -> {
          Value two = e.call(new Watch(seen, false), e.constant(40), e.constant(2));
          e.set(TestCpu.X, 9, two);
        });
    assertThat(seen).containsExactly("pc 0x80000004, x1 1, 40 2 0");
    assertThat(guest.x(9)).isEqualTo(42);
    assertThat(outcome.retired()).isEqualTo(3);
  }

  @Test
  void aHelperThatRaisesEndsTheUnitAtItsInstruction() {
    List<String> seen = new ArrayList<>();
    var outcome = run(e -> e.call(new Watch(seen, true), e.constant(-1)));
    assertThat(outcome).isEqualTo(new TestGuest.Outcome(Exit.EXCEPTION, 77, -1, PC + 4, 1));
    assertThat(guest.x(2)).isZero();
  }

  @Test
  void raiseAndEveryWayToLeaveCountWhatRan() {
    assertThat(run(e -> e.raise(3, e.constant(99))))
        .isEqualTo(new TestGuest.Outcome(Exit.EXCEPTION, 3, 99, PC + 4, 1));
    assertThat(run(e -> e.exit(ExitReason.HALT, e.pc(8))))
        .isEqualTo(new TestGuest.Outcome(Exit.HALT, 0, 0, PC + 8, 1 + 2));
    assertThat(run(e -> e.exit(ExitReason.DEBUG, e.pc(8))))
        .isEqualTo(new TestGuest.Outcome(Exit.DEBUG, 0, 0, PC + 8, 3 + 2));
    assertThat(run(e -> e.jump(e.constant(0x1234_5678_9abcL))))
        .isEqualTo(new TestGuest.Outcome(Exit.LOOKUP, 0, 0, 0x1234_5678_9abcL, 5 + 2));
    assertThat(run(e -> e.gotoUnit(-32, Emitter.NO_LINK)))
        .isEqualTo(new TestGuest.Outcome(Exit.LOOKUP, 0, 0, PC - 32, 7 + 2));
    // The third instruction is in these units, and is left before.
    var outcome =
        run(e -> {
          Block out = e.block();
          Block on = e.block();
          e.brcond(Cond.EQ, e.get(TestCpu.X, 8), e.constant(0), out, on);
          e.bind(out);
          e.exit(ExitReason.LOOKUP, e.pc(100));
          e.bind(on);
        });
    assertThat(outcome).isEqualTo(new TestGuest.Outcome(Exit.LOOKUP, 0, 0, PC + 100, 9 + 2));
  }

  @Test
  void aKickIsSeenBeforeTheFirstInstruction() {
    guest.context().requestExit();
    var outcome = run(e -> e.set(TestCpu.X, 3, e.constant(1)));
    assertThat(outcome).isEqualTo(new TestGuest.Outcome(Exit.POLL, 0, 0, PC, 0));
    assertThat(guest.x(1)).isZero();
  }

  // ---- from unit to unit -----------------------------------------------------------------------

  private static IrUnit counter(long delta, int slot) {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, false);
    e.set(TestCpu.X, 1, e.add(e.get(TestCpu.X, 1), 1));
    e.gotoUnit(delta, slot);
    return e.finish();
  }

  @Test
  void anUnchainedGotoAsksTheLoopToChainIt() {
    TranslationBlock first = TestGuest.block(backEnd, counter(8, 1));
    assertThat(guest.run(backEnd, first, PC).pc()).isEqualTo(PC + 8);
    assertThat(guest.context().linkFrom).isSameAs(first);
    assertThat(guest.context().linkSlot).isEqualTo(1);
  }

  @Test
  void chainedBlocksFollowEachOtherWithTheirAddresses() {
    TranslationBlock first = TestGuest.block(backEnd, counter(8, 0));
    TranslationBlock second = TestGuest.block(backEnd, counter(16, Emitter.NO_LINK), PC + 8);
    TestGuest.link(first, 0, second);
    var outcome = guest.run(backEnd, first, PC);
    assertThat(outcome).isEqualTo(new TestGuest.Outcome(Exit.LOOKUP, 0, 0, PC + 24, 2));
    assertThat(guest.x(1)).isEqualTo(2);
    assertThat(guest.context().linkFrom).isNull();
  }

  @Test
  void aComputedJumpFindsWhatTheJumpCacheKnows() {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, false);
    e.jump(e.get(TestCpu.X, 7));
    TranslationBlock jump = TestGuest.block(backEnd, e.finish());
    guest.know(PC + 64, TestGuest.block(backEnd, counter(4, Emitter.NO_LINK), PC + 64));
    guest.x(7, PC + 64);
    assertThat(guest.run(backEnd, jump, PC).pc()).isEqualTo(PC + 68);
    guest.context().noChain = true;
    assertThat(guest.run(backEnd, jump, PC).pc()).isEqualTo(PC + 64);
  }

  /** More values than a frame holds. */
  private static IrUnit wide(int values, int slot) {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, false);
    List<Value> live = new ArrayList<>();
    for (int i = 0; i < values; i++) {
      live.add(e.mul(e.get(TestCpu.X, i % 32), e.constant(i)));
    }
    Value sum = e.constant(0);
    for (Value value : live) {
      sum = e.add(sum, value);
    }
    e.set(TestCpu.X, 2, sum);
    e.gotoUnit(4, slot);
    return e.finish();
  }

  @Test
  void aUnitThatNeedsMoreFrameThanThereIsIsInterpreted() {
    int n = EngineState.FRAME_BYTES / 8 + 100;
    TranslationBlock block = TestGuest.block(backEnd, wide(n, Emitter.NO_LINK));
    assertThat(block.code()).isNotInstanceOf(X86Code.class);
    for (int i = 0; i < 32; i++) {
      guest.x(i, 1);
    }
    guest.run(backEnd, block, PC);
    assertThat(guest.x(2)).isEqualTo((long) n * (n - 1) / 2);
  }

  @Test
  void emittedBlocksAreFollowedByInterpretedOnes() {
    TranslationBlock interpreted =
        TestGuest.block(backEnd, wide(EngineState.FRAME_BYTES / 8 + 100, 0), PC + 8);
    TranslationBlock emitted = TestGuest.block(backEnd, counter(8, 0), PC);
    TestGuest.link(emitted, 0, interpreted);
    TestGuest.link(interpreted, 0, emitted);
    // What is interpreted always comes back.
    for (int round = 1; round <= 3; round++) {
      assertThat(guest.run(backEnd, emitted, PC).exit()).isEqualTo(Exit.LOOKUP);
      assertThat(guest.cpu.pc()).isEqualTo(PC + 8 + 4);
      assertThat(guest.x(1)).isEqualTo(round);
    }
    guest.context().requestExit();
    assertThat(guest.run(backEnd, interpreted, PC + 8).exit()).isEqualTo(Exit.POLL);
    assertThat(guest.cpu.pc()).isEqualTo(PC + 8);
  }

  // ---- room ------------------------------------------------------------------------------------

  @Test
  void whenThereIsNoRoomTheOldestCodeGoes() {
    try (var small = new X86BackEnd(FloatEnv.riscv(), Stubs.BYTES + 4096)) {
      IrUnit unit = counter(4, Emitter.NO_LINK);
      List<CompiledCode> made = new ArrayList<>();
      CompiledCode code = small.compile(unit, 0);
      while (code != null) {
        made.add(code);
        code = small.compile(unit, 0);
      }
      assertThat(made).hasSizeGreaterThan(2);
      for (int segment = 1; segment < 8; segment++) {
        Predicate<CompiledCode> gone = small.reclaim();
        assertThat(made).noneMatch(gone);
        while (small.compile(unit, 0) != null) {}
      }
      assertThat(made).allMatch(small.reclaim());
      assertThat(guest.run(small, unit, PC).pc()).isEqualTo(PC + 4);
    }
  }

  // ---- faults of the code itself ---------------------------------------------------------------

  /** Makes the soft MMU's answer for a page point nowhere. */
  private void breakTable() {
    long entry = guest.mmu().entryFor(TestGuest.RAM + 0x2000, 0);
    RawMemory.putLong(entry + SoftMmu.ADDEND, 0x1000 - (TestGuest.RAM + 0x2000));
  }

  @SuppressWarnings("NullAway") // The point is that nothing checks.
  private static int length(int @org.jspecify.annotations.Nullable [] array) {
    return array.length;
  }

  private static void nullPointer() {
    for (int i = 0; i < 20_000; i++) {
      assertThat(length(new int[1])).isEqualTo(1);
    }
    assertThatThrownBy(() -> length(null)).isInstanceOf(NullPointerException.class);
  }

  @Test
  void aFaultInAUnitIsAReportAndTheProcessGoesOn() {
    IrUnit unit = between(e -> e.set(TestCpu.X, 5, e.load(WORD, Type.I64, e.get(TestCpu.X, 4))));
    var block = TestGuest.block(backEnd, unit);
    guest.x(4, TestGuest.RAM + 0x2004);
    guest.run(backEnd, block, PC);
    guest.context().setUnits(wanted -> unit);
    breakTable();
    double before = 0.1 + Double.parseDouble("0.2");
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> guest.run(backEnd, block, PC))
          .isInstanceOf(CodeFaultException.class)
          .hasMessageContaining("signal 11 for address 0x1004")
          .hasMessageContaining("load [u4le mmu0]")
          .hasMessageContaining("guest pc 0x80000004");
      nullPointer();
    }
    guest.context().setUnits(wanted -> null);
    assertThatThrownBy(() -> guest.run(backEnd, block, PC))
        .isInstanceOf(CodeFaultException.class)
        .hasMessageContaining(
            "signal 11 for address 0x1004 in the code of a unit at pc 0x80000000");
    assertThat(0.1 + Double.parseDouble("0.2")).isEqualTo(before);
    guest.mmu().flush();
    assertThat(guest.run(backEnd, block, PC).exit()).isEqualTo(Exit.LOOKUP);
  }

  @Test
  void aFaultOfOneMachineDoesNotTouchAnother() throws InterruptedException {
    IrUnit unit = between(e -> e.set(TestCpu.X, 5, e.load(WORD, Type.I64, e.get(TestCpu.X, 4))));
    List<Throwable> failures = new ArrayList<>();
    var neighbour =
        new Thread(() -> {
          try (var other = new X86BackEnd(FloatEnv.riscv());
              var guest2 = new TestGuest()) {
            guest2.x(4, TestGuest.RAM + 0x2004);
            var block = TestGuest.block(other, unit);
            for (int i = 0; i < 5_000; i++) {
              guest2.run(other, block, PC);
            }
            assertThat(guest2.x(1)).isEqualTo(5_000);
          } catch (Throwable e) {
            failures.add(e);
          }
        });
    neighbour.start();
    var block = TestGuest.block(backEnd, unit);
    guest.x(4, TestGuest.RAM + 0x2004);
    for (int i = 0; i < 500; i++) {
      guest.mmu().flush();
      guest.run(backEnd, block, PC);
      breakTable();
      assertThatThrownBy(() -> guest.run(backEnd, block, PC))
          .isInstanceOf(CodeFaultException.class);
    }
    neighbour.join();
    assertThat(failures).isEmpty();
  }

  // ---- life ------------------------------------------------------------------------------------

  private static long codeMappings() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> line.endsWith(" /dev/zero (deleted)"))
        .count();
  }

  @Test
  void closingGivesEverythingBack() throws IOException {
    long before = codeMappings();
    for (int i = 0; i < 20; i++) {
      try (var another = new X86BackEnd(FloatEnv.riscv())) {
        guest.run(another, counter(4, Emitter.NO_LINK), PC);
        assertThat(codeMappings()).isEqualTo(before + 2);
      }
    }
    assertThat(codeMappings()).isEqualTo(before);
    nullPointer();
  }

  @Test
  void oneTooManyIsRefusedAndTakesNothing() throws IOException {
    List<X86BackEnd> others = new ArrayList<>();
    long before = codeMappings();
    try {
      for (int i = 0; i < 100; i++) {
        others.add(new X86BackEnd(FloatEnv.riscv(), 1 << 20));
      }
      throw new AssertionError("there is no limit");
    } catch (UnsupportedOperationException e) {
      assertThat(e).hasMessageContaining("no room for more");
      assertThat(codeMappings()).isEqualTo(before + 2L * others.size());
    } finally {
      others.forEach(X86BackEnd::close);
    }
    assertThat(codeMappings()).isEqualTo(before);
  }

  @Test
  void itIsNamedAsTheOptionNamesIt() {
    assertThat(backEnd.name()).isEqualTo("x86_64");
  }
}
