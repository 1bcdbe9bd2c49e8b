package dev.kasuari.block.crypto;

import dev.kasuari.block.BlockNode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;

/** Reads and writes encrypted sectors of a node. Any number of threads. */
public final class EncryptedBytes {
  private static final int SECTOR = SectorCipher.SECTOR;
  private static final int CHUNK = 64 << 10;

  /** What one thread works with. */
  private static final class Worker {
    final SectorCipher cipher;
    final byte[] bytes = new byte[CHUNK];

    Worker(SectorCipher cipher) {
      this.cipher = cipher;
    }
  }

  private final Supplier<SectorCipher> ciphers;
  private final ConcurrentLinkedQueue<Worker> idle = new ConcurrentLinkedQueue<>();

  /**
   * Bytes encrypted by such ciphers.
   *
   * @param ciphers makes one for each thread at work
   */
  public EncryptedBytes(Supplier<SectorCipher> ciphers) {
    this.ciphers = ciphers;
  }

  private Worker worker() {
    Worker worker = idle.poll();
    return worker != null ? worker : new Worker(ciphers.get());
  }

  /**
   * Reads.
   *
   * @param at the byte of the node
   * @param number the byte by which its sector is numbered; as far within a sector as {@code at}
   */
  public void read(BlockNode node, long at, long number, MemorySegment to) {
    long before = number & (SECTOR - 1);
    long size = before + to.byteSize() + SECTOR - 1 & -SECTOR;
    if (size == to.byteSize()) {
      node.read(at, to);
      crypt(false, number, to, to);
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment whole = arena.allocate(size, SECTOR);
      node.read(at - before, whole);
      crypt(false, number - before, whole, whole);
      to.copyFrom(whole.asSlice(before, to.byteSize()));
    }
  }

  /** Writes; what is around the bytes in their sectors stays. */
  public void write(BlockNode node, long at, long number, MemorySegment from) {
    long before = number & (SECTOR - 1);
    long size = before + from.byteSize() + SECTOR - 1 & -SECTOR;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment packed = arena.allocate(size, 4096);
      if (size == from.byteSize()) {
        crypt(true, number, from, packed);
      } else {
        read(node, at - before, number - before, packed);
        packed.asSlice(before, from.byteSize()).copyFrom(from);
        crypt(true, number - before, packed, packed);
      }
      node.write(at - before, packed);
    }
  }

  private void crypt(boolean encrypts, long number, MemorySegment from, MemorySegment to) {
    Worker worker = worker();
    byte[] bytes = worker.bytes;
    for (long done = 0; done < from.byteSize(); ) {
      int length = (int) Math.min(CHUNK, from.byteSize() - done);
      MemorySegment.copy(from, ValueLayout.JAVA_BYTE, done, bytes, 0, length);
      long sector = (number + done) / SECTOR;
      if (encrypts) {
        worker.cipher.encrypt(sector, bytes, length);
      } else {
        worker.cipher.decrypt(sector, bytes, length);
      }
      MemorySegment.copy(bytes, 0, to, ValueLayout.JAVA_BYTE, done, length);
      done += length;
    }
    idle.add(worker);
  }
}
