package dev.kasuari.tcg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.memory.FlatRange;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.RamBlock;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Translations that are kept while another address space is used. */
@Tag("fast")
class AddressSpacesTest {
  private static final long HERE = 0x40_0000_0000L;
  private static final long THERE = HERE + 0x5000;
  private static final long LARGE = 2 << 20;
  private static final int REGIME = 1;

  private final Machine machine = Machine.builder("spaces").build();
  private final TestCpu cpu = new TestCpu();
  private final AddressSpaces spaces = new AddressSpaces(cpu.state().address(), 2);
  private @Nullable FlatRange range;
  private long ramAddress;

  @BeforeEach
  void open() {
    RamBlock ram = machine.ram().allocate("ram", 1 << 20);
    machine.locked(() -> machine.root().add(0, MemoryRegion.ram(ram)));
    range = machine.memory().view().find(0);
    ramAddress = ram.ramBase();
  }

  @AfterEach
  void close() {
    spaces.close();
    cpu.close();
    machine.close();
  }

  private void insert(long virtual) {
    long entry = spaces.tlb().claim(virtual, REGIME);
    spaces.tlb().describe(entry, 0, false, ramAddress, Objects.requireNonNull(range));
    RawMemory.putLong(entry + Tlb.READ_TAG, virtual);
    RawMemory.putLong(entry + Tlb.WRITE_TAG, virtual);
  }

  private boolean holds(long virtual) {
    return RawMemory.getLong(spaces.tlb().slot(virtual, REGIME) + Tlb.READ_TAG) == virtual;
  }

  /** Whether emitted code finds it. */
  private boolean shows(long virtual) {
    long at = cpu.state().address() + EngineState.tlb(REGIME);
    long offset = virtual >>> 7 & RawMemory.getLong(at + EngineState.TLB_MASK);
    long table = RawMemory.getLong(at + EngineState.TLB_TABLE);
    return RawMemory.getLong(table + offset + Tlb.READ_TAG) == virtual;
  }

  private boolean writesFast(long virtual) {
    return RawMemory.getLong(spaces.tlb().slot(virtual, REGIME) + Tlb.WRITE_TAG) == virtual;
  }

  @Test
  void whatIsKnownIsFoundAgain() {
    insert(HERE);
    long first = spaces.generation();
    assertThat(spaces.use(7)).isTrue();
    assertThat(spaces.use(7)).isFalse();
    assertThat(holds(HERE)).isFalse();
    assertThat(shows(HERE)).isFalse();
    assertThat(spaces.generation()).isNotEqualTo(first);
    insert(THERE);
    assertThat(shows(THERE)).isTrue();
    spaces.use(0);
    assertThat(spaces.generation()).isEqualTo(first);
    assertThat(holds(HERE)).isTrue();
    assertThat(shows(HERE)).isTrue();
    assertThat(shows(THERE)).isFalse();
  }

  @Test
  void theOneUsedLongestAgoMakesRoom() {
    for (long id = 0; id < 4; id++) {
      spaces.use(id);
      insert(HERE);
    }
    spaces.use(0);
    spaces.use(4);
    assertThat(holds(HERE)).as("a new one").isFalse();
    spaces.use(0);
    assertThat(holds(HERE)).as("used lately").isTrue();
    spaces.use(2);
    assertThat(holds(HERE)).isTrue();
    spaces.use(1);
    assertThat(holds(HERE)).as("displaced").isFalse();
  }

  @Test
  void aFlushIsOfAllOfThem() {
    insert(HERE);
    long first = spaces.generation();
    spaces.use(1);
    insert(HERE);
    long second = spaces.generation();
    spaces.flush();
    assertThat(holds(HERE)).isFalse();
    assertThat(spaces.generation()).isNotIn(first, second);
    spaces.use(0);
    assertThat(holds(HERE)).isFalse();
    assertThat(spaces.generation()).isNotIn(first, second);
  }

  @Test
  void aFlushOfSomeLeavesTheOthers() {
    insert(HERE);
    spaces.use(1);
    insert(HERE);
    long second = spaces.generation();
    spaces.flush(id -> id == 0);
    assertThat(holds(HERE)).isTrue();
    assertThat(spaces.generation()).isEqualTo(second);
    spaces.use(0);
    assertThat(holds(HERE)).isFalse();
  }

  @Test
  void aFlushOfAPageIsOfThatPageInAll() {
    insert(HERE);
    insert(THERE);
    spaces.use(1);
    insert(HERE);
    long second = spaces.generation();
    spaces.flushPage(HERE + 5);
    assertThat(holds(HERE)).isFalse();
    assertThat(spaces.generation()).isEqualTo(second);
    spaces.use(0);
    assertThat(holds(HERE)).isFalse();
    assertThat(holds(THERE)).isTrue();
  }

  @Test
  void aLargePageGoesWithItsAddressSpaceOnly() {
    insert(HERE);
    spaces.tlb().rememberLargePage(HERE, LARGE);
    long first = spaces.generation();
    spaces.use(1);
    insert(HERE + LARGE);
    long second = spaces.generation();
    spaces.flushPage(HERE + LARGE - 4096);
    assertThat(holds(HERE + LARGE)).isTrue();
    assertThat(spaces.generation()).isEqualTo(second);
    spaces.use(0);
    assertThat(holds(HERE)).isFalse();
    assertThat(spaces.generation()).isNotEqualTo(first);
  }

  @Test
  void writesAreClosedInAll() {
    insert(HERE);
    spaces.use(1);
    insert(THERE);
    assertThat(spaces.closeWrites(ramAddress, 4096)).isTrue();
    assertThat(writesFast(THERE)).isFalse();
    spaces.use(0);
    assertThat(writesFast(HERE)).isFalse();
    assertThat(spaces.closeWrites(ramAddress, 4096)).as("again").isFalse();
  }

  @Test
  void whatIsHiddenStaysHidden() {
    insert(HERE);
    spaces.hide(true);
    assertThat(shows(HERE)).isFalse();
    spaces.use(1);
    insert(THERE);
    assertThat(shows(THERE)).isFalse();
    spaces.hide(false);
    assertThat(shows(THERE)).isTrue();
    spaces.use(0);
    assertThat(shows(HERE)).isTrue();
  }
}
