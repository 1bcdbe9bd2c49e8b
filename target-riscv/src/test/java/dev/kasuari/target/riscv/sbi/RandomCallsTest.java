package dev.kasuari.target.riscv.sbi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.riscv.cpu.HartFixture;
import dev.kasuari.target.riscv.cpu.Privilege;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import dev.kasuari.target.riscv.cpu.TrapCause;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a supervisor asks of its firmware, nothing is thrown and it stays a supervisor. */
@Tag("fast")
class RandomCallsTest {
  /** All but those that end the machine. */
  private static final int[] EXTENSIONS = {
    0, 1, 2, 3, 4, 5, 6, 7, 0x10, 0x54494d45, 0x735049, 0x52464e43, 0x48534d, 0x4442434e, 0x1234
  };

  private static final SbiConsole SILENT =
      new SbiConsole() {
        @Override
        public int write(byte[] bytes) {
          return bytes.length;
        }

        @Override
        public int read() {
          return 'x';
        }
      };

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void noArgumentsHurt(long seed) {
    var random = new SplittableRandom(seed);
    try (var fixture = new HartFixture(RiscvModel.rv64(), 3)) {
      fixture.machine.log().select(List.of());
      new Sbi(fixture.machine, fixture.harts, SILENT).boot(HartFixture.RAM, 0);
      fixture.harts.forEach(RiscvCpu::reset);
      for (int i = 0; i < 10_000; i++) {
        RiscvCpu caller = fixture.harts.get(random.nextInt(3));
        if (caller.parking().stopped()) {
          fixture.harts.forEach(RiscvCpu::reset);
          caller = fixture.hart;
        }
        caller.setX(17, EXTENSIONS[random.nextInt(EXTENSIONS.length)]);
        caller.setX(16, random.nextInt(8));
        for (int a = 10; a < 16; a++) {
          caller.setX(a, argument(random));
        }
        caller.raise(TrapCause.ECALL_FROM_S, 0);
        caller.deliverInterrupt();
        assertThat(caller.privilege())
            .as("seed %d call %d", seed, i)
            .isEqualTo(Privilege.SUPERVISOR);
      }
    }
  }

  private static long argument(SplittableRandom random) {
    return switch (random.nextInt(5)) {
      case 0 -> -1;
      case 1 -> random.nextInt(8);
      case 2 -> HartFixture.RAM + random.nextInt((int) HartFixture.RAM_SIZE);
      case 3 -> 1L << random.nextInt(64);
      default -> random.nextLong();
    };
  }
}
