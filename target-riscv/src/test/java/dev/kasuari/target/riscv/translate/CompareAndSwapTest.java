package dev.kasuari.target.riscv.translate;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.A1;
import static dev.kasuari.target.riscv.asm.Reg.A2;
import static dev.kasuari.target.riscv.asm.Reg.A3;
import static dev.kasuari.target.riscv.asm.Reg.A4;
import static dev.kasuari.target.riscv.asm.Reg.A5;
import static dev.kasuari.target.riscv.asm.Reg.RA;
import static dev.kasuari.target.riscv.asm.Reg.S0;
import static dev.kasuari.target.riscv.asm.Reg.S1;
import static dev.kasuari.target.riscv.asm.Reg.T0;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.amocasD;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.amocasDRv32;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.amocasQ;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.amocasW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import dev.kasuari.target.riscv.isa.RiscvEncoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Zacas: memory changes if it holds what is expected, and the register gets what it held. */
@Tag("fast")
class CompareAndSwapTest {
  private static final int DATA = 0x10_0000;
  private static final long FILL = 0x8765_4321_89ab_cdefL;

  @ParameterizedTest
  @CsvSource({
    // Width, expected, register after, memory after.
    "32, ffffffff89abcdef, ffffffff89abcdef, 8765432100000007",
    "32, 1234567889abcdef, ffffffff89abcdef, 8765432100000007",
    "32, 0, ffffffff89abcdef, 8765432189abcdef",
    "64, 8765432189abcdef, 8765432189abcdef, 7",
    "64, ffffffff89abcdef, 8765432189abcdef, 8765432189abcdef",
  })
  void swapsWhatIsEqual(int width, String expected, String after, String memory)
      throws InterruptedException {
    var a = new Assembler();
    a.li(S0, BareMetal.RAM + DATA);
    a.li(A0, Long.parseUnsignedLong(expected, 16));
    a.li(A1, 7);
    a.i(width == 32 ? amocasW(A0, S0, A1, 3) : amocasD(A0, S0, A1, 0));
    BareMetal.exit(a, 0);
    try (var machine = new BareMetal(RiscvModel.max(), 1, a)) {
      put(machine);
      machine.run();
      assertThat(machine.hart(0).x(A0)).isEqualTo(Long.parseUnsignedLong(after, 16));
      assertThat(get(machine)).isEqualTo(Long.parseUnsignedLong(memory, 16));
    }
  }

  @Test
  void with32BitsADoublewordIsInPairs() throws InterruptedException {
    var a = new Assembler(32);
    a.li(S0, BareMetal.RAM + DATA);
    a.li(A0, FILL);
    a.li(A1, FILL >> 32);
    a.li(A2, 0x1111_2222);
    a.li(A3, 0x9999_8888);
    a.i(amocasDRv32(A0, S0, A2, 0));
    // With x0 it is compared with zero and lost.
    a.i(amocasDRv32(0, S0, 0, 0));
    // It is no longer what is expected.
    a.i(amocasDRv32(A0, S0, A4, 0));
    BareMetal.exit(a, 0);
    try (var machine = new BareMetal(RiscvModel.max32(), 1, a)) {
      put(machine);
      machine.run();
      assertThat(machine.hart(0).x(A0)).isEqualTo(0x1111_2222);
      assertThat(machine.hart(0).x(A1)).isEqualTo(0xffff_ffff_9999_8888L);
      assertThat(get(machine)).isEqualTo(0x9999_8888_1111_2222L);
    }
  }

  private static final long FILL2 = 0x0fed_cba9_7654_3210L;

  /** On either back end: expected pair, then the pair found, then memory. */
  @ParameterizedTest
  @CsvSource({
    "interp, 8765432189abcdef, fedcba976543210, true",
    "interp, 8765432189abcdef, fedcba976543211, false",
    "interp, 8765432189abcdee, fedcba976543210, false",
    "x86_64, 8765432189abcdef, fedcba976543210, true",
    "x86_64, 8765432189abcdef, fedcba976543211, false",
    "x86_64, 8765432189abcdee, fedcba976543210, false",
    "x86_64 without cx16, 8765432189abcdef, fedcba976543210, true",
    "x86_64 without cx16, 8765432189abcdef, fedcba976543211, false",
    "x86_64 without cx16, 8765432189abcdee, fedcba976543210, false",
  })
  void sixteenBytesAreInPairs(String backEnd, String low, String high, boolean swapped)
      throws InterruptedException {
    var a = new Assembler();
    a.li(S0, BareMetal.RAM + DATA);
    a.li(A0, Long.parseUnsignedLong(low, 16));
    a.li(A1, Long.parseUnsignedLong(high, 16));
    a.li(A2, 7);
    a.li(A3, -9);
    a.i(amocasQ(A0, S0, A2, 3));
    BareMetal.exit(a, 0);
    try (var machine = bareMetal(backEnd, a)) {
      putPair(machine, FILL, FILL2);
      machine.run();
      assertThat(machine.hart(0).x(A0)).isEqualTo(FILL);
      assertThat(machine.hart(0).x(A1)).isEqualTo(FILL2);
      assertThat(pair(machine))
          .containsExactly(swapped ? new long[] {7, -9} : new long[] {FILL, FILL2});
    }
  }

