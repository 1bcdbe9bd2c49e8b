package dev.kasuari.block;

import dev.kasuari.host.Errno;
import dev.kasuari.host.HostException;
import dev.kasuari.host.HostFile;
import dev.kasuari.machine.backend.BlockBackend;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A file or block device whose bytes are the disk's bytes. Operations run on threads of the image's
 * own, several at once, as they block in the host's calls.
 *
 * <p>A disk consists of sectors of 512 bytes: where the file's size is no multiple, the last sector
 * is filled up with zeroes, and the file grows when these are written (as in QEMU).
 */
public final class RawImage implements BlockBackend {
  private static final int SECTOR = 512;
  private static final int THREADS = 8;

  /** How many zeroes are written in one call where the file system cannot zero by itself. */
  private static final long ZEROES = 1 << 18;

  private final String id;
  private final HostFile file;
  private final boolean writable;
  private final boolean unmap;
  private final long fileSize;
  private final ThreadPoolExecutor pool;

  /** What a file system cannot do once it never can. */
  private volatile boolean canZero = true;

  private volatile boolean canPunch = true;

  RawImage(String id, HostFile file, boolean writable, boolean unmap) {
    this.id = id;
    this.file = file;
    this.writable = writable;
    this.unmap = unmap;
    fileSize = file.size();
    ThreadFactory threads = Thread.ofPlatform().name("block " + id + " ", 0).daemon(true).factory();
    pool =
        new ThreadPoolExecutor(
            THREADS, THREADS, 5, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads);
    pool.allowCoreThreadTimeOut(true);
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public long size() {
    return (fileSize + SECTOR - 1) & -SECTOR;
  }

  /** Bytes in the file, from which {@link #size} was rounded up. */
  public long fileSize() {
    return fileSize;
  }

  @Override
  public boolean readOnly() {
    return !writable;
  }

  @Override
  public void read(long offset, List<MemorySegment> to, Completion done) {
    submit(offset, total(to), done, () -> readNow(offset, to));
  }

  private Status readNow(long offset, List<MemorySegment> to) {
    long at = offset;
    for (MemorySegment part : to) {
      long n = file.read(part, at);
      part.asSlice(n).fill((byte) 0); // the last sector, behind the end of the file
      at += part.byteSize();
    }
    return Status.OK;
  }

  @Override
  public void write(long offset, List<MemorySegment> from, boolean throughCache, Completion done) {
    if (readOnly()) {
      done.done(Status.READ_ONLY);
      return;
    }
    submit(offset, total(from), done, () -> writeNow(offset, from, throughCache));
  }

  private Status writeNow(long offset, List<MemorySegment> from, boolean throughCache) {
    long at = offset;
    for (MemorySegment part : from) {
      file.write(part, at);
      at += part.byteSize();
    }
    if (throughCache) {
      file.sync();
    }
    return Status.OK;
  }

  @Override
  public void flush(Completion done) {
    submit(
        0,
        0,
        done,
        () -> {
          if (writable) {
            file.sync();
          }
          return Status.OK;
        });
  }

  @Override
  public void discard(long offset, long length, Completion done) {
    if (readOnly()) {
      done.done(Status.READ_ONLY);
    } else if (!unmap) {
      submit(offset, length, done, () -> Status.OK);
    } else {
      submit(
          offset, length, done, () -> punched(offset, length) ? Status.OK : Status.NOT_SUPPORTED);
    }
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap, Completion done) {
    if (readOnly()) {
      done.done(Status.READ_ONLY);
      return;
    }
    submit(
        offset,
        length,
        done,
        () -> {
          boolean zero = (unmap && mayUnmap && punched(offset, length)) || zeroed(offset, length);
          return zero ? Status.OK : writeZeroesNow(offset, length);
        });
  }

  private boolean punched(long offset, long length) {
    if (!canPunch || length == 0) {
      return length == 0;
    }
    try {
      file.punchHole(offset, length);
      return true;
    } catch (HostException e) {
      canPunch = !unknown(e);
      return false;
    } catch (UnsupportedOperationException e) {
      canPunch = false;
      return false;
    }
  }

  private boolean zeroed(long offset, long length) {
    if (!canZero || length == 0) {
      return length == 0;
    }
    try {
      file.zeroRange(offset, length);
      return true;
    } catch (HostException e) {
      if (status(e) == Status.NO_SPACE) {
        throw e;
      }
      canZero = !unknown(e);
      return false;
    } catch (UnsupportedOperationException e) {
      canZero = false;
      return false;
    }
  }

  private static boolean unknown(HostException e) {
    return e.errno().notSupported() || e.errno().number() == Errno.EINVAL;
  }

  private Status writeZeroesNow(long offset, long length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment zeroes = arena.allocate(Math.min(length, ZEROES));
      for (long done = 0; done < length; ) {
        MemorySegment part = zeroes.asSlice(0, Math.min(length - done, ZEROES));
        file.write(part, offset + done);
        done += part.byteSize();
      }
      return Status.OK;
    }
  }

  private static long total(List<MemorySegment> parts) {
    return parts.stream().mapToLong(MemorySegment::byteSize).sum();
  }

  /** An operation that may throw {@link HostException}. */
  private interface Operation {
    Status run();
  }

  private void submit(long offset, long length, Completion done, Operation operation) {
    if (offset < 0 || length < 0 || length > size() - offset) {
      done.done(Status.OUT_OF_RANGE);
      return;
    }
    try {
      pool.execute(() -> complete(operation, done));
    } catch (RejectedExecutionException e) {
      done.done(Status.NO_MEDIUM); // the image is closed
    }
  }

  /** Whatever happens the guest gets an answer; a bug of ours is reported by the pool's thread. */
  private static void complete(Operation operation, Completion done) {
    Status status = Status.IO_ERROR;
    try {
      status = perform(operation);
    } finally {
      done.done(status);
    }
  }

  private static Status perform(Operation operation) {
    try {
      return operation.run();
    } catch (HostException e) {
      return status(e);
    }
  }

  private static Status status(HostException e) {
    return switch (e.errno().symbol()) {
      case "ENOSPC", "EDQUOT", "EFBIG" -> Status.NO_SPACE;
      case "EROFS", "EPERM", "EACCES" -> Status.READ_ONLY;
      default -> Status.IO_ERROR;
    };
  }

  /** Ends what is under way, and closes the file. */
  @Override
  public void close() {
    pool.shutdown();
    boolean interrupted = false;
    while (true) {
      try {
        if (pool.awaitTermination(1, TimeUnit.SECONDS)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    file.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
