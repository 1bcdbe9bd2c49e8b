package dev.kasuari.target.riscv.cpu;

import static org.assertj.core.api.Assertions.fail;

import dev.kasuari.machine.cpu.Access;
import dev.kasuari.machine.cpu.PageTranslation;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever a guest does to its hart, nothing is thrown and the hart stays in a state that exists.
 */
@Tag("fast")
class RandomGuestTest {
  private static final int STEPS = 8_000;
  private static final List<Access> ACCESSES = List.of(Access.values());

  private final PageTranslation out = new PageTranslation();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void noSequenceOfPrivilegedActsHurts(long seed) {
    var random = new SplittableRandom(seed);
    try (var fixture = new HartFixture()) {
      fixture.machine.log().select(List.of());
      List<Csr> csrs = fixture.hart.csrs();
      for (int i = 0; i < STEPS; i++) {
        act(fixture, csrs, random);
        if (!exists(fixture.hart)) {
          fail("seed %d step %d:%n%s", seed, i, fixture.hart.describe());
        }
      }
    }
  }

  private void act(HartFixture fixture, List<Csr> csrs, SplittableRandom random) {
    RiscvCpu hart = fixture.hart;
    switch (random.nextInt(10)) {
      case 0, 1, 2 -> {
        int number = csrs.get(random.nextInt(csrs.size())).number();
        hart.accessCsr(number, 1 + random.nextInt(3), true, value(random));
      }
      case 3 -> hart.raise(random.nextInt(16), value(random));
      case 4 -> hart.mret();
      case 5 -> hart.sret();
      case 6 -> hart.deliverInterrupt();
      case 7 -> {
        Access access = ACCESSES.get(random.nextInt(ACCESSES.size()));
        hart.translate(value(random), 1, access, random.nextInt(4), out);
      }
      case 8 -> hart.machineTimerInput().set(random.nextBoolean());
      default -> {
        fixture.vcpu.retired += random.nextInt(100);
        fixture.clock.advance(random.nextInt(1_000_000));
        hart.sfenceVma(value(random), random.nextBoolean(), 0, true);
      }
    }
  }

  private static long value(SplittableRandom random) {
    return switch (random.nextInt(5)) {
      case 0 -> -1;
      case 1 -> 1L << random.nextInt(64);
      case 2 -> HartFixture.RAM + random.nextInt((int) HartFixture.RAM_SIZE);
      case 3 -> 8L << 60 | (HartFixture.RAM >> 12) + random.nextInt(256);
      default -> random.nextLong();
    };
  }

  private static boolean exists(RiscvCpu hart) {
    long status = hart.state().get(RiscvState.MSTATUS);
    return hart.privilege() != 2
        && (status >> Status.MPP_SHIFT & 3) != 2
        && status >>> 32 == 0xa
        && (hart.pc() & 1) == 0
        && Set.of(0L, 8L, 9L).contains(hart.state().get(RiscvState.SATP) >>> 60)
        && hart.hasWork() == hart.interrupts().wakes();
  }
}
