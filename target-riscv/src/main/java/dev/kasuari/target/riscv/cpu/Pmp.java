package dev.kasuari.target.riscv.cpu;

import dev.kasuari.machine.cpu.GuestState;

/**
 * Physical memory protection: 16 entries with a granularity of four bytes. Source: privileged,
 * section 3.7.
 */
final class Pmp {
  static final int READ = 1;
  static final int WRITE = 2;
  static final int EXECUTE = 4;
  static final int ALL = READ | WRITE | EXECUTE;

  /** Result of {@link #page} where entries or their edges divide the page. */
  static final int DIVIDED = -1;

  private static final int LOCKED = 0x80;
  private static final int WRITABLE = 0x9f;
  private static final int TOR = 1;
  private static final int NA4 = 2;
  private static final int NAPOT = 3;
  private static final int ENTRIES = RiscvModel.PMP_ENTRIES;
  private static final long PAGE = 4096;

  private final RiscvCpu cpu;
  private final GuestState state;
  private final boolean present;
  private final int xlen;

  // Derived from the registers: the active entries in order of priority.
  private final long[] first = new long[ENTRIES];
  private final long[] last = new long[ENTRIES];
  private final int[] config = new int[ENTRIES];
  private int active;

  Pmp(RiscvCpu cpu) {
    this.cpu = cpu;
    this.state = cpu.state();
    this.present = cpu.model().has(RiscvOption.PMP);
    this.xlen = cpu.model().xlen();
  }

  // ---- registers -------------------------------------------------------------------------------

  void declare(CsrFile csrs) {
    if (!present) {
      return;
    }
    int perRegister = xlen / 8;
    for (int entry = 0; entry < ENTRIES; entry += perRegister) {
      int base = entry;
      csrs.add(
          0x3a0 + entry / 4,
          "pmpcfg" + entry / 4,
          () -> readConfig(base, perRegister),
          (value, mask) -> writeConfig(base, perRegister, value));
    }
    for (int entry = 0; entry < ENTRIES; entry++) {
      int number = entry;
      csrs.add(
          0x3b0 + entry,
          "pmpaddr" + entry,
          () -> state.get(RiscvState.PMPADDR, number),
          (value, mask) -> writeAddress(number, value));
    }
  }

  private int config(int entry) {
    return (int) state.get(RiscvState.PMPCFG, entry);
  }

  private static int matching(int config) {
    return config >> 3 & 3;
  }

  private long readConfig(int base, int count) {
    long value = 0;
    for (int i = 0; i < count; i++) {
      value |= (long) config(base + i) << (8 * i);
    }
    return value;
  }

  private void writeConfig(int base, int count, long value) {
    for (int i = 0; i < count; i++) {
      int next = (int) (value >> (8 * i)) & WRITABLE;
      // Write without read is reserved; nothing of such a field is taken.
      boolean legal = (next & (READ | WRITE)) != WRITE;
      boolean locked = (config(base + i) & LOCKED) != 0;
      if (legal && !locked) {
        state.set(RiscvState.PMPCFG, base + i, next);
      } else if (next != config(base + i)) {
        int entry = base + i;
        cpu.guestError(() ->
            "PMP entry %d keeps its configuration: %s"
                .formatted(entry, locked ? "it is locked" : "write without read is reserved"));
      }
    }
    changed();
  }

  private void writeAddress(int entry, long value) {
    if (!addressLocked(entry)) {
      long bits = xlen == 32 ? 0xffff_ffffL : (1L << 54) - 1;
      state.set(RiscvState.PMPADDR, entry, value & bits);
      changed();
    } else {
      cpu.guestError(() -> "pmpaddr%d is locked".formatted(entry));
    }
  }

  /** An address is locked with its entry, and with the one above whose lower edge it is. */
  private boolean addressLocked(int entry) {
    if ((config(entry) & LOCKED) != 0) {
      return true;
    }
    if (entry + 1 == ENTRIES) {
      return false;
    }
    int above = config(entry + 1);
    return (above & LOCKED) != 0 && matching(above) == TOR;
  }

  private void changed() {
    refresh();
    cpu.flushTlb();
  }

  /** Lets S- and U-mode do everything, as firmware does before it enters them. */
  void open() {
    if (present) {
      state.set(RiscvState.PMPADDR, 0, (1L << 54) - 1);
      state.set(RiscvState.PMPCFG, 0, NAPOT << 3 | ALL);
      changed();
    }
  }

  /** Derives the ranges from the registers. */
  void refresh() {
    active = 0;
    for (int entry = 0; present && entry < ENTRIES; entry++) {
      int bits = config(entry);
      long address = state.get(RiscvState.PMPADDR, entry);
      switch (matching(bits)) {
        case TOR -> {
          long low = entry == 0 ? 0 : state.get(RiscvState.PMPADDR, entry - 1);
          if (low < address) {
            activate(bits, low << 2, (address << 2) - 1);
          }
        }
        case NA4 -> activate(bits, address << 2, (address << 2) + 3);
        case NAPOT -> {
          long ones = address ^ (address + 1);
          activate(bits, (address & ~ones) << 2, (address | ones) << 2 | 3);
        }
        default -> {}
      }
    }
  }

  private void activate(int bits, long from, long to) {
    first[active] = from;
    last[active] = to;
    config[active] = bits;
    active++;
  }

  // ---- checks ----------------------------------------------------------------------------------

  /** What may be done with all {@code size} bytes at a physical address. */
  int permissions(long physical, long size, int privilege) {
    long end = physical + size - 1;
    for (int i = 0; i < active; i++) {
      if (Long.compareUnsigned(first[i], end) <= 0
          && Long.compareUnsigned(physical, last[i]) <= 0) {
        boolean whole =
            Long.compareUnsigned(first[i], physical) <= 0
                && Long.compareUnsigned(end, last[i]) <= 0;
        return whole ? of(config[i], privilege) : 0;
      }
    }
    return unmatched(privilege);
  }

  /** What may be done with the whole 4 KiB page around a physical address, or {@link #DIVIDED}. */
  int page(long physical, int privilege) {
    long page = physical & -PAGE;
    long end = page + PAGE - 1;
    for (int i = 0; i < active; i++) {
      if (Long.compareUnsigned(first[i], end) <= 0 && Long.compareUnsigned(page, last[i]) <= 0) {
        boolean whole =
            Long.compareUnsigned(first[i], page) <= 0 && Long.compareUnsigned(end, last[i]) <= 0;
        return whole ? of(config[i], privilege) : DIVIDED;
      }
    }
    return unmatched(privilege);
  }

  private static int of(int config, int privilege) {
    boolean binds = privilege < Privilege.MACHINE || (config & LOCKED) != 0;
    return binds ? config & ALL : ALL;
  }

  private int unmatched(int privilege) {
    return privilege == Privilege.MACHINE || !present ? ALL : 0;
  }
}
