package dev.kasuari.tcg;

import dev.kasuari.host.RawMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a run adds to a {@link CodeArchive}: goes to a file of its own, which takes the archive's
 * place now and then, as a machine may be killed, and in the end. Whoever translates fills chunks;
 * a thread of its own completes and writes them.
 */
final class ArchiveWriter implements AutoCloseable {
  private static final int CHUNK = 1 << 20;

  /** Files for other machines, and of other builds, are removed beyond so many bytes. */
  private static final long ALL_FILES = 4 * CodeArchive.LIMIT;

  /**
   * Until the file takes the archive's place for the first time; then it is twice that. Before,
   * chunks wait: a machine that begins needs the host for itself.
   */
  private static final long FIRST_NANOS = 2_000_000_000L;

  private final Path file;
  private final byte[] key;
  private final long limit;
  private final LongSupplier clock;
  private final long firstTime;
  private final ScheduledThreadPoolExecutor thread =
      new ScheduledThreadPoolExecutor(
          1, Thread.ofPlatform().daemon().name("code archive").factory());

  /** Where translators write, and how much they have. */
  private MemorySegment chunk = newChunk();

  private int filled;
  private long total;
  private int count;

  private final Queue<MemorySegment> full = new ConcurrentLinkedQueue<>();

  // Of the thread.
  private @Nullable IOException trouble;
  private final ArchiveIndex index = new ArchiveIndex();
  private final Set<Long> known = new HashSet<>();
  private final @Nullable ArchiveFile first;
  private @Nullable ArchiveFile latest;
  private long patience = FIRST_NANOS;
  private long nextTime;
  private @Nullable Path part;
  private @Nullable FileChannel out;
  private long written;

  /**
   * @param first what is there already, if anything is
   * @param limit bytes of the file at the most, but for its index
   * @param clock nanoseconds of the host
   */
  ArchiveWriter(
      Path file, byte[] key, @Nullable ArchiveFile first, long limit, LongSupplier clock) {
    this.first = first;
    this.file = file;
    this.key = key;
    this.limit = limit;
    this.clock = clock;
    firstTime = clock.getAsLong() + patience;
    nextTime = firstTime;
    total = ArchiveFile.HEADER + (long) key.length;
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    var _ = thread.schedule(() -> unlessBroken(this::takeFull), FIRST_NANOS, TimeUnit.NANOSECONDS);
  }

  private static MemorySegment newChunk() {
    return Arena.ofAuto().allocate(CHUNK, 8);
  }

  /** Units added so far. */
  int count() {
    return count;
  }

  /** Adds a unit; see {@link CodeArchive#add}. */
  void add(
      long hash,
      long mode,
      int pageOffset,
      byte[] guestCode,
      int guestBytes,
      int instructions,
      CodeImage image) {
    long size = ArchiveFile.size(guestBytes, image.count(), image.codeBytes());
    if (size > CHUNK || total + size > limit) {
      return;
    }
    if (filled + size > CHUNK) {
      handOver();
    }
    long record = chunk.address() + filled;
    RawMemory.putAlignedLong(record + ArchiveFile.HASH, hash);
    RawMemory.putAlignedLong(record + ArchiveFile.MODE, mode);
    RawMemory.putAlignedInt(record + ArchiveFile.PAGE_OFFSET, pageOffset);
    RawMemory.putAlignedInt(record + ArchiveFile.GUEST_BYTES, guestBytes);
    RawMemory.putAlignedInt(record + ArchiveFile.INSTRUCTIONS, instructions);
    RawMemory.putAlignedInt(record + ArchiveFile.WORDS, image.count());
    RawMemory.putAlignedInt(record + ArchiveFile.CODE_BYTES, image.codeBytes());
    long at = record + ArchiveFile.RECORD;
    RawMemory.put(at, guestCode, 0, guestBytes);
    at += ArchiveFile.padded(guestBytes);
    RawMemory.put(at, image.words(), 0, image.count());
    at += ArchiveFile.padded(4L * image.count());
    RawMemory.put(at, image.code(), 0, image.codeBytes());
    filled += (int) size;
    total += size;
    count++;
  }

  private void handOver() {
    full.add(chunk.asSlice(0, filled));
    chunk = newChunk();
    filled = 0;
    if (clock.getAsLong() - firstTime >= 0) {
      thread.execute(() -> unlessBroken(this::takeFull));
    }
  }

  // ---- in the thread ---------------------------------------------------------------------------

  @FunctionalInterface
  private interface Work {
    void run() throws IOException;
  }

  private void unlessBroken(Work work) {
    try {
      if (trouble == null) {
        work.run();
      }
    } catch (IOException e) {
      trouble = e;
    } catch (RuntimeException e) {
      trouble = new IOException(e);
    }
  }

