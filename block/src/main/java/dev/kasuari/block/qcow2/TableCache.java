package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Buffers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Pieces of L2 tables or refcount blocks in memory, by their offset in the file. Changed pieces
 * stay until {@link Commit} has written them; of the others the least recently used go first. All
 * under the image's lock.
 */
final class TableCache implements AutoCloseable {
  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /** One piece. */
  static final class Piece {
    final long offset;

    /** Where they are changes when the cache is cleaned. */
    MemorySegment bytes;

    /** The turn in which it was used last. */
    int used;

    /** Whose piece it is: an index into the table above. */
    final int owner;

    boolean dirty;

    /** Being written: must not go. */
    int pins;

    Piece(long offset, MemorySegment bytes, int owner) {
      this.offset = offset;
      this.bytes = bytes;
      this.owner = owner;
    }

    long get(long at) {
      return bytes.get(LONG, at);
    }
  }

  private final BlockNode file;
  private final int pieceSize;
  private final int capacity;
  private final Map<Long, Piece> pieces = new LinkedHashMap<>(64, 0.75f, true);
  private final Deque<MemorySegment> spare = new ArrayDeque<>();
  private Arena arena = Arena.ofShared();
  private int dirty;

  /** How often it has been cleaned. */
  private int turn;

  /** The piece that was asked for last, if it is still there: most are asked for again. */
  private @Nullable Piece last;

  /**
   * An empty cache.
   *
   * @param pieceSize bytes of a piece, a power of two
   * @param capacity pieces that are kept
   */
  TableCache(BlockNode file, int pieceSize, int capacity) {
    this.file = file;
    this.pieceSize = pieceSize;
    this.capacity = capacity;
  }

  int pieceSize() {
    return pieceSize;
  }

  /** True if it is time to write what has changed. */
  boolean full() {
    return dirty > capacity / 2;
  }

  boolean hasDirty() {
    return dirty > 0;
  }

  /** The piece in which the byte at {@code offset} of the file is. */
  Piece get(long offset, int owner) {
    long start = offset & -pieceSize;
    if (last != null && last.offset == start) {
      last.used = turn;
      return last;
    }
    Piece piece = pieces.get(start);
    if (piece == null) {
      piece = new Piece(start, room(), owner);
      boolean read = false;
      try {
        file.read(start, piece.bytes);
        read = true;
      } finally {
        if (!read) {
          spare.push(piece.bytes);
        }
      }
      pieces.put(start, piece);
    }
    piece.used = turn;
    last = piece;
    return piece;
  }

  private MemorySegment room() {
    last = null;
    if (pieces.size() >= capacity) {
      for (Iterator<Piece> i = pieces.values().iterator(); i.hasNext(); ) {
        Piece eldest = i.next();
        if (!eldest.dirty && eldest.pins == 0) {
          i.remove();
          return eldest.bytes;
        }
      }
    }
    MemorySegment free = spare.poll();
    return free != null ? free : Buffers.small(arena, pieceSize);
  }

  /** Changes 64 bits of a piece. */
  void set(Piece piece, long at, long value) {
    piece.bytes.set(LONG, at, value);
    touch(piece);
  }

  /** Notes a change. */
  void touch(Piece piece) {
    if (!piece.dirty) {
      piece.dirty = true;
      dirty++;
    }
  }

  /** Forgets the pieces of a range of the file, which is used for something else from now on. */
  void forgetUnpinned(long offset, long length) {
    if (pieces.isEmpty()) {
      return;
    }
    last = null;
    if (length / pieceSize > pieces.size()) {
      pieces.values().removeIf(p -> p.offset >= offset && p.offset < offset + length && drop(p));
      return;
    }
    for (long at = offset & -pieceSize; at < offset + length; at += pieceSize) {
      Piece piece = pieces.get(at);
      if (piece != null && drop(piece)) {
        pieces.remove(at);
      }
    }
  }

  private boolean drop(Piece piece) {
    if (piece.pins > 0) {
      throw new IllegalStateException("a table is given back while it is written");
    }
    dirty -= piece.dirty ? 1 : 0;
    spare.push(piece.bytes);
    return true;
  }

  /** A piece as it was at some time, on its way to the file. */
  record Copy(Piece piece, MemorySegment bytes) {}

  /** Bytes of memory that it has. */
  long memory() {
    return (long) (pieces.size() + spare.size()) * pieceSize;
  }

  /** Gives back the memory of pieces that were not used since the last time. */
  void clean() {
    last = null;
    int before = pieces.size();
    pieces.values().removeIf(p -> p.used != turn && !p.dirty && p.pins == 0);
    turn++;
    if (pieces.size() == before && spare.isEmpty()) {
      return;
    }
    Arena next = Arena.ofShared();
    for (Piece piece : pieces.values()) {
      piece.bytes = next.allocate(pieceSize, 64).copyFrom(piece.bytes);
    }
    spare.clear();
    arena.close();
    arena = next;
  }

  /** Copies all that has changed. Each must go to {@link #saved}. */
  List<Copy> copyDirty(Arena into) {
    var copies = new ArrayList<Copy>();
    for (Piece piece : pieces.values()) {
      if (piece.dirty) {
        MemorySegment copy =
            into.allocateFrom(
                ValueLayout.JAVA_BYTE, piece.bytes, ValueLayout.JAVA_BYTE, 0, pieceSize);
        piece.dirty = false;
        piece.pins++;
        copies.add(new Copy(piece, copy));
      }
    }
    dirty = 0;
    return copies;
  }

  /** Hears how it went. */
  void saved(List<Copy> copies, boolean successfully) {
    for (Copy copy : copies) {
      copy.piece.pins--;
      if (!successfully) {
        touch(copy.piece);
      }
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
