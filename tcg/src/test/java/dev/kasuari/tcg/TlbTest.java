package dev.kasuari.tcg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.FlatRange;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.MmioHandler;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is left when there are more ranges than numbers for them. */
@Tag("fast")
class TlbTest {
  /** Ranges that an entry can name. */
  private static final int NUMBERS = 2048;

  private static final long HERE = 0x40_0000_0000L;
  private static final long LARGE = 2 << 20;

  private final Machine machine = Machine.builder("tlb").build();
  private final TestCpu cpu = new TestCpu();
  private final Tlb tlb = new Tlb(cpu.state().address(), 2);
  private List<FlatRange> ranges = List.of();

  private static final class Nothing implements MmioHandler {
    @Override
    public long read(long offset, int size, BusAccess access) {
      return 0;
    }

    @Override
    public void write(long offset, int size, long value, BusAccess access) {}
  }

  @BeforeEach
  void open() {
    var all = MemoryRegion.container("all", (NUMBERS + 2) * 4096L);
    for (int i = 0; i < NUMBERS + 2; i++) {
      all.add(i * 4096L, MemoryRegion.mmio("register " + i, 4096, new Nothing()));
    }
    machine.locked(() -> machine.root().add(0, all));
    ranges = machine.memory().view().ranges().subList(0, NUMBERS + 2);
  }

  @AfterEach
  void close() {
    tlb.close();
    cpu.close();
    machine.close();
  }

  private long insert(long virtual, int regime, int range) {
    long entry = tlb.claim(virtual, regime);
    tlb.describe(entry, ranges.get(range).first(), false, -1, ranges.get(range));
    RawMemory.putLong(entry + Tlb.READ_TAG, virtual);
    return entry;
  }

  private boolean holds(long virtual, int regime) {
    return RawMemory.getLong(tlb.slot(virtual, regime) + Tlb.READ_TAG) == virtual;
  }

  /** Uses up all numbers but the last two. */
  private void useUp() {
    for (int range = 0; range < NUMBERS - 2; range++) {
      insert(range * 4096L, 0, range);
    }
  }

  @Test
  void noEntryNamesARangeByANumberOfBefore() {
    insert(HERE, 1, 0);
    useUp();
    long displaced = HERE + ((long) tlb.entries(0) << 12);
    insert(displaced, 0, NUMBERS - 2);
    insert(HERE, 0, NUMBERS - 1);
    assertThat(tlb.restoreVictim(displaced, 0, Tlb.READ_TAG)).isTrue();
    assertThat(holds(displaced, 0)).isTrue();
    assertThat(holds(HERE, 1)).isTrue();
    long latest = displaced + 4096;
    long entry = insert(latest, 0, NUMBERS);
    assertThat(tlb.range(entry)).isEqualTo(ranges.get(NUMBERS));
    assertThat(holds(latest, 0)).isTrue();
    assertThat(holds(displaced, 0)).as("in the table").isFalse();
    assertThat(tlb.restoreVictim(HERE, 0, Tlb.READ_TAG)).as("displaced").isFalse();
    assertThat(holds(HERE, 1)).as("of the other regime").isFalse();
    assertThat(tlb.range(insert(displaced, 0, NUMBERS - 2))).isEqualTo(ranges.get(NUMBERS - 2));
    assertThat(tlb.range(insert(HERE, 1, 0))).isEqualTo(ranges.getFirst());
    assertThat(tlb.range(entry)).isEqualTo(ranges.get(NUMBERS));
  }

  @Test
  void largePagesStayKnown() {
    tlb.rememberLargePage(HERE, LARGE);
    useUp();
    for (int range = NUMBERS - 2; range < NUMBERS + 2; range++) {
      insert(range * 4096L, 0, range);
    }
    assertThat(tlb.flushPage(HERE + LARGE)).isFalse();
    assertThat(tlb.flushPage(HERE + LARGE - 1)).isTrue();
    assertThat(tlb.flushPage(HERE)).as("forgotten with the rest").isFalse();
  }
}
