package dev.kasuari.tcg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.Machine;
import dev.kasuari.machine.memory.DirtyLog;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.tcg.ir.MemDesc;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Pages that a walk for another said all about. */
@Tag("fast")
class PagesBehindTest {
  private static final long RAM = 0x1000_0000L;
  private static final int PAGES = 16;
  private static final long FOUR = MemDesc.of(4).bits();

  private final Machine machine = Machine.builder("behind").build();
  private final RamBlock ram = machine.ram().allocate("ram", PAGES * 4096L);
  private final TestCpu cpu = new TestCpu();
  private final SoftMmu mmu = new SoftMmu(cpu, machine.memory());

  @BeforeEach
  void open() {
    machine.locked(() -> machine.root().add(RAM, MemoryRegion.ram(ram)));
    cpu.alike = 511;
  }

  @AfterEach
  void close() {
    mmu.close();
    cpu.close();
    machine.close();
  }

  private static long page(int number) {
    return RAM + number * 4096L;
  }

  /** Walks that a store to each of some pages takes, together. */
  private int walks(int first, int end) {
    int before = cpu.walks;
    for (int page = first; page < end; page++) {
      mmu.store(page(page) + 8, page + 1, FOUR);
      assertThat(ram.get(page * 4096L + 8, 1)).containsExactly((byte) (page + 1));
    }
    return cpu.walks - before;
  }

  @Test
  void oneWalkIsEnoughForEight() {
    assertThat(walks(0, 8)).isEqualTo(1);
    assertThat(walks(8, PAGES)).isEqualTo(1);
  }

  @Test
  void theRangeEndsWhereMemoryDoes() {
    assertThat(walks(PAGES - 2, PAGES)).isEqualTo(1);
    mmu.store(page(PAGES), 1, FOUR);
    assertThat(mmu.faulted).isTrue();
  }

  @Test
  void whatIsKnownStays() {
    cpu.alike = 0;
    cpu.protect(page(2), TestCpu.Protection.READ);
    assertThat(mmu.load(page(2), FOUR)).isZero();
    cpu.alike = 3;
    assertThat(walks(0, 2)).isEqualTo(1);
    mmu.store(page(2), 1, FOUR);
    assertThat(mmu.faulted).isTrue();
  }

  @Test
  void aFlushForgetsThemOneByOne() {
    assertThat(walks(0, 4)).isEqualTo(1);
    cpu.alike = 0;
    mmu.flushPage(page(2));
    assertThat(walks(0, 4)).isEqualTo(1);
    mmu.flush();
    assertThat(walks(0, 4)).isEqualTo(4);
  }

  @Test
  void pagesWhoseWritesAreReportedAreReported() {
    ram.dirty().start(DirtyLog.Client.MIGRATION);
    ram.dirty().drain(DirtyLog.Client.MIGRATION, (offset, length) -> {});
    assertThat(walks(0, 4)).isEqualTo(1);
    for (int page = 0; page < 6; page++) {
      assertThat(ram.dirty().isDirty(DirtyLog.Client.MIGRATION, page * 4096L)).isEqualTo(page < 4);
    }
  }
}
