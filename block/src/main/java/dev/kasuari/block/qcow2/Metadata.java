package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** What says where the bytes of a disk are, and the lock that guards it in memory. */
final class Metadata implements AutoCloseable {
  final BlockNode file;
  final Header header;
  final Geometry g;
  final Commit commit;
  final Refcounts refcounts;
  final ClusterMap map;
  private final ReentrantLock lock = new ReentrantLock();
  private final BooleanSupplier writable;

  final GuestData data;

  Metadata(BlockNode file, Header header, GuestData data, Caches caches, BooleanSupplier writable) {
    this.data = data;
    this.file = file;
    this.header = header;
    this.writable = writable;
    g = header.geometry();
    commit = new Commit(file, header, data, lock);
    var counts = new TableCache(file, caches.countPiece(g), caches.countPieces(g));
    var tables = new TableCache(file, caches.mapPiece(g), caches.mapPieces(header));
    refcounts = new Refcounts(file, header, counts);
    map = new ClusterMap(file, header, tables, refcounts, commit);
    commit.connect(map, refcounts);
  }

  /**
   * Does something under the lock. An image that turns out to contradict itself is marked, and not
   * written any more.
   */
  <T> T locked(Supplier<T> work) {
    lock.lock();
    try {
      return work.get();
    } catch (BlockException e) {
      if (e.kind() == BlockException.Kind.CORRUPT && writable.getAsBoolean()) {
        markCorrupt();
      }
      throw e;
    } finally {
      lock.unlock();
    }
  }

  private void markCorrupt() {
    if (header.version == 3 && !header.has(Header.CORRUPT)) {
      header.incompatible |= Header.CORRUPT;
      header.writeFixed(file);
      file.flush();
    }
  }

  @Override
  public void close() {
    map.cache().close();
    refcounts.cache().close();
  }
}