  /** With x0 nothing is expected but zeros, zeros are stored, and what was there is lost. */
  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64", "x86_64 cold", "x86_64 without cx16"})
  void zeroIsAPairOfZeros(String backEnd) throws InterruptedException {
    var a = new Assembler();
    a.li(S0, BareMetal.RAM + DATA);
    a.li(RA, 55);
    a.li(A2, 7);
    a.li(A3, -9);
    a.i(amocasQ(0, S0, A2, 0)); // 0 becomes 7 and -9
    a.i(amocasQ(A2, S0, 0, 0)); // and 0 again
    a.i(amocasQ(A2, S0, A2, 0)); // which is not what is expected: it is loaded
    BareMetal.exit(a, 0);
    try (var machine = bareMetal(backEnd, a)) {
      putPair(machine, 0, 0);
      machine.run();
      assertThat(machine.hart(0).x(RA)).isEqualTo(55);
      assertThat(machine.hart(0).x(0)).isZero();
      assertThat(machine.hart(0).x(A2)).isZero();
      assertThat(machine.hart(0).x(A3)).isZero();
      assertThat(pair(machine)).containsExactly(0, 0);
    }
  }

  /** Aligned as a whole: eight bytes are not enough. */
  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64", "x86_64 cold", "x86_64 without cx16"})
  void halfAlignedIsMisaligned(String backEnd) throws InterruptedException {
    var a = new Assembler();
    var handler = a.label("handler");
    a.la(A5, handler);
    a.i(RiscvEncoder.csrrw(0, 0x305, A5));
    a.li(S0, BareMetal.RAM + DATA + 8);
    a.li(A0, 1);
    a.i(amocasQ(A0, S0, A2, 0));
    a.align(4);
    a.bind(handler);
    a.i(RiscvEncoder.csrrs(A4, 0x342, 0), RiscvEncoder.csrrs(A5, 0x343, 0));
    BareMetal.exit(a, 0);
    try (var machine = bareMetal(backEnd, a)) {
      machine.run();
      assertThat(machine.hart(0).x(A0)).isEqualTo(1);
      assertThat(machine.hart(0).x(A4)).isEqualTo(6);
      assertThat(machine.hart(0).x(A5)).isEqualTo(BareMetal.RAM + DATA + 8);
    }
  }

  /** Two harts count in both halves, each taking the pair as one; none ever finds it torn. */
  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64", "x86_64 cold", "x86_64 without cx16"})
  void twoHartsLoseNothing(String backEnd) throws InterruptedException {
    long rounds = 2000;
    var a = new Assembler();
    a.li(S0, BareMetal.RAM + DATA);
    a.li(S1, rounds);
    a.li(A0, 0);
    a.li(A1, 0);
    var torn = a.label("torn");
    var again = a.here("again");
    addPair(a, 1, -1);
    a.i(RiscvEncoder.add(T0, A0, A1));
    a.bnez(T0, torn);
    a.bnez(A4, again);
    a.i(RiscvEncoder.addi(S1, S1, -1));
    a.bnez(S1, again);
    untilFirstIs(a, 2 * rounds);
    a.bind(torn);
    BareMetal.exit(a, T0);
    try (var machine = bareMetal(backEnd, 2, a)) {
      putPair(machine, 0, 0);
      assertThat(machine.run()).as("sum of the two halves").isZero();
      assertThat(pair(machine)).containsExactly(2 * rounds, -2 * rounds);
    }
  }

