package dev.kasuari.block.vmdk;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.table.SparseDisk;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A part of a disk. Offsets are within the part. */
sealed interface VmdkExtent {
  void read(long offset, MemorySegment to);

  void write(long offset, MemorySegment from);

  void zero(long offset, long length, boolean mayUnmap);

  /** Makes bytes zero, or returns false if it would take as long as to write them. */
  boolean zeroQuickly(long offset, long length, boolean mayUnmap);

  void discard(long offset, long length);

  BlockStatus status(long offset, long length);

  void flush();

  default void close() {}

  /** The bytes of a file. */
  record Flat(BlockNode file, long start, boolean writable) implements VmdkExtent {
    @Override
    public void read(long offset, MemorySegment to) {
      file.read(start + offset, to);
    }

    @Override
    public void write(long offset, MemorySegment from) {
      requireWritable();
      file.write(start + offset, from);
    }

    @Override
    public void zero(long offset, long length, boolean mayUnmap) {
      requireWritable();
      file.writeZeroes(start + offset, length, mayUnmap);
    }

    @Override
    public boolean zeroQuickly(long offset, long length, boolean mayUnmap) {
      requireWritable();
      return file.zeroQuickly(start + offset, length, mayUnmap);
    }

    @Override
    public void discard(long offset, long length) {
      if (writable) {
        file.discard(start + offset, length);
      }
    }

    private void requireWritable() {
      if (!writable) {
        throw new BlockException(
            BlockException.Kind.READ_ONLY, "vmdk: an extent that is only to be read");
      }
    }

    @Override
    public BlockStatus status(long offset, long length) {
      BlockStatus below = file.status(start + offset, length);
      return new BlockStatus(below.length(), true, below.zero(), true, start + offset, false);
    }

    @Override
    public void flush() {
      file.flush();
    }
  }

  /** Zeroes. */
  record Zero() implements VmdkExtent {
    @Override
    public void read(long offset, MemorySegment to) {
      to.fill((byte) 0);
    }

    @Override
    public void write(long offset, MemorySegment from) {
      throw new BlockException(BlockException.Kind.READ_ONLY, "vmdk: an extent of zeroes");
    }

    @Override
    public void zero(long offset, long length, boolean mayUnmap) {}

    @Override
    public boolean zeroQuickly(long offset, long length, boolean mayUnmap) {
      return true;
    }

    @Override
    public void discard(long offset, long length) {}

    @Override
    public BlockStatus status(long offset, long length) {
      return BlockStatus.zero(length, BlockStatus.NO_OFFSET);
    }

    @Override
    public void flush() {}
  }

  /** Grains with tables. */
  record Sparse(
      SparseHeader header,
      SparseDisk disk,
      GrainTables tables,
      long length,
      SparseDisk.@Nullable Behind behind)
      implements VmdkExtent {
    @Override
    public void read(long offset, MemorySegment to) {
      disk.read(offset, to);
    }

    @Override
    public void write(long offset, MemorySegment from) {
      if (!header.compressed()) {
        disk.write(offset, from);
        return;
      }
      int grain = header.grainSize();
      for (long done = 0; done < from.byteSize(); done += grain) {
        writeCompressed(offset + done, from.asSlice(done, Math.min(grain, from.byteSize() - done)));
      }
    }

    /** Writes a whole grain, or the last as far as it goes. */
    void writeCompressed(long offset, MemorySegment from) {
      int grain = header.grainSize();
      boolean whole = offset % grain == 0 && from.byteSize() == Math.min(grain, length - offset);
      if (!whole) {
        throw BlockException.invalid("vmdk: compressed grains are written whole");
      }
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment all = arena.allocate(grain);
        all.asSlice(0, from.byteSize()).copyFrom(from);
        long index = offset / grain;
        if (!disk.adopt(index, () -> tables.append(index, all))) {
          throw new BlockException(
              BlockException.Kind.IO_ERROR,
              "Could not write to allocated cluster for streamOptimized");
        }
      }
    }

    @Override
    public void zero(long offset, long length, boolean mayUnmap) {
      if (!header.compressed()) {
        disk.zero(offset, length, mayUnmap);
        return;
      }
      for (long done = 0; done < length; ) {
        BlockStatus status = disk.status(offset + done, length - done);
        if (status.compressed() || (!status.zero() && behind != null)) {
          throw new BlockException(
              BlockException.Kind.IO_ERROR,
              "Could not write to allocated cluster for streamOptimized");
        }
        done += status.length();
      }
    }

    @Override
    public boolean zeroQuickly(long offset, long length, boolean mayUnmap) {
      return !header.compressed() && disk.zeroQuickly(offset, length, mayUnmap);
    }

    @Override
    public void discard(long offset, long length) {
      if (behind == null && !header.compressed()) {
        disk.zero(offset, length, true);
      }
    }

    @Override
    public BlockStatus status(long offset, long length) {
      return disk.status(offset, length);
    }

    @Override
    public void flush() {
      disk.flush();
    }

    @Override
    public void close() {
      disk.close();
    }
  }
}
