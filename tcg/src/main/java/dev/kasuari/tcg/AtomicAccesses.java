package dev.kasuari.tcg;

import static dev.kasuari.tcg.SoftMmu.FAULT;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.cpu.Access;
import dev.kasuari.machine.cpu.Cpu;
import dev.kasuari.tcg.ir.MemDesc;
import dev.kasuari.tcg.ir.Rmw;

/**
 * The atomic accesses of one vCPU that fast paths cannot do. They are aligned, and done on memory
 * only; the reservation is in the guest state, where emitted code finds it too ({@link
 * EngineState#RESERVED}).
 */
final class AtomicAccesses {
  private final SoftMmu mmu;
  private final Cpu cpu;
  private final long engine;
  private final WholeAccesses whole;

  AtomicAccesses(SoftMmu mmu, Cpu cpu, WholeAccesses whole) {
    this.mmu = mmu;
    this.whole = whole;
    this.cpu = cpu;
    this.engine = cpu.state().address();
  }

  /**
   * Atomics are aligned, or within 16 bytes where their descriptor says so; it says how others
   * fault.
   */
  private boolean refusesUnaligned(long virtual, int size, long desc, Access access) {
    if ((virtual & (size - 1)) == 0 || within16(virtual, size, desc)) {
      return false;
    }
    if (!mmu.refusesMisaligned(virtual, size, desc, access)) {
      mmu.fault(cpu.misalignedCause(access), virtual);
    }
    return true;
  }

  private static boolean within16(long virtual, int size, long desc) {
    return MemDesc.alignment(desc) == MemDesc.Alignment.WITHIN_16
        && WholeAccesses.contains(virtual, size);
  }

  /** What is at a place, in the host's order. */
  private long read(long host, int size) {
    return (host & (size - 1)) == 0
        ? RawMemory.getVolatile(host, size)
        : GuestBytes.littleEndian(whole.load(host, size), size);
  }

  /** Stores if what is there is as expected; what was there. All in the host's order. */
  private long compareAndExchange(long host, int size, long expected, long value) {
    if ((host & (size - 1)) == 0) {
      return RawMemory.compareAndExchange(host, size, expected, value);
    }
    long seen =
        whole.compareAndExchange(
            host,
            size,
            GuestBytes.littleEndian(expected, size),
            GuestBytes.littleEndian(value, size));
    return GuestBytes.littleEndian(seen, size);
  }

  /**
   * Entry through which an aligned atomic may be done on RAM, or {@link SoftMmu#FAULT} with the
   * fault set.
   */
  private long atomicEntry(long virtual, long desc) {
    return atomicEntry(virtual, MemDesc.size(desc), desc);
  }

  private long atomicEntry(long virtual, int size, long desc) {
    if (refusesUnaligned(virtual, size, desc, Access.WRITE)) {
      return FAULT;
    }
    long entry = mmu.lookup(virtual, size, Access.WRITE, MemDesc.mmuIndex(desc));
    if (entry == FAULT && cpu.atomicsFaultAsReads()) {
      long _ = mmu.lookup(virtual, size, Access.READ, MemDesc.mmuIndex(desc)); // its fault counts
    }
    if (entry != FAULT && !mmu.writesMemory(entry)) {
      mmu.fault(cpu.accessFaultCause(Access.WRITE), virtual);
      return FAULT;
    }
    return entry;
  }

  /** Compare and exchange; the old value, or 0 if it faults. */
  long cas(long virtual, long expected, long value, long desc) {
    long entry = atomicEntry(virtual, desc);
    if (entry == FAULT) {
      return 0;
    }
    int size = MemDesc.size(desc);
    long host = SoftMmu.hostAddress(entry, virtual);
    mmu.tellOfLoad(host, size);
    mmu.tellOfStore(entry, virtual, size);
    long seen =
        compareAndExchange(
            host,
            size,
            GuestBytes.inHostOrder(expected, desc),
            GuestBytes.inHostOrder(value, desc));
    mmu.afterWrite(entry, virtual, size);
    return GuestBytes.extend(GuestBytes.littleEndian(seen, size), desc);
  }

