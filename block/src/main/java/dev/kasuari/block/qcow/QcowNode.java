package dev.kasuari.block.qcow;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.block.table.SparseDisk;
import dev.kasuari.block.table.SparseNode;
import dev.kasuari.block.table.TablePages;
import dev.kasuari.block.table.TwoLevelMap;
import dev.kasuari.qapi.Json;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/** An open image. */
final class QcowNode extends SparseNode {
  private final BlockNode file;
  private final Header header;
  private final TablePages pages;
  private final Clusters clusters;
  private final SparseDisk disk;

  QcowNode(Opening opening, BlockNode file, @Nullable BlockNode backing, Header header) {
    super(opening, backing != null, backing);
    this.file = file;
    this.header = header;
    pages = new TablePages(file, ByteOrder.BIG_ENDIAN);
    clusters = new Clusters();
    disk = new SparseDisk(file, header.clusterSize(), clusters, pages, behindDisk());
  }

  /** "2-Level lookups": the highest bit of an entry is a compressed cluster's, with its size. */
  private final class Clusters extends TwoLevelMap {
    private static final long COMPRESSED = 1L << 63;

    Clusters() {
      super(
          "qcow",
          QcowNode.this.file,
          QcowNode.this.pages,
          header.first(),
          1L << header.tableBits(),
          header.clusterSize());
    }

    @Override
    protected Entry decode(long index, long entry) {
      return entry < 0 ? new Entry(Kind.PACKED, entry) : Entry.data(entry);
    }

    private int sizeShift() {
      return 63 - header.clusterBits();
    }

    @Override
    public void unpack(long index, Entry entry, MemorySegment to) {
      int size = (int) (entry.offset() >>> sizeShift()) & (header.clusterSize() - 1);
      long offset = entry.offset() & ((1L << sizeShift()) - 1);
      ByteBuffer packed = FileBytes.read(file, offset, size, ByteOrder.BIG_ENDIAN);
      Inflater inflater = new Inflater(true);
      try {
        inflater.setInput(packed);
        ByteBuffer out = to.asByteBuffer();
        while (out.hasRemaining()) {
          if (inflater.inflate(out) == 0 && (inflater.finished() || inflater.needsInput())) {
            throw BlockException.corrupt("qcow: a compressed cluster ends too early");
          }
        }
      } catch (DataFormatException e) {
        throw BlockException.corrupt("qcow: a compressed cluster is damaged: " + e.getMessage());
      } finally {
        inflater.end();
      }
    }

    /**
     * Writes a compressed cluster behind all others; the entry for it, or 0 if it got no smaller.
     */
    long append(MemorySegment cluster) {
      byte[] packed = new byte[header.clusterSize() - 1];
      Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
      int size;
      try {
        deflater.setInput(cluster.asByteBuffer());
        deflater.finish();
        size = deflater.deflate(packed);
        if (!deflater.finished()) {
          return 0;
        }
      } finally {
        deflater.end();
      }
      long offset = appendBytes(size);
      FileBytes.write(file, offset, java.util.Arrays.copyOf(packed, size));
      return COMPRESSED | (long) size << sizeShift() | offset;
    }
  }

  @Override
  protected SparseDisk disk() {
    return disk;
  }

  @Override
  public long size() {
    return header.sectorsSize();
  }

  @Override
  public boolean compresses() {
    return true;
  }

  @Override
  public void writeCompressed(long offset, MemorySegment from) {
    requireWritable();
    int cluster = header.clusterSize();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment whole = arena.allocate(cluster);
      whole.asSlice(0, from.byteSize()).copyFrom(from);
      long entry = clusters.append(whole);
      if (entry == 0 || !disk.adopt(offset / cluster, () -> entry)) {
        disk.write(offset, from);
      }
    }
  }

  @Override
  public Facts facts() {
    return new Facts(
        header.clusterSize(),
        false,
        header.crypt() != 0,
        header.backingFile(),
        null,
        new Json.Members(Map.of()));
  }
}
