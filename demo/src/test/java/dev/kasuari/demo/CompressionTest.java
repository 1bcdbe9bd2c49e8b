package dev.kasuari.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.riscv.isa.RiscvDisassembler;
import dev.kasuari.target.riscv.isa.RiscvEncoder;
import dev.kasuari.target.riscv.isa.RiscvFeatures;
import dev.kasuari.target.riscv.isa.RiscvGenerator;
import dev.kasuari.target.riscv.isa.RiscvPatterns;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class CompressionTest {
  private static final long SEED = 20260101;
  private static final long BASE =
      RiscvFeatures.RV64 | RiscvFeatures.M | RiscvFeatures.A | RiscvFeatures.ZICSR;

  @Test
  void theCompressedFormMeansTheSame() {
    var generator =
        new RiscvGenerator(new Random(SEED), BASE, pattern -> true, CompressionTest::small);
    Map<String, Integer> compressions = new TreeMap<>();
    for (int n = 0; n < 50_000; n++) {
      int insn = generator.encode(generator.pattern());
      int compressed = Compression.compress(insn);
      if (compressed != 0) {
        assertThat(compressed & 3).as("length of 0x%04x", compressed).isNotEqualTo(3);
        assertThat(plain(compressed)).as("seed %d, 0x%08x", SEED, insn).isEqualTo(plain(insn));
        compressions.merge(mnemonic(compressed), 1, Integer::sum);
      }
    }
    assertThat(compressions.keySet())
        .contains(
            "c.add",
            "c.addi",
            "c.addi16sp",
            "c.and",
            "c.andi",
            "c.ebreak",
            "c.jalr",
            "c.jr",
            "c.ld",
            "c.ldsp",
            "c.li",
            "c.lw",
            "c.lwsp",
            "c.mv",
            "c.or",
            "c.sd",
            "c.sdsp",
            "c.slli",
            "c.sub",
            "c.sw",
            "c.swsp",
            "c.xor");
  }

  @Test
  void aNopIsANop() {
    assertThat(Compression.compress(RiscvEncoder.addi(0, 0, 0))).isEqualTo(RiscvEncoder.cNop());
  }

  /** Operands near zero, and often the same one twice: what compressed forms are made for. */
  private static long small(int pattern, RiscvPatterns.Operand operand, RandomGenerator random) {
    boolean register = operand.min() == 0 && operand.max() == 31;
    if (register) {
      return random.nextInt(3) == 0 ? random.nextInt(3) : 8 + random.nextInt(2);
    }
    long value = RiscvGenerator.uniform(pattern, operand, random);
    long near = (value >> 5) / operand.step() / 8 * 8 * operand.step();
    return random.nextBoolean() && near >= operand.min() && near <= operand.max() ? near : value;
  }

  /** The plain form; a register's copy is an addition of 0 or of x0, depending on the length. */
  private static String plain(int insn) {
    return RiscvDisassembler.disassemble(0, insn, BASE | RiscvFeatures.C, true)
        .replaceFirst("^addi +(\\w+),(\\w+),0$", "add     $1,zero,$2")
        .replaceFirst("^mv +(\\w+),(\\w+)$", "add     $1,zero,$2");
  }

  private static String mnemonic(int insn) {
    String text = RiscvDisassembler.disassemble(0, insn, BASE | RiscvFeatures.C, false);
    return text.replaceFirst(" .*", "");
  }
}
