package dev.kasuari.target.arm.cpu;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.memory.AddressSpace;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.BusResult;
import dev.kasuari.machine.memory.FlatRange;
import dev.kasuari.machine.memory.RamBlock;

/** Translation table descriptors in physical memory: 8 bytes, aligned, read and updated whole. */
final class DescriptorMemory {
  private static final int BYTES = 8;
  private static final int LINE = 64;

  /** How an update ended. */
  enum Update {
    DONE,
    /** Another CPU changed the descriptor since it was read. */
    CHANGED,
    /** It is not in memory that can be written. */
    UNSUPPORTED
  }

  private final AddressSpace memory;
  private final BusAccess bus;
  private final int cpuIndex;
  private long value;

  /** Host address of the descriptor read last; 0 if those in its line are not memory, too. */
  private long host;

  DescriptorMemory(AddressSpace memory, int cpuIndex) {
    this.memory = memory;
    this.cpuIndex = cpuIndex;
    this.bus = new BusAccess();
  }

  /** Reads a descriptor for {@link #value}; false if nothing answers. */
  boolean read(long address, boolean bigEndian, boolean secure) {
    FlatRange range = memory.view(secure).find(address);
    if (range.readsMemory() && range.contains(address, BYTES)) {
      long at = range.hostAddress(address);
      host = range.contains(address & -LINE, LINE) ? at : 0;
      long raw = RawMemory.getLongVolatile(at);
      value = inOrder(raw, bigEndian != RawMemory.littleEndian());
      return true;
    }
    host = 0;
    bus.from(cpuIndex, secure, true);
    boolean answered = memory.access(bus.asRead(address, BYTES)) == BusResult.OK;
    value = inOrder(bus.value(), !bigEndian);
    return answered;
  }

  long value() {
    return value;
  }

  /**
   * How many descriptors behind the one that was read last, in the same line, are as it is but for
   * an address that grows by {@code step}.
   */
  int alike(long step, boolean bigEndian) {
    if (host == 0) {
      return 0;
    }
    boolean asHost = bigEndian != RawMemory.littleEndian();
    long next = value;
    int count = 0;
    for (long at = host + BYTES; (at & (LINE - 1)) != 0; at += BYTES, count++) {
      next += step;
      if (inOrder(RawMemory.getLongVolatile(at), asHost) != next) {
        break;
      }
    }
    return count;
  }

  /** Changes a descriptor if it is still what was read. */
  Update update(long address, long expected, long replacement, boolean bigEndian, boolean secure) {
    FlatRange range = memory.view(secure).find(address);
    RamBlock ram = range.ram();
    if (ram == null || !range.writesMemory() || !range.contains(address, BYTES)) {
      return Update.UNSUPPORTED;
    }
    boolean asHost = bigEndian != RawMemory.littleEndian();
    boolean same =
        RawMemory.compareAndSetLong(
            range.hostAddress(address), inOrder(expected, asHost), inOrder(replacement, asHost));
    if (!same) {
      return Update.CHANGED;
    }
    ram.dirty().written(range.regionOffset(address), BYTES);
    return Update.DONE;
  }

  private static long inOrder(long value, boolean asIs) {
    return asIs ? value : Long.reverseBytes(value);
  }
}
