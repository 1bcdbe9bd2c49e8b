package dev.kasuari.target.riscv.translate;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.A1;
import static dev.kasuari.target.riscv.asm.Reg.A2;
import static dev.kasuari.target.riscv.asm.Reg.A3;
import static dev.kasuari.target.riscv.asm.Reg.RA;
import static dev.kasuari.target.riscv.asm.Reg.S1;
import static dev.kasuari.target.riscv.asm.Reg.S4;
import static dev.kasuari.target.riscv.asm.Reg.S5;
import static dev.kasuari.target.riscv.asm.Reg.S6;
import static dev.kasuari.target.riscv.asm.Reg.S7;
import static dev.kasuari.target.riscv.asm.Reg.S8;
import static dev.kasuari.target.riscv.asm.Reg.T0;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.*;
import static dev.kasuari.target.riscv.translate.MachineMode.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.Dma;
import dev.kasuari.machine.memory.DmaFault;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.MmioHandler;
import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.asm.Label;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A unit is written over while its instruction k runs, for each k: what it was made of stays until
 * it is left or changes at once, and after a fence it is what memory holds.
 */
@Tag("fast")
class InvalidationTest {
  /** Who writes. */
  enum Writer {
    /** The unit's own store. */
    ITSELF,
    /** A device, on behalf of the unit's store to it. */
    DEVICE,
    /** Another thread, while the unit waits for a device. */
    THREAD
  }

  /** Instructions of the unit besides the one that has it written over; every fifth counts. */
  private static final int COUNT = 25;

  private static final int EVERY = 5;
  private static final int OLD = addi(A0, A0, 1);
  private static final int NEW = addi(A1, A1, 1);
  private static final int FS = 1 << 13;
  private static final long DEVICE = 0x1000_0000L;
  private static final int DATA = 0x70_0000;
  private static final int RESULTS = 0x60_0000;
  private static final int WORDS = 5;

  /**
   * What two passes through a unit have left.
   *
   * @param old how often counting instructions ran as they were
   * @param replaced how often as what one of them became
   */
  private record Result(long old, long replaced, long sum, long floating, long retired) {}

  /** A unit in its own page. */
  private record Body(int writing, int written) {}

  private static List<Body> bodies() {
    List<Body> all = new ArrayList<>();
    for (int writing = 0; writing <= COUNT; writing++) {
      for (int written = 0; written < COUNT; written += EVERY) {
        all.add(new Body(writing, written));
      }
    }
    return all;
  }

  private static int instruction(int i) {
    return switch (i % EVERY) {
      case 0 -> OLD;
      case 1 -> ld(A2, S1, 8);
      case 2 -> add(A3, A3, A2);
      case 3 -> sd(S1, A3, 16);
      default -> faddD(1, 1, 2, 7);
    };
  }

  private static void body(Assembler a, Body body, Writer writer, Label begin, Label target) {
    a.align(4096);
    a.bind(begin);
    for (int i = 0; i <= COUNT; i++) {
      if (i == body.writing) {
        a.i(writer == Writer.ITSELF ? sw(S5, S4, 0) : sd(S6, S5, 0));
      }
      if (i == body.written) {
        a.bind(target);
      }
      if (i < COUNT) {
        a.i(instruction(i));
      }
    }
    a.ret();
  }

