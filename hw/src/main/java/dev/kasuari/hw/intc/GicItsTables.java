package dev.kasuari.hw.intc;

import dev.kasuari.machine.memory.Dma;
import dev.kasuari.machine.memory.DmaFault;

/**
 * The tables of a {@link Gic3Its} in memory that software has lent it: devices, each with a table
 * of its messages, and collections, each of which is a CPU. What an entry looks like is ours.
 *
 * <p>An entry is 8 bytes, zero if it is not valid. Of a device: the address of its table from bit 8
 * on, and bits 0 to 4, how many bits its messages have, less 1. Of a message: the interrupt, bits 0
 * to 31, and the collection, bits 32 to 47. Of a collection: the CPU. Each has bit 63 set.
 */
final class GicItsTables {
  private static final long VALID = 1L << 63;
  private static final long INDIRECT = 1L << 62;
  private static final int ENTRY = 8;
  private static final long TABLE_OF_DEVICE = 0x000f_ffff_ffff_ff00L;
  private static final long PAGE_ADDRESS = 0x000f_ffff_ffff_f000L;
  private static final int NOWHERE = -1;

  private final Dma memory;
  private final long devices;
  private final long collections;

  /**
   * Tables.
   *
   * @param devices GITS_BASER of devices
   * @param collections GITS_BASER of collections
   */
  GicItsTables(Dma memory, long devices, long collections) {
    this.memory = memory;
    this.devices = devices;
    this.collections = collections;
  }

  static long entry(int interrupt, int collection) {
    return VALID | (collection & 0xffffL) << 32 | (interrupt & 0xffff_ffffL);
  }

  static int interrupt(long entry) {
    return (int) entry;
  }

  static int collection(long entry) {
    return (int) (entry >>> 32) & 0xffff;
  }

  /** The entry of a device's message, or 0. */
  long event(int device, int event) throws DmaFault {
    long at = placeOfEvent(device, event);
    long entry = at == NOWHERE ? 0 : memory.read64(at);
    return entry < 0 ? entry : 0;
  }

  /** Changes it, and answers false if it has no place. */
  boolean setEvent(int device, int event, long entry) throws DmaFault {
    long at = placeOfEvent(device, event);
    if (at != NOWHERE) {
      memory.write64(at, entry);
    }
    return at != NOWHERE;
  }

  private long placeOfEvent(int device, int event) throws DmaFault {
    long at = place(devices, device, Gic3Its.DEVICE_BITS);
    long entry = at == NOWHERE ? 0 : memory.read64(at);
    long bits = (entry & 0x1f) + 1;
    if (entry >= 0 || Integer.toUnsignedLong(event) >= 1L << bits) {
      return NOWHERE;
    }
    return (entry & TABLE_OF_DEVICE) + Integer.toUnsignedLong(event) * ENTRY;
  }

  /**
   * Gives a device a table or takes it away.
   *
   * @param bits of its messages, less 1
   * @param table its address, in the bits where it is in the command
   */
  boolean mapDevice(int device, boolean valid, long bits, long table) throws DmaFault {
    long at = place(devices, device, Gic3Its.DEVICE_BITS);
    if (at == NOWHERE || bits >= Gic3Its.EVENT_BITS) {
      return false;
    }
    memory.write64(at, valid ? VALID | (table & TABLE_OF_DEVICE) | bits : 0);
    return true;
  }

  /** The CPU of a collection, or -1. */
  int cpuOf(int collection) throws DmaFault {
    long at = place(collections, collection, Gic3Its.COLLECTION_BITS);
    long entry = at == NOWHERE ? 0 : memory.read64(at);
    return entry < 0 ? (int) entry & 0xffff : -1;
  }

  boolean mapCollection(int collection, boolean valid, int cpu) throws DmaFault {
    long at = place(collections, collection, Gic3Its.COLLECTION_BITS);
    if (at != NOWHERE) {
      memory.write64(at, valid ? VALID | cpu : 0);
    }
    return at != NOWHERE;
  }

  /** Where an entry of a table is, in one level or two; or {@link #NOWHERE}. */
  private long place(long baser, int number, int bits) throws DmaFault {
    long index = Integer.toUnsignedLong(number);
    if (baser >= 0 || index >= 1L << bits) {
      return NOWHERE;
    }
    long page = 4096L << (2 * Math.min(baser >>> 8 & 3, 2));
    long size = ((baser & 0xff) + 1) * page;
    long base = address(baser, page);
    if ((baser & INDIRECT) == 0) {
      return index * ENTRY < size ? base + index * ENTRY : NOWHERE;
    }
    long perPage = page / ENTRY;
    long first = index / perPage * ENTRY;
    long entry = first < size ? memory.read64(base + first) : 0;
    return entry < 0 ? (entry & PAGE_ADDRESS) + index % perPage * ENTRY : NOWHERE;
  }

  /** Of pages of 64 KiB, bits 12 to 15 are bits 48 to 51 of the address. */
  private static long address(long baser, long page) {
    if (page < 1 << 16) {
      return baser & 0xffff_ffff_f000L;
    }
    return (baser & 0xffff_ffff_0000L) | (baser & 0xf000L) << 36;
  }
}
