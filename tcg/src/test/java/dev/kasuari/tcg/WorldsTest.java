package dev.kasuari.tcg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.Machine;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.MmioHandler;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.tcg.ir.MemDesc;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each access is one of the world that its translation says. */
@Tag("fast")
class WorldsTest {
  private static final long DEVICE = 0x1000_0000L;
  private static final long RAM = 0x2000_0000L;
  private static final long FOUR = MemDesc.of(4).bits();
  private static final long SECURE = TestCpu.SECURE;

  private final Machine machine = Machine.builder("worlds").build();
  private final TestCpu cpu = new TestCpu();
  private final SoftMmu mmu = new SoftMmu(cpu, machine.memory());

  /** Answers with the world that asks, and keeps which one wrote. */
  private static final class Witness implements MmioHandler {
    private long written = -1;

    private static long world(BusAccess access) {
      return access.secure() ? 1 : 2;
    }

    @Override
    public long read(long offset, int size, BusAccess access) {
      return world(access);
    }

    @Override
    public void write(long offset, int size, long value, BusAccess access) {
      written = world(access);
    }
  }

  @AfterEach
  void close() {
    mmu.close();
    cpu.close();
    machine.close();
  }

  /** A device of a page, and a narrow one, which are remembered in different places. */
  @ParameterizedTest
  @ValueSource(ints = {0x1000, 0x100})
  void aDeviceLearnsWhichWorldAsks(int size) {
    var witness = new Witness();
    machine.locked(() -> machine.root().add(DEVICE, MemoryRegion.mmio("w", size, witness)));
    for (int i = 0; i < 3; i++) {
      assertThat(mmu.load(DEVICE, FOUR)).isEqualTo(2);
      assertThat(mmu.load(DEVICE + SECURE, FOUR)).isEqualTo(1);
      mmu.store(DEVICE + SECURE, 0, FOUR);
      assertThat(witness.written).isEqualTo(1);
      mmu.store(DEVICE, 0, FOUR);
      assertThat(witness.written).isEqualTo(2);
    }
  }

  @Test
  void memoryOfTheSecureWorldIsAbsentFromTheOther() {
    RamBlock block = machine.ram().allocate("own", 0x1000);
    MemoryRegion own = MemoryRegion.ram(block);
    own.setSecureOnly(true);
    machine.locked(() -> machine.root().add(RAM, own));
    mmu.store(RAM + SECURE, 0x1234, FOUR);
    assertThat(mmu.faulted).isFalse();
    mmu.store(RAM, 0x5678, FOUR);
    assertThat(mmu.faulted).isTrue();
    mmu.faulted = false;
    assertThat(mmu.load(RAM, FOUR)).isZero();
    assertThat(mmu.faulted).isTrue();
    mmu.faulted = false;
    assertThat(mmu.load(RAM + SECURE, FOUR)).isEqualTo(0x1234);
  }
}
