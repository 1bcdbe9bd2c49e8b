package dev.kasuari.target.riscv.asm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.target.riscv.isa.RiscvEncoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class AssemblerTest {
  private static final long SEED = 20260101;

  @Test
  void anyConstantCanBeLoaded() {
    var random = new Random(SEED);
    for (int n = 0; n < 20_000; n++) {
      long value = random.nextLong() >> random.nextInt(64) << random.nextInt(64);
      assertThat(run(assembled(value))).as("seed %d, value %x", SEED, value).isEqualTo(value);
    }
    for (long value : new long[] {0, -1, Long.MAX_VALUE, Long.MIN_VALUE, 0x7fffffff, 0x800}) {
      assertThat(run(assembled(value))).isEqualTo(value);
    }
  }

  private static byte[] assembled(long value) {
    var a = new Assembler();
    a.li(Reg.A0, value);
    return a.assemble();
  }

  /** lui, addi, addiw and slli on one register. */
  private static long run(byte[] program) {
    var code = ByteBuffer.wrap(program).order(ByteOrder.LITTLE_ENDIAN);
    long x = 0;
    while (code.hasRemaining()) {
      int insn = code.getInt();
      long source = (insn >> 15 & 31) == 0 ? 0 : x;
      x =
          switch (insn & 0x707f) {
            case 0x13 -> source + (insn >> 20);
            case 0x1b -> (int) (source + (insn >> 20));
            case 0x1013 -> source << (insn >> 20 & 63);
            default -> {
              assertThat(insn & 0x7f).isEqualTo(0x37);
              yield insn & 0xfffff000;
            }
          };
    }
    return x;
  }

  @Test
  void labelsReachBothWays() {
    var a = new Assembler();
    Label end = a.label("end");
    Label start = a.here("start");
    a.beqz(Reg.A0, end);
    a.j(start);
    a.bind(end);
    a.la(Reg.A1, start);
    var code = ByteBuffer.wrap(a.assemble()).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(code.getInt()).isEqualTo(RiscvEncoder.beq(Reg.A0, 0, 8));
    assertThat(code.getInt()).isEqualTo(RiscvEncoder.jal(0, -4));
    assertThat(code.getInt()).isEqualTo(RiscvEncoder.auipc(Reg.A1, 0));
    assertThat(code.getInt()).isEqualTo(RiscvEncoder.addi(Reg.A1, Reg.A1, -8));
  }

  @Test
  void aBranchOutOfReachNamesItsLabel() {
    var a = new Assembler();
    Label far = a.label("far");
    a.beqz(Reg.A0, far);
    a.space(8192);
    a.bind(far);
    assertThatThrownBy(a::assemble)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("far");
  }
}