  private void open() throws IOException {
    index.clear();
    known.clear();
    written = 0;
    Files.createDirectories(folder(), mine("rwx------"));
    Path fresh =
        Files.createTempFile(
            folder(), file.getFileName() + "-", ArchiveFolder.PART, mine("rw-------"));
    part = fresh;
    out = FileChannel.open(fresh, StandardOpenOption.WRITE);
    write(buffer(ArchiveFile.HEADER));
    write(ByteBuffer.wrap(key));
  }

  private Path folder() throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IOException(file + " is no file");
    }
    return folder;
  }

  private static FileAttribute<?> mine(String permissions) {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
  }

  private void write(ByteBuffer bytes) throws IOException {
    FileChannel channel = out;
    if (channel == null) {
      throw new IOException(file + " is closed");
    }
    while (bytes.hasRemaining()) {
      written += channel.write(bytes);
    }
  }

  private void takeFull() throws IOException {
    for (MemorySegment next = full.poll(); next != null; next = full.poll()) {
      if (out == null) {
        open();
      }
      take(next);
    }
    long now = clock.getAsLong();
    if (now - nextTime >= 0) {
      complete();
      patience *= 2;
      nextTime = now + patience;
    }
  }

  /** Completes records and writes them. */
  private void take(MemorySegment records) throws IOException {
    for (long at = 0; at < records.byteSize(); ) {
      long record = records.address() + at;
      long size = ArchiveFile.size(record);
      long sum = ArchiveFile.checkSum(record, size);
      RawMemory.putAlignedLong(record + ArchiveFile.CHECK, sum);
      note(record, sum, written + at);
      at += size;
    }
    write(records.asByteBuffer());
  }

  /** The same code in several pages of a guest is found once; false if it was noted before. */
  private boolean note(long record, long sum, long offset) {
    boolean fresh = known.add(sum);
    if (fresh) {
      index.add(RawMemory.getAlignedLong(record + ArchiveFile.HASH), offset);
    }
    return fresh;
  }

  /** The file, if there is one, takes the archive's place, with what was there before. */
  private void complete() throws IOException {
    FileChannel channel = out;
    Path path = part;
    if (channel == null || path == null) {
      return;
    }
    ArchiveFile before = latest == null ? first : latest;
    if (before != null) {
      takeFrom(before);
    }
    long indexAt = written;
    long[] table = index.table();
    ByteBuffer bytes = buffer(8 * table.length);
    bytes.asLongBuffer().put(table);
    write(bytes);
    ByteBuffer header = buffer(ArchiveFile.HEADER);
    header.putLong(0, ArchiveFile.MAGIC).putInt(ArchiveFile.KEY_BYTES, key.length);
    header.putInt(ArchiveFile.COUNT, index.count()).putLong(ArchiveFile.INDEX, indexAt);
    header.putLong(ArchiveFile.SLOTS, table.length);
    channel.write(header, 0);
    channel.close();
    Files.move(path, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    part = null;
    out = null;
    if (latest != null) {
      latest.close();
    }
    latest = ArchiveFile.open(file, key);
    try {
      ArchiveFolder.tidy(folder(), ALL_FILES);
    } catch (IOException e) {
      // Somebody else does the same just now.
    }
  }

  /** Its newest units come first, and go on as long as there is room. */
  private void takeFrom(ArchiveFile other) throws IOException {
    long from = other.firstRecord();
    long at = from;
    while (at < other.recordsEnd() && other.whole(at)) {
      long size = ArchiveFile.size(at);
      if (written + (at - from) + size > limit) {
        break;
      }
      if (!note(at, RawMemory.getAlignedLong(at + ArchiveFile.CHECK), written + (at - from))) {
        write(other.bytes(from, at));
        from = at + size;
      }
      at += size;
    }
    write(other.bytes(from, at));
  }

  // ---- the end ---------------------------------------------------------------------------------

  /**
   * The file takes the archive's place for the last time.
   *
   * @throws IOException if the host refused anything since the beginning
   */
  void finish() throws IOException {
    handOver();
    thread.execute(() -> unlessBroken(this::takeFull));
    thread.execute(() -> unlessBroken(this::complete));
    thread.close();
    if (trouble != null) {
      throw trouble;
    }
  }

  /** Ends without a new archive, if it is not finished. */
  @Override
  public void close() {
    thread.close();
    if (latest != null) {
      latest.close();
      latest = null;
    }
    try {
      if (out != null) {
        out.close();
      }
      if (part != null) {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      // Whoever comes a day later removes it.
    }
  }
}
