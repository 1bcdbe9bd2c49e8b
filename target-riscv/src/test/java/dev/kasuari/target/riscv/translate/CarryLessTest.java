package dev.kasuari.target.riscv.translate;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.A1;
import static dev.kasuari.target.riscv.asm.Reg.A2;
import static dev.kasuari.target.riscv.asm.Reg.A3;
import static dev.kasuari.target.riscv.asm.Reg.A4;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.isa.RiscvEncoder;
import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class CarryLessTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void threePartsOfOneProduct(long seed) throws InterruptedException {
    var random = new Random(seed);
    long x = random.nextLong();
    long y = random.nextLong();
    var a = new Assembler();
    a.li(A0, x);
    a.li(A1, y);
    a.i(
        RiscvEncoder.clmul(A2, A0, A1),
        RiscvEncoder.clmulh(A3, A0, A1),
        RiscvEncoder.clmulr(A4, A0, A1));
    BareMetal.exit(a, 0);
    BigInteger product = product(unsigned(x), unsigned(y));
    try (var machine = new BareMetal(1, a)) {
      machine.run();
      assertThat(machine.hart(0).x(A2)).isEqualTo(product.longValue());
      assertThat(machine.hart(0).x(A3)).isEqualTo(product.shiftRight(64).longValue());
      assertThat(machine.hart(0).x(A4)).isEqualTo(product.shiftRight(63).longValue());
    }
  }

  private static BigInteger unsigned(long value) {
    return new BigInteger(Long.toUnsignedString(value));
  }

  private static BigInteger product(BigInteger x, BigInteger y) {
    BigInteger sum = BigInteger.ZERO;
    for (int bit = 0; bit < 64; bit++) {
      sum = y.testBit(bit) ? sum.xor(x.shiftLeft(bit)) : sum;
    }
    return sum;
  }
}