  /** While one hart tries to exchange the pair, the other adds to its second half: both count. */
  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64", "x86_64 cold", "x86_64 without cx16"})
  void anotherAtomicOnOneHalfLosesNothing(String backEnd) throws InterruptedException {
    int end = 16;
    int exchanged = 24;
    int added = 32;
    var a = new Assembler();
    var other = a.label("other");
    a.li(S0, BareMetal.RAM + DATA);
    a.li(S1, 5000);
    a.li(T0, 0);
    a.i(RiscvEncoder.csrrs(A5, 0xf14, 0));
    a.bnez(A5, other);
    var again = a.here("again");
    addPair(a, 1, 1);
    a.i(RiscvEncoder.sltiu(A4, A4, 1), RiscvEncoder.add(T0, T0, A4));
    a.i(RiscvEncoder.addi(S1, S1, -1));
    a.bnez(S1, again);
    a.i(RiscvEncoder.sd(S0, T0, exchanged), RiscvEncoder.sd(S0, S0, end));
    var wait = a.here("wait");
    a.i(RiscvEncoder.ld(A5, S0, added));
    a.beqz(A5, wait);
    BareMetal.exit(a, 0);
    a.bind(other);
    a.li(A1, 1L << 32);
    a.i(RiscvEncoder.addi(A0, S0, 8));
    var more = a.here("more");
    a.i(RiscvEncoder.amoaddD(0, A0, A1, 0), RiscvEncoder.addi(T0, T0, 1));
    a.li(A5, 300); // or no pair stays what it was for long enough
    var pause = a.here("pause");
    a.i(RiscvEncoder.addi(A5, A5, -1));
    a.bnez(A5, pause);
    a.i(RiscvEncoder.ld(A5, S0, end));
    a.beqz(A5, more);
    a.i(RiscvEncoder.sd(S0, T0, added));
    a.j(a.here("ended"));
    try (var machine = bareMetal(backEnd, 2, a)) {
      putPair(machine, 0, 0);
      machine.run();
      var data = ByteBuffer.wrap(machine.ram().get(DATA, 40)).order(ByteOrder.LITTLE_ENDIAN);
      long pairs = data.getLong(exchanged);
      assertThat(pair(machine)).containsExactly(pairs, (data.getLong(added) << 32) + pairs);
    }
  }

  /** Registers whose number is odd are no pair, and RV32 has no pairs of 64 bits. */
  @Test
  void otherFormsAreIllegal() throws InterruptedException {
    int swap = amocasQ(A0, S0, A2, 0);
    assertThat(causeOf(RiscvModel.max(), new Assembler(), swap | 1 << 7)).isEqualTo(2);
    assertThat(causeOf(RiscvModel.max(), new Assembler(), swap | 1 << 20)).isEqualTo(2);
    assertThat(causeOf(RiscvModel.max32(), new Assembler(32), swap)).isEqualTo(2);
    assertThat(causeOf(RiscvModel.rv64(), new Assembler(), swap)).isEqualTo(2);
  }

  private static long causeOf(RiscvModel model, Assembler a, int instruction)
      throws InterruptedException {
    var handler = a.label("handler");
    a.la(A5, handler);
    a.i(RiscvEncoder.csrrw(0, 0x305, A5));
    a.li(S0, BareMetal.RAM + DATA);
    a.i(instruction);
    a.align(4);
    a.bind(handler);
    a.i(RiscvEncoder.csrrs(A4, 0x342, 0));
    BareMetal.exit(a, 0);
    try (var machine = new BareMetal(model, 1, a)) {
      machine.run();
      return machine.hart(0).x(A4);
    }
  }

  /** Tries to add to the pair at S0 that is believed to be A0 and A1; A4 is 0 if it was. */
  private static void addPair(Assembler a, int first, int second) {
    a.i(RiscvEncoder.addi(A2, A0, first), RiscvEncoder.addi(A3, A1, second));
    a.i(RiscvEncoder.addi(A4, A0, 0), RiscvEncoder.addi(A5, A1, 0));
    a.i(amocasQ(A0, S0, A2, 3));
    a.i(RiscvEncoder.xor(A4, A4, A0), RiscvEncoder.xor(A5, A5, A1), RiscvEncoder.or(A4, A4, A5));
  }

  private static void untilFirstIs(Assembler a, long value) {
    a.li(A4, value);
    var wait = a.here("wait");
    a.i(RiscvEncoder.ld(A5, S0, 0), RiscvEncoder.sub(A5, A5, A4));
    a.bnez(A5, wait);
  }

  private static BareMetal bareMetal(String backEnd, Assembler program) {
    return bareMetal(backEnd, 1, program);
  }

  private static BareMetal bareMetal(String backEnd, int harts, Assembler program) {
    return new BareMetal(RiscvModel.max(), harts, program, BackEnds.named(backEnd));
  }

  private static void putPair(BareMetal machine, long first, long second) {
    var bytes = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    machine.ram().put(DATA, bytes.putLong(0, first).putLong(8, second).array());
  }

  private static long[] pair(BareMetal machine) {
    var bytes = ByteBuffer.wrap(machine.ram().get(DATA, 16)).order(ByteOrder.LITTLE_ENDIAN);
    return new long[] {bytes.getLong(0), bytes.getLong(8)};
  }

  private static void put(BareMetal machine) {
    machine
        .ram()
        .put(DATA, ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, FILL).array());
  }

  private static long get(BareMetal machine) {
    return ByteBuffer.wrap(machine.ram().get(DATA, 8)).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }
}
