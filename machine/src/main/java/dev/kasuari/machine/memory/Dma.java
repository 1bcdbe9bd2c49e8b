package dev.kasuari.machine.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A bus master's view of memory. It crosses the IOMMU if there is one, marks what it writes as
 * dirty and drops translated code of it; where an address leads to registers it makes bus accesses,
 * which is how message-signalled interrupts are sent.
 *
 * <p>Little-endian. Any thread may use it; several at once on one view too. Transfers end with
 * {@link DmaFault}; bytes before the fault are done.
 */
public final class Dma {
  /** The most bytes that {@link #lease} copies: a megabyte. */
  public static final long MAX_COPY = 1 << 20;

  private static final VarHandle SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
  private static final VarHandle INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  private final AddressSpace space;
  private final int requester;
  private final @Nullable Iommu iommu;

  /**
   * A view on {@code space}.
   *
   * @param requester see {@link BusAccess#from}
   * @param iommu null if the master is behind none
   */
  public Dma(AddressSpace space, int requester, @Nullable Iommu iommu) {
    this.space = space;
    this.requester = requester;
    this.iommu = iommu;
  }

  /** Reads into all of {@code to}. */
  public void read(long address, MemorySegment to) throws DmaFault {
    for (long done = 0; done < to.byteSize(); ) {
      Piece piece = piece(address + done, to.byteSize() - done, false);
      MemorySegment part = to.asSlice(done, piece.length);
      RamBlock ram = piece.range.ram();
      if (ram != null) {
        MemorySegment.copy(ram.segment(), piece.offset(), part, 0, piece.length);
      } else {
        readRegisters(piece, part);
      }
      done += piece.length;
    }
  }

  /** Writes all of {@code from}. */
  public void write(long address, MemorySegment from) throws DmaFault {
    for (long done = 0; done < from.byteSize(); ) {
      Piece piece = piece(address + done, from.byteSize() - done, true);
      MemorySegment part = from.asSlice(done, piece.length);
      RamBlock ram = piece.range.ram();
      if (ram != null && piece.range.writesMemory()) {
        MemorySegment.copy(part, 0, ram.segment(), piece.offset(), piece.length);
        ram.dirty().written(piece.offset(), piece.length);
      } else if (piece.range.handler() != null) {
        writeRegisters(piece, part);
      }
      done += piece.length;
    }
  }

  /** Reads a copy of {@code length} bytes. */
  public byte[] read(long address, int length) throws DmaFault {
    byte[] bytes = new byte[length];
    read(address, MemorySegment.ofArray(bytes));
    return bytes;
  }

  /** Writes {@code bytes}. */
  public void write(long address, byte[] bytes) throws DmaFault {
    write(address, MemorySegment.ofArray(bytes));
  }

  /** Reads 8 bits, zero-extended. */
  public int read8(long address) throws DmaFault {
    return (int) load(address, 1);
  }

  /** Reads 16 bits, zero-extended. */
  public int read16(long address) throws DmaFault {
    return (int) load(address, 2);
  }

  /** Reads 32 bits. */
  public int read32(long address) throws DmaFault {
    return (int) load(address, 4);
  }

  /** Reads 64 bits. */
  public long read64(long address) throws DmaFault {
    return load(address, 8);
  }

  /** Writes 8 bits. */
  public void write8(long address, int value) throws DmaFault {
    store(address, 1, value);
  }

  /** Writes 16 bits. */
  public void write16(long address, int value) throws DmaFault {
    store(address, 2, value);
  }

  /** Writes 32 bits. As a bus access of its own this also is how an MSI is sent. */
  public void write32(long address, int value) throws DmaFault {
    store(address, 4, value);
  }

  /** Writes 64 bits. */
  public void write64(long address, long value) throws DmaFault {
    store(address, 8, value);
  }

  /**
   * Reads 16 bits, zero-extended; later accesses of this thread do not move before it. Not atomic
   * at an odd address.
   */
  public int loadAcquire16(long address) throws DmaFault {
    Piece piece = piece(address, 2, false);
    RamBlock ram = piece.range.ram();
    if (ram != null && piece.length == 2 && (piece.offset() & 1) == 0) {
      return Short.toUnsignedInt((short) SHORT.getAcquire(ram.segment(), piece.offset()));
    }
    int value = read16(address);
    VarHandle.fullFence();
    return value;
  }

  /** Reads 32 bits as {@link #loadAcquire16} does. */
  public int loadAcquire32(long address) throws DmaFault {
    Piece piece = piece(address, 4, false);
    RamBlock ram = piece.range.ram();
    if (ram != null && piece.length == 4 && (piece.offset() & 3) == 0) {
      return (int) INT.getAcquire(ram.segment(), piece.offset());
    }
    int value = read32(address);
    VarHandle.fullFence();
    return value;
  }

  /**
   * Writes 16 bits; earlier accesses of this thread do not move after it. Not atomic at an odd
   * address.
   */
  public void storeRelease16(long address, int value) throws DmaFault {
    Piece piece = piece(address, 2, true);
    RamBlock ram = piece.range.ram();
    if (ram != null && writable(piece, 2) && (piece.offset() & 1) == 0) {
      SHORT.setRelease(ram.segment(), piece.offset(), (short) value);
      ram.dirty().written(piece.offset(), 2);
    } else {
      VarHandle.fullFence();
      write16(address, value);
    }
  }