  /** As {@link SoftMmu#casPair}. */
  void casPair(long virtual, long expected, long expected2, long value, long value2, long desc) {
    mmu.pairFirst = 0;
    mmu.pairSecond = 0;
    long entry = atomicEntry(virtual, 2 * Long.BYTES, desc);
    if (entry == FAULT) {
      return;
    }
    long host = SoftMmu.hostAddress(entry, virtual);
    for (int half = 0; half < 16; half += 8) {
      mmu.tellOfLoad(host + half, 8);
      mmu.tellOfStore(entry, virtual + half, 8);
    }
    long[] pairs = {
      GuestBytes.inHostOrder(expected, desc),
      GuestBytes.inHostOrder(expected2, desc),
      GuestBytes.inHostOrder(value, desc),
      GuestBytes.inHostOrder(value2, desc)
    };
    whole.exchange(host, pairs);
    mmu.afterWrite(entry, virtual, 2 * Long.BYTES);
    mmu.pairFirst = GuestBytes.inHostOrder(pairs[0], desc);
    mmu.pairSecond = GuestBytes.inHostOrder(pairs[1], desc);
  }

  /** Read-modify-write; the old value, or 0 if it faults. */
  long rmw(Rmw operation, long virtual, long operand, long desc) {
    long entry = atomicEntry(virtual, desc);
    if (entry == FAULT) {
      return 0;
    }
    int size = MemDesc.size(desc);
    int shift = 64 - 8 * size;
    long host = SoftMmu.hostAddress(entry, virtual);
    long y = operand << shift >> shift;
    mmu.tellOfLoad(host, size);
    mmu.tellOfStore(entry, virtual, size);
    while (true) {
      long raw = read(host, size);
      long x = GuestBytes.extend(GuestBytes.littleEndian(raw, size), desc) << shift >> shift;
      long next = GuestBytes.inHostOrder(operation.apply(x, y) & (-1L >>> shift), desc);
      if (compareAndExchange(host, size, raw, next) == raw) {
        mmu.afterWrite(entry, virtual, size);
        return GuestBytes.extend(GuestBytes.littleEndian(raw, size), desc);
      }
    }
  }

  /** Loads and reserves. */
  long loadLinked(long virtual, long desc) {
    int size = MemDesc.size(desc);
    RawMemory.putInt(engine + EngineState.RESERVED, 0);
    if (refusesUnaligned(virtual, size, desc, Access.READ)) {
      return 0;
    }
    long entry = mmu.lookup(virtual, size, Access.READ, MemDesc.mmuIndex(desc));
    if (entry == FAULT) {
      return 0;
    }
    if (!mmu.writesMemory(entry)) {
      mmu.fault(cpu.accessFaultCause(Access.READ), virtual);
      return 0;
    }
    long host = SoftMmu.hostAddress(entry, virtual);
    mmu.tellOfLoad(host, size);
    long raw = read(host, size);
    RawMemory.putLong(engine + EngineState.RESERVATION_VIRTUAL, virtual);
    RawMemory.putLong(engine + EngineState.RESERVATION_HOST, host);
    RawMemory.putLong(engine + EngineState.RESERVATION_VALUE, raw);
    RawMemory.putInt(engine + EngineState.RESERVED, size);
    return GuestBytes.extend(GuestBytes.littleEndian(raw, size), desc);
  }

  /** As {@link SoftMmu#storeConditional}. */
  long storeConditional(long virtual, long value, long desc) {
    int size = MemDesc.size(desc);
    if (refusesUnaligned(virtual, size, desc, Access.WRITE)) {
      RawMemory.putInt(engine + EngineState.RESERVED, 0);
      return 0;
    }
    boolean mine =
        RawMemory.getInt(engine + EngineState.RESERVED) == size
            && RawMemory.getLong(engine + EngineState.RESERVATION_VIRTUAL) == virtual;
    RawMemory.putInt(engine + EngineState.RESERVED, 0);
    if (!mine) {
      return 0;
    }
    long entry = atomicEntry(virtual, desc);
    if (entry == FAULT) {
      return 0;
    }
    long host = SoftMmu.hostAddress(entry, virtual);
    if (RawMemory.getLong(engine + EngineState.RESERVATION_HOST) != host) {
      return 0;
    }
    long expected = RawMemory.getLong(engine + EngineState.RESERVATION_VALUE);
    mmu.tellOfLoad(host, size);
    mmu.tellOfStore(entry, virtual, size);
    long seen = compareAndExchange(host, size, expected, GuestBytes.inHostOrder(value, desc));
    if (seen != expected) {
      return 0;
    }
    mmu.afterWrite(entry, virtual, size);
    return 1;
  }
}
