package dev.kasuari.block.vvfat;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.Opening;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An open disk: what was written, over what the folder had when it was opened. */
final class VvfatNode extends BlockNode {
  private static final int PAGE = 4096;

  private final String dir;
  private final FatVolume volume;
  private final Geometry geometry;

  /** What was written; at most as much as the disk has. */
  private final Map<Long, byte[]> written = new HashMap<>();

  private @Nullable Path openPath;
  private @Nullable FileChannel open;

  VvfatNode(Opening opening, String dir, FatVolume volume) {
    super(opening);
    this.dir = dir;
    this.volume = volume;
    geometry = volume.geometry();
  }

  @Override
  public String filename() {
    return "fat:" + dir;
  }

  @Override
  public long size() {
    return geometry.sectors() * Geometry.SECTOR;
  }

  @Override
  protected synchronized void readAt(long offset, MemorySegment to) {
    for (long done = 0; done < to.byteSize(); ) {
      long at = offset + done;
      byte[] page = written.get(at / PAGE);
      int in = (int) (at % PAGE);
      long n = Math.min(to.byteSize() - done, PAGE - in);
      if (page != null) {
        MemorySegment.copy(page, in, to, ValueLayout.JAVA_BYTE, done, (int) n);
      } else {
        n = readFolder(at, to.asSlice(done, written.isEmpty() ? to.byteSize() - done : n));
      }
      done += n;
    }
  }

  /** Reads the beginning of what was never written, and returns how much that was. */
  private long readFolder(long offset, MemorySegment to) {
    long sector = offset / Geometry.SECTOR;
    if (sector < geometry.data()) {
      int in = (int) (offset % Geometry.SECTOR);
      int n = (int) Math.min(Geometry.SECTOR - in, to.byteSize());
      MemorySegment.copy(volume.sector(sector), in, to, ValueLayout.JAVA_BYTE, 0, n);
      return n;
    }
    long begin = (long) geometry.data() * Geometry.SECTOR;
    long cluster = 2 + (offset - begin) / geometry.clusterBytes();
    FatVolume.Run run = volume.run(cluster);
    if (run == null) {
      long n = Math.min(to.byteSize(), place(volume.nextRun(cluster)) - offset);
      n = n <= 0 ? to.byteSize() : n; // behind the last cluster
      to.asSlice(0, n).fill((byte) 0);
      return n;
    }
    long in = offset - place(run.first());
    long n = Math.min(to.byteSize(), run.count() * geometry.clusterBytes() - in);
    readRun(run, in, to.asSlice(0, n));
    return n;
  }

  private long place(long cluster) {
    return (long) geometry.data() * Geometry.SECTOR + (cluster - 2) * geometry.clusterBytes();
  }

  private void readRun(FatVolume.Run run, long in, MemorySegment to) {
    long there = Math.clamp(run.size() - in, 0, to.byteSize());
    byte[] directory = run.directory();
    if (there == 0) {
      to.fill((byte) 0); // what fills the last cluster
      return;
    }
    if (directory != null) {
      MemorySegment.copy(directory, (int) in, to, ValueLayout.JAVA_BYTE, 0, (int) there);
    } else {
      there = readFile(Objects.requireNonNull(run.path()), in, to.asSlice(0, there));
    }
    to.asSlice(there).fill((byte) 0);
  }

  /** A file that has become shorter is not read to its end. */
  private long readFile(Path path, long offset, MemorySegment to) {
    try {
      FileChannel channel = channel(path);
      long done = 0;
      while (done < to.byteSize()) {
        ByteBuffer into = to.asSlice(done).asByteBuffer();
        int n = channel.read(into, offset + done);
        if (n <= 0) {
          break;
        }
        done += n;
      }
      return done;
    } catch (IOException e) {
      throw new BlockException(
          BlockException.Kind.IO_ERROR, "vvfat: cannot read '" + path + "': " + e);
    }
  }

  private FileChannel channel(Path path) throws IOException {
    FileChannel there = open;
    if (there != null && path.equals(openPath)) {
      return there;
    }
    closeFile();
    FileChannel channel =
        FileChannel.open(path, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
    open = channel;
    openPath = path;
    return channel;
  }

  private void closeFile() {
    FileChannel there = open;
    open = null;
    if (there != null) {
      try {
        there.close();
      } catch (IOException e) {
        // It was only read.
      }
    }
  }

  @Override
  protected synchronized void writeAt(long offset, MemorySegment from) {
    for (long done = 0; done < from.byteSize(); ) {
      long at = offset + done;
      int in = (int) (at % PAGE);
      int n = (int) Math.min(PAGE - in, from.byteSize() - done);
      MemorySegment.copy(from, ValueLayout.JAVA_BYTE, done, page(at / PAGE), in, n);
      done += n;
    }
  }

  private byte[] page(long number) {
    byte[] there = written.get(number);
    if (there != null) {
      return there;
    }
    byte[] page = new byte[PAGE];
    int size = (int) Math.min(PAGE, size() - number * PAGE);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(size);
      readAt(number * PAGE, bytes);
      MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, 0, page, 0, size);
    }
    written.put(number, page);
    return page;
  }

  @Override
  protected synchronized void zeroAt(long offset, long length, boolean mayUnmap) {
    for (long done = 0; done < length; ) {
      long at = offset + done;
      int in = (int) (at % PAGE);
      int n = (int) Math.min(PAGE - in, length - done);
      java.util.Arrays.fill(page(at / PAGE), in, in + n, (byte) 0);
      done += n;
    }
  }

  @Override
  protected void discardAt(long offset, long length) {}

  @Override
  protected void flushNow() {}

  @Override
  protected void accessChanging(Access to) {
    if (to.writable() && !writable()) {
      throw BlockException.notSupported("vvfat: the disk was opened without 'rw'");
    }
  }

  @Override
  protected synchronized BlockStatus statusAt(long offset, long length) {
    return BlockStatus.data(length, BlockStatus.NO_OFFSET);
  }

  @Override
  protected synchronized void closeNow() {
    closeFile();
  }
}