  /** Writes 32 bits as {@link #storeRelease16} does. */
  public void storeRelease32(long address, int value) throws DmaFault {
    Piece piece = piece(address, 4, true);
    RamBlock ram = piece.range.ram();
    if (ram != null && writable(piece, 4) && (piece.offset() & 3) == 0) {
      INT.setRelease(ram.segment(), piece.offset(), value);
      ram.dirty().written(piece.offset(), 4);
    } else {
      VarHandle.fullFence();
      write32(address, value);
    }
  }

  /** Orders all accesses of this thread before it against all after it. */
  public void fence() {
    VarHandle.fullFence();
  }

  /**
   * Lends guest memory for an operation of the host: no copy where {@code length} bytes lie in one
   * piece of RAM, else a copy that is brought back by {@link Lease#close}. A copy of more than
   * {@link #MAX_COPY} bytes is refused, for the length is the guest's and the room is ours.
   *
   * @param write whether the host writes; what it wrote is reported at close
   */
  public Lease lease(long address, long length, boolean write) throws DmaFault {
    if (length == 0) {
      return new Lease(this, address, MemorySegment.NULL, null, 0, null, write);
    }
    Piece piece = piece(address, length, write);
    RamBlock ram = piece.range.ram();
    boolean direct = ram != null && (!write || piece.range.writesMemory());
    if (direct && ram != null && piece.length == length) {
      MemorySegment slice = ram.segment().asSlice(piece.offset(), length);
      return new Lease(this, address, slice, ram, piece.offset(), null, write);
    }
    return bounce(address, length, write);
  }

  private Lease bounce(long address, long length, boolean write) throws DmaFault {
    if (Long.compareUnsigned(length, MAX_COPY) > 0) {
      throw new DmaFault(address, BusResult.SLAVE_ERROR);
    }
    for (long done = 0; done < length; ) {
      done += piece(address + done, length - done, write).length;
    }
    Arena arena = Arena.ofShared();
    try {
      MemorySegment copy = arena.allocate(length, 8);
      if (!write) {
        read(address, copy);
      }
      return new Lease(this, address, copy, null, 0, arena, write);
    } catch (DmaFault | RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /** Part of a transfer that one range answers. */
  private record Piece(FlatRange range, long address, long length) {
    long offset() {
      return range.regionOffset(address);
    }
  }

  private Piece piece(long address, long length, boolean write) throws DmaFault {
    long target = address;
    long room = length;
    if (iommu != null) {
      Iommu.Mapping mapping = iommu.translate(requester, address, length, write);
      target = mapping.address();
      room = Math.min(room, mapping.length());
    }
    FlatRange range = space.view().find(target);
    if (range.kind() == FlatRange.Kind.UNASSIGNED) {
      space.access(access(target, write));
      throw new DmaFault(address, BusResult.DECODE_ERROR);
    }
    long beyond = range.last() - target; // bytes after the first one
    return new Piece(range, target, Long.compareUnsigned(beyond, room - 1) < 0 ? beyond + 1 : room);
  }

  private static boolean writable(Piece piece, int size) {
    return piece.length == size && piece.range.writesMemory();
  }

  private BusAccess access(long address, boolean write) {
    var access = new BusAccess().from(requester, false, true);
    return write ? access.asWrite(address, 1, 0) : access.asRead(address, 1);
  }

  private long load(long address, int size) throws DmaFault {
    Piece piece = piece(address, size, false);
    RamBlock ram = piece.range.ram();
    if (piece.length == size) {
      if (ram != null) {
        return AddressSpace.load(ram.segment(), piece.offset(), size);
      }
      return registerRead(piece.range, piece.address, size);
    }
    return AddressSpace.load(MemorySegment.ofArray(read(address, size)), 0, size);
  }

  private void store(long address, int size, long value) throws DmaFault {
    Piece piece = piece(address, size, true);
    RamBlock ram = piece.range.ram();
    if (ram != null && writable(piece, size)) {
      AddressSpace.store(ram.segment(), piece.offset(), size, value);
      ram.dirty().written(piece.offset(), size);
    } else if (piece.length == size) {
      registerWrite(piece.range, piece.address, size, value);
    } else {
      byte[] bytes = new byte[size];
      AddressSpace.store(MemorySegment.ofArray(bytes), 0, size, value);
      write(address, bytes);
    }
  }

  private void readRegisters(Piece piece, MemorySegment to) throws DmaFault {
    for (long done = 0; done < piece.length; ) {
      int size = registerSize(piece, done);
      long value = registerRead(piece.range, piece.address + done, size);
      AddressSpace.store(to, done, size, value);
      done += size;
    }
  }

  private void writeRegisters(Piece piece, MemorySegment from) throws DmaFault {
    for (long done = 0; done < piece.length; ) {
      int size = registerSize(piece, done);
      long value = AddressSpace.load(from, done, size);
      registerWrite(piece.range, piece.address + done, size, value);
      done += size;
    }
  }

  /** The widest aligned access that the handler answers and the transfer has left. */
  private static int registerSize(Piece piece, long done) {
    SizedAccess handler = piece.range.handler();
    int size = handler == null ? 1 : handler.sizes().validMax();
    while (size > 1 && (size > piece.length - done || (piece.address + done & size - 1) != 0)) {
      size >>= 1;
    }
    return size;
  }

  private long registerRead(FlatRange range, long address, int size) throws DmaFault {
    var access = access(address, false).asRead(address, size);
    check(space.access(range, access), address);
    return access.value();
  }

  private void registerWrite(FlatRange range, long address, int size, long value) throws DmaFault {
    check(space.access(range, access(address, true).asWrite(address, size, value)), address);
  }

  private static void check(BusResult result, long address) throws DmaFault {
    if (result != BusResult.OK) {
      throw new DmaFault(address, result);
    }
  }
}
