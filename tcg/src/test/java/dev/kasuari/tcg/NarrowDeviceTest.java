package dev.kasuari.tcg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.Machine;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.MmioHandler;
import dev.kasuari.tcg.ir.MemDesc;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Devices that share a page: what is remembered of one is not taken for the other. */
@Tag("fast")
class NarrowDeviceTest {
  private static final long PAGE = 0x1000_0000L;
  private static final int SIZE = 0x100;
  private static final long FOUR = MemDesc.of(4).bits();
  private static final long FOUR_ELSEWHERE = MemDesc.of(4).mmuIndex(1).bits();

  private final Machine machine = Machine.builder("narrow").build();
  private final TestCpu cpu = new TestCpu();
  private final SoftMmu mmu = new SoftMmu(cpu, machine.memory());
  private final MemoryRegion first = device("first", 1);

  private record Answers(long value) implements MmioHandler {
    @Override
    public long read(long offset, int size, BusAccess access) {
      return value;
    }

    @Override
    public void write(long offset, int size, long written, BusAccess access) {}
  }

  private static MemoryRegion device(String name, long answer) {
    return MemoryRegion.mmio(name, SIZE, new Answers(answer));
  }

  @BeforeEach
  void open() {
    machine.locked(() -> {
      machine.root().add(PAGE, first);
      machine.root().add(PAGE + SIZE, device("second", 2));
    });
  }

  @AfterEach
  void close() {
    mmu.close();
    cpu.close();
    machine.close();
  }

  private long load(long address) {
    return mmu.load(address, FOUR);
  }

  @Test
  void oneWalkIsEnough() {
    assertThat(load(PAGE)).isEqualTo(1);
    int walks = cpu.walks;
    assertThat(load(PAGE + 4)).isEqualTo(1);
    mmu.store(PAGE + 8, 5, FOUR);
    assertThat(cpu.walks).isEqualTo(walks);
  }

  @Test
  void neighboursAnswerForThemselves() {
    for (int i = 0; i < 3; i++) {
      assertThat(load(PAGE + SIZE - 4)).isEqualTo(1);
      assertThat(load(PAGE + SIZE)).isEqualTo(2);
    }
    assertThat(load(PAGE + 2 * SIZE)).isZero();
    assertThat(mmu.faulted).isTrue();
  }

  @Test
  void whatIsFlushedIsAskedForAgain() {
    assertThat(load(PAGE)).isEqualTo(1);
    cpu.protect(PAGE, TestCpu.Protection.NONE);
    mmu.flushPage(PAGE);
    load(PAGE);
    assertThat(mmu.faulted).isTrue();
    mmu.faulted = false;
    cpu.protect(PAGE, TestCpu.Protection.READ);
    assertThat(load(PAGE)).isEqualTo(1);
    cpu.protect(PAGE, TestCpu.Protection.NONE);
    mmu.flush();
    load(PAGE);
    assertThat(mmu.faulted).isTrue();
  }

  @Test
  void whatMayOnlyBeReadIsNotWritten() {
    cpu.protect(PAGE, TestCpu.Protection.READ);
    assertThat(load(PAGE)).isEqualTo(1);
    mmu.store(PAGE, 5, FOUR);
    assertThat(mmu.faulted).isTrue();
    assertThat(mmu.faultCause).isEqualTo(15);
  }

  @Test
  void anotherRegimeHasTranslationsOfItsOwn() {
    assertThat(load(PAGE)).isEqualTo(1);
    int walks = cpu.walks;
    assertThat(mmu.load(PAGE, FOUR_ELSEWHERE)).isEqualTo(1);
    assertThat(cpu.walks).isGreaterThan(walks);
  }

  @Test
  void aDeviceThatIsGoneDoesNotAnswer() {
    assertThat(load(PAGE)).isEqualTo(1);
    machine.locked(() -> first.unmap());
    load(PAGE);
    assertThat(mmu.faulted).isTrue();
  }
}
