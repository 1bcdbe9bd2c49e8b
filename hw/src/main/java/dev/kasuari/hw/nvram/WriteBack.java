package dev.kasuari.hw.nvram;

import dev.kasuari.machine.Log;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.backend.BlockBackend;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.qapi.OptionException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Memory that begins as a back end's bytes and whose changes go back there. One write is under way
 * at a time; what changes meanwhile is written together after it.
 */
final class WriteBack {
  private static final int CHUNK = 1 << 20;

  private final String device;
  private final BlockBackend disk;
  private final RamBlock memory;
  private final Wiring wiring;
  private final Log log;
  private long from;
  private long to;
  private boolean writing;

  WriteBack(String device, BlockBackend disk, RamBlock memory, Wiring wiring) {
    this.device = device;
    this.disk = disk;
    this.memory = memory;
    this.wiring = wiring;
    this.log = wiring.log();
  }

  /**
   * Reads all there is. What is zero is not touched, so that an image that is mostly empty costs
   * little memory.
   */
  void load() {
    byte[] chunk = new byte[CHUNK];
    long size = Math.min(disk.size(), memory.size());
    for (long at = 0; at < size; at += CHUNK) {
      int length = (int) Math.min(CHUNK, size - at);
      var done = new CompletableFuture<BlockBackend.Status>();
      disk.read(at, List.of(MemorySegment.ofArray(chunk).asSlice(0, length)), done::complete);
      BlockBackend.Status status = done.join();
      if (status != BlockBackend.Status.OK) {
        throw new OptionException(
            "%s: drive=%s cannot be read at %d: %s".formatted(device, disk.id(), at, status));
      }
      if (!zero(chunk, length)) {
        memory.put(at, length == CHUNK ? chunk : java.util.Arrays.copyOf(chunk, length));
      }
    }
  }

  private static boolean zero(byte[] bytes, int length) {
    for (int i = 0; i < length; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return true;
  }

  /** Bytes of the memory have changed. */
  void changed(long offset, long length) {
    if (from == to) {
      from = offset;
      to = offset + length;
    } else {
      from = Math.min(from, offset);
      to = Math.max(to, offset + length);
    }
    next();
  }

  private void next() {
    if (writing || from == to) {
      return;
    }
    long block = disk.blockSize();
    long start = from / block * block;
    long end = Math.min((to + block - 1) / block * block, disk.size());
    byte[] bytes = memory.get(start, (int) (end - start));
    from = 0;
    to = 0;
    writing = true;
    disk.write(
        start,
        List.of(MemorySegment.ofArray(bytes)),
        false,
        status -> wiring.post(() -> written(start, status)));
  }

  private void written(long start, BlockBackend.Status status) {
    writing = false;
    if (status != BlockBackend.Status.OK) {
      log.always("%s: cannot write %s at %d: %s".formatted(device, disk.id(), start, status));
    }
    next();
  }

  /** How many writes are still to end. */
  int underWay() {
    return (writing ? 1 : 0) + (from == to ? 0 : 1);
  }
}
