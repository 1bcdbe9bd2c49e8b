package dev.kasuari.block.vmdk;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.table.BlockMap;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.block.table.TablePages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * Where grains are: a directory of tables of sector numbers, both twice ("Grain Directories and
 * Grain Tables"). Compressed grains have a marker before them ("Grain Markers").
 */
final class GrainTables implements BlockMap {
  private static final int SECTOR = SparseHeader.SECTOR;
  private static final int ZEROED = 1;
  private static final int MARKER = 12;

  private final BlockNode file;
  private final SparseHeader header;
  private final TablePages pages;
  private long end;

  GrainTables(BlockNode file, SparseHeader header, TablePages pages) {
    this.file = file;
    this.header = header;
    this.pages = pages;
    end = rounded(Math.max(file.size(), header.overhead() * SECTOR));
  }

  private long rounded(long offset) {
    long unit = header.compressed() ? SECTOR : header.grainSize();
    return (offset + unit - 1) / unit * unit;
  }

  /** Where the entry of a grain is, or 0 if it has no table. */
  private long entryOffset(long directory, long index) {
    long in = directory * SECTOR + index / header.tableEntries() * 4;
    long table = (pages.getInt(in) & 0xffffffffL) * SECTOR;
    if (table == 0) {
      return 0;
    }
    if (table > file.size() - header.tableEntries() * 4L) {
      throw BlockException.corrupt("vmdk: a grain table at " + table + ", behind the file");
    }
    return table + index % header.tableEntries() * 4;
  }

  @Override
  public Entry get(long index) {
    long at = entryOffset(header.directory(), index);
    long sector = at == 0 ? 0 : pages.getInt(at) & 0xffffffffL;
    if (sector == 0) {
      return Entry.ABSENT;
    }
    if (sector == ZEROED && header.zeroedGrains()) {
      return Entry.ZERO;
    }
    long offset = sector * SECTOR;
    long directoryEnd = header.directory() * SECTOR + header.tables() * 4;
    if (sector < 2 || (offset >= header.directory() * SECTOR && offset < directoryEnd)) {
      throw BlockException.corrupt("vmdk: grain " + index + " is said to be where metadata is");
    }
    return new Entry(header.compressed() ? Kind.PACKED : Kind.DATA, offset);
  }

  @Override
  public long alike(long index) {
    int perTable = header.tableEntries();
    return entryOffset(header.directory(), index) == 0 ? perTable - index % perTable : 1;
  }

  @Override
  public long place(long index) {
    refuseMissingTable(index);
    long offset = end;
    if (offset / SECTOR > 0xffff_ffffL) {
      throw new BlockException(BlockException.Kind.NO_SPACE, "vmdk: the extent is full");
    }
    end = offset + header.grainSize();
    return offset;
  }

  private void refuseMissingTable(long index) {
    if (entryOffset(header.directory(), index) == 0) {
      throw BlockException.notSupported("vmdk: an extent without a table for grain " + index);
    }
  }

  @Override
  public void link(long index, long offset) {
    set(index, (int) (offset / SECTOR));
  }

  @Override
  public boolean linkZero(long index) {
    if (!header.zeroedGrains()) {
      return false;
    }
    refuseMissingTable(index);
    set(index, ZEROED);
    return true;
  }

  private void set(long index, int value) {
    pages.setInt(entryOffset(header.directory(), index), value);
    long copy = header.redundant() ? entryOffset(header.redundantDirectory(), index) : 0;
    if (copy != 0) {
      pages.setInt(copy, value);
    }
  }

  @Override
  public void unpack(long index, Entry entry, MemorySegment to) {
    ByteBuffer start = FileBytes.read(file, entry.offset(), MARKER, ByteOrder.LITTLE_ENDIAN);
    int size = header.markers() ? start.getInt(8) : header.grainSize();
    if (size <= 0 || size > 2L * header.grainSize() + 1024) {
      throw BlockException.corrupt("vmdk: a compressed grain of " + size + " bytes");
    }
    if (header.markers() && start.getLong(0) != index * header.grain()) {
      throw BlockException.corrupt(
          "vmdk: the marker of grain %d names sector %d".formatted(index, start.getLong(0)));
    }
    int skipped = header.markers() ? MARKER : 0;
    ByteBuffer packed =
        FileBytes.read(file, entry.offset() + skipped, size, ByteOrder.LITTLE_ENDIAN);
    Inflater inflater = new Inflater();
    try {
      inflater.setInput(packed);
      ByteBuffer out = to.asByteBuffer();
      while (out.hasRemaining()) {
        if (inflater.inflate(out) == 0 && (inflater.finished() || inflater.needsInput())) {
          throw BlockException.corrupt("vmdk: a compressed grain ends too early");
        }
      }
    } catch (DataFormatException e) {
      throw BlockException.corrupt("vmdk: a compressed grain is damaged: " + e.getMessage());
    } finally {
      inflater.end();
    }
  }

  /** Writes a compressed grain behind all others, and returns where. */
  long append(long index, MemorySegment grain) {
    byte[] room = new byte[(int) (grain.byteSize() * 2 + 1024)];
    Deflater deflater = new Deflater();
    int size;
    try {
      deflater.setInput(grain.asByteBuffer());
      deflater.finish();
      size = deflater.deflate(room, MARKER, room.length - MARKER);
    } finally {
      deflater.end();
    }
    ByteBuffer out = ByteBuffer.wrap(room).order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(0, index * header.grain()).putInt(8, size);
    int whole = (MARKER + size + SECTOR - 1) / SECTOR * SECTOR;
    long offset;
    synchronized (this) {
      offset = end;
      end += whole;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(whole);
      MemorySegment.copy(room, 0, bytes, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, MARKER + size);
      file.write(offset, bytes);
    }
    return offset;
  }
}