  private static Assembler program(Writer writer) {
    var a = new Assembler();
    a.li(T0, FS);
    a.i(csrrs(0, MSTATUS, T0));
    a.li(S1, BareMetal.RAM + DATA);
    a.li(S4, NEW & 0xffff_ffffL);
    a.li(S6, DEVICE);
    a.li(S7, BareMetal.RAM + RESULTS);
    a.li(S8, Double.doubleToRawLongBits(0.5));
    List<Label> begins = new ArrayList<>();
    List<Label> targets = new ArrayList<>();
    List<Body> bodies = bodies();
    for (Body body : bodies) {
      begins.add(a.label("begin " + body));
      targets.add(a.label("target " + body));
    }
    for (int i = 0; i < bodies.size(); i++) {
      Label begin = begins.get(i);
      a.i(addi(A0, 0, 0), addi(A1, 0, 0), addi(A2, 0, 3), addi(A3, 0, 0));
      a.i(fmvDX(1, 0), fmvDX(2, S8), csrrw(0, MINSTRET, 0));
      a.la(S5, targets.get(i));
      a.to(begin, d -> jal(RA, d));
      a.i(fenceI());
      a.to(begin, d -> jal(RA, d));
      a.i(csrrs(T0, MINSTRET, 0), sd(S7, T0, 32));
      a.i(sd(S7, A0, 0), sd(S7, A1, 8), sd(S7, A3, 16), fsd(S7, 1, 24));
      a.i(addi(S7, S7, 8 * WORDS));
    }
    BareMetal.exit(a, 0);
    for (int i = 0; i < bodies.size(); i++) {
      body(a, bodies.get(i), writer, begins.get(i), targets.get(i));
    }
    return a;
  }

  /** Writes the new instruction where it is told to. */
  private record Overwriting(Dma dma, boolean inThread) implements MmioHandler {
    @Override
    public long read(long offset, int size, BusAccess access) {
      return 0;
    }

    @Override
    public void write(long offset, int size, long value, BusAccess access) {
      if (!inThread) {
        overwrite(value);
        return;
      }
      var thread = new Thread(() -> overwrite(value));
      thread.start();
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }

    private void overwrite(long address) {
      try {
        dma.write32(address, NEW);
      } catch (DmaFault e) {
        throw new AssertionError(e);
      }
    }
  }

  private static List<Result> run(Writer writer, String backEnd) throws InterruptedException {
    try (var machine =
        new BareMetal(RiscvModel.rv64(), 1, program(writer), BackEnds.named(backEnd))) {
      var device = new Overwriting(machine.machine().memory().dma(1), writer == Writer.THREAD);
      machine
          .machine()
          .locked(
              () -> machine.machine().root().add(DEVICE, MemoryRegion.mmio("writer", 8, device)));
      machine.run();
      List<Result> results = new ArrayList<>();
      int count = bodies().size();
      var words =
          ByteBuffer.wrap(machine.ram().get(RESULTS, 8 * WORDS * count))
              .order(ByteOrder.LITTLE_ENDIAN)
              .asLongBuffer();
      for (int i = 0; i < count; i++) {
        results.add(new Result(words.get(), words.get(), words.get(), words.get(), words.get()));
      }
      return results;
    }
  }

  @ParameterizedTest
  @EnumSource
  void aUnitIsWrittenOverAtEachOfItsInstructions(Writer writer) throws InterruptedException {
    List<Result> interpreted = run(writer, "interp");
    List<Body> bodies = bodies();
    for (int i = 0; i < bodies.size(); i++) {
      Body body = bodies.get(i);
      Result result = interpreted.get(i);
      boolean before = body.written < body.writing;
      assertThat(result.old + result.replaced).as("%s", body).isEqualTo(2 * COUNT / EVERY);
      // Unprivileged manual, chapter 5: until FENCE.I a hart may execute either.
      assertThat(result.replaced).as("%s", body).isBetween(1L, before ? 1L : 2L);
      // Two passes of calls and their return, a fence and the end; the count does not count itself.
      assertThat(result.retired).as("%s", body).isEqualTo(2 * (COUNT + 1 + 2) + 1 + 2);
      double floating = Double.longBitsToDouble(result.floating);
      assertThat(floating).as("%s", body).isEqualTo(2 * COUNT / EVERY * 0.5);
    }
    assertThat(run(writer, "x86_64")).isEqualTo(interpreted);
    assertThat(run(writer, "x86_64 cold")).isEqualTo(interpreted);
  }
}
