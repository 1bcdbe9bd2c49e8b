package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.Log;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.cpu.Access;
import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.cpu.PageTranslation;
import dev.kasuari.machine.cpu.StateField;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.machine.time.ManualClock;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Registers, memory and a builder of translation tables, without a CPU. */
final class MmuFixture implements AutoCloseable {
  static final long RAM = 0x4000_0000L;
  static final int RAM_SIZE = 32 << 20;

  /** Where tables are put, each aligned to 1 MiB. */
  static final long TABLES = RAM + 0x10_0000;

  static final long TABLE_STEP = 0x10_0000;

  /** EL2, EL3, all granules at both stages, 52 bits, HAFDBS, PAN3, E0PD, XNX, HPDS, TTST, PAuth. */
  static final VmsaFeatures MAX =
      VmsaFeatures.of(
          0x1111, 0x10, 1L << 28 | 2 << 20 | 6, 0x1030_1002L, 1L << 60 | 1L << 28 | 1L << 16);

  final List<String> lines = new ArrayList<>();
  final Machine machine;
  final RamBlock ram;
  private final MemoryRegion region;
  final GuestState state = new GuestState(ArmState.LAYOUT);
  final PageTranslation out = new PageTranslation();
  final Mmu mmu;
  private long nextTable = TABLES;

  MmuFixture() {
    this(MAX);
  }

  MmuFixture(VmsaFeatures features) {
    Log log = Log.to(lines::add);
    machine = Machine.builder("test").clock(new ManualClock()).log(log).build();
    ram = machine.ram().allocate("ram", RAM_SIZE);
    region = MemoryRegion.ram(ram);
    machine.locked(() -> machine.root().add(RAM, region));
    mmu = new Mmu(state, features, machine.memory(), log, 0);
    state.set(ArmState.SCR, 1);
  }

  /** The RAM is the secure world's alone from now on. */
  void hideRam() {
    machine.locked(() -> region.setSecureOnly(true));
  }

  /** Sets bits of an 8-byte register. */
  void or(StateField field, int level, long bits) {
    state.set(field, level, state.get(field, level) | bits);
  }

  void or(StateField field, long bits) {
    or(field, 0, bits);
  }

  /** Forgets all tables. */
  void clearTables() {
    nextTable = TABLES;
    ram.put(TABLES - RAM, new byte[RAM_SIZE - (int) (TABLES - RAM)]);
  }

  long newTable() {
    long table = nextTable;
    nextTable += TABLE_STEP;
    return table;
  }

  void poke(long address, long value) {
    byte[] bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    ram.put(address - RAM, bytes);
  }

  long peek(long address) {
    byte[] bytes = ram.get(address - RAM, 8);
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  /**
   * Puts a descriptor where the walk from a table finds it, with tables between.
   *
   * @param pageBits of the granule
   * @param from the level of the table
   * @param tables attributes of the descriptors of tables
   * @return the address of the descriptor of every level, the last first
   */
  long[] map(int pageBits, long table, int from, int to, long input, long tables, long leaf) {
    long[] at = new long[to - from + 1];
    for (int level = from; level <= to; level++) {
      int shift = pageBits + (3 - level) * (pageBits - 3);
      long index = input >>> shift;
      if (level > from) {
        index &= (1L << (pageBits - 3)) - 1;
      }
      at[to - level] = table + 8 * index;
      if (level == to) {
        poke(table + 8 * index, leaf);
      } else {
        long next = newTable();
        poke(table + 8 * index, next | tables | 3);
        table = next;
      }
    }
    return at;
  }

  boolean translate(long va, Access access, Regime regime) {
    return mmu.translate(va, 1, access, regime.ordinal(), out);
  }

  /** The status code with which an access faults. */
  int status(long va, Access access, Regime regime) {
    if (translate(va, access, regime)) {
      throw new AssertionError("0x%x -> 0x%x".formatted(va, out.physical));
    }
    return out.faultCause & 63;
  }

  /** What an access of a regime may do, as bits of {@link Permissions}. */
  int allowed(long va, Regime regime) {
    return Arrays.stream(Access.values())
        .filter(access -> translate(va, access, regime))
        .mapToInt(Permissions::needed)
        .sum();
  }

  @Override
  public void close() {
    state.close();
    machine.close();
  }
}
