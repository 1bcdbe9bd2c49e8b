package dev.kasuari.target.riscv.translate;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.A1;
import static dev.kasuari.target.riscv.asm.Reg.A2;
import static dev.kasuari.target.riscv.asm.Reg.A3;
import static dev.kasuari.target.riscv.asm.Reg.A4;
import static dev.kasuari.target.riscv.asm.Reg.S0;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.amocasD;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.amocasDRv32;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.amocasW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  private static void put(BareMetal machine) {
    machine
        .ram()
        .put(DATA, ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, FILL).array());
  }

  private static long get(BareMetal machine) {
    return ByteBuffer.wrap(machine.ram().get(DATA, 8)).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }
}
