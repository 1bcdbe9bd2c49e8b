package dev.kasuari.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import java.util.Set;

/**
 * A file or block device by its descriptor, for what {@link java.nio.channels.FileChannel} cannot:
 * reading straight into guest memory, holes, locks that other programs honour. POSIX hosts; what is
 * Linux's alone says so.
 *
 * <p>Any thread may call anything but {@link #close} at any time. Calls block.
 */
public final class HostFile implements AutoCloseable {
  /** How a file is opened. */
  public enum Mode {
    /** For writing too. */
    WRITE,
    /** Made if it is not there. */
    CREATE,
    /** Made, and refused if it is there. */
    CREATE_NEW,
    /** Emptied. */
    TRUNCATE,
    /** Past the host's cache; buffers and offsets are aligned to the device's blocks (Linux). */
    DIRECT
  }

  private static final int KEEP_SIZE = 1;
  private static final int PUNCH_HOLE = 2;
  private static final int ZERO_RANGE = 16;
  private static final int SEEK_END = 2;
  private static final int ENXIO = 6;
  private static final short F_RDLCK = 0;
  private static final short F_WRLCK = 1;
  private static final short F_UNLCK = 2;

  private final String path;
  private final int fd;
  private boolean closed;

  private HostFile(String path, int fd) {
    this.path = path;
    this.fd = fd;
  }

  /**
   * Opens a file.
   *
   * @param modes none for reading alone
   * @throws HostException if the host refuses
   */
  public static HostFile open(String path, Mode... modes) {
    HostOs.requirePosix("opening " + path + " by descriptor");
    Set<Mode> set = EnumSet.noneOf(Mode.class);
    set.addAll(java.util.List.of(modes));
    return new HostFile(path, Libc.open(path, flags(set), 0666));
  }

  private static int flags(Set<Mode> modes) {
    boolean linux = HostOs.current() == HostOs.LINUX;
    int flags = linux ? 0x80000 : 0x1000000; // O_CLOEXEC
    flags |= modes.contains(Mode.WRITE) ? 2 : 0;
    if (modes.contains(Mode.CREATE) || modes.contains(Mode.CREATE_NEW)) {
      flags |= linux ? 0x40 : 0x200;
    }
    if (modes.contains(Mode.CREATE_NEW)) {
      flags |= linux ? 0x80 : 0x800;
    }
    if (modes.contains(Mode.TRUNCATE)) {
      flags |= linux ? 0x200 : 0x400;
    }
    if (modes.contains(Mode.DIRECT)) {
      HostOs.requireLinux("opening past the cache");
      flags |= System.getProperty("os.arch", "").equals("aarch64") ? 0x10000 : 0x4000;
    }
    return flags;
  }

  /** The path it was opened by. */
  public String path() {
    return path;
  }

  /** The descriptor. */
  public int fd() {
    return fd;
  }

  /** Bytes, of block devices too. */
  public long size() {
    return Libc.lseek("SEEK_END", fd, 0, SEEK_END);
  }

  /** Makes the file this long; what is new reads as zero. */
  public void truncate(long size) {
    Libc.ftruncate(fd, size);
  }

  /**
   * Reads into all of {@code to}, which is native memory, as far as the file goes.
   *
   * @return bytes read; fewer than asked only at the end of the file
   */
  public long read(MemorySegment to, long offset) {
    long done = 0;
    while (done < to.byteSize()) {
      long from = done;
      long count = retried(() -> Libc.pread(fd, to.asSlice(from), offset + from));
      if (count == 0) {
        break;
      }
      done += count;
    }
    return done;
  }

  /**
   * Reads into {@code to} by one call of the host.
   *
   * @return bytes read; what is missing may be the end of the file
   */
  public long readSome(MemorySegment to, long offset) {
    return retried(() -> Libc.pread(fd, to, offset));
  }

  /** Writes all of {@code from}, which is native memory. */
  public void write(MemorySegment from, long offset) {
    long done = 0;
    while (done < from.byteSize()) {
      long at = done;
      done += retried(() -> Libc.pwrite(fd, from.asSlice(at), offset + at));
    }
  }

  /** Brings data, and what is needed to find it, to the medium. */
  public void sync() {
    if (HostOs.current() == HostOs.LINUX) {
      Libc.fdatasync(fd);
    } else {
      Libc.fcntl("F_FULLFSYNC", fd, 51, 0); // fsync of macOS stops at the drive's cache
    }
  }

  /**
   * Gives the room of these bytes back; they read as zero. Linux.
   *
   * @throws HostException {@link Errno#notSupported} where the file system cannot
   */
  public void punchHole(long offset, long length) {
    HostOs.requireLinux("punching holes into files");
    Libc.fallocate("PUNCH_HOLE", fd, PUNCH_HOLE | KEEP_SIZE, offset, length);
  }

  /**
   * Makes these bytes zero without writing them, keeping their room. Linux.
   *
   * @throws HostException {@link Errno#notSupported} where the file system cannot
   */
  public void zeroRange(long offset, long length) {
    HostOs.requireLinux("zeroing ranges of files");
    Libc.fallocate("ZERO_RANGE", fd, ZERO_RANGE | KEEP_SIZE, offset, length);
  }

  /** Takes room for these bytes now, so that writing them does not fail for want of it. Linux. */
  public void allocate(long offset, long length) {
    HostOs.requireLinux("allocating room for files");
    Libc.fallocate("allocate", fd, KEEP_SIZE, offset, length);
  }

  /** The first offset from {@code from} on that holds data, or -1 if all that follows is a hole. */
  public long nextData(long from) {
    int whence = HostOs.current() == HostOs.LINUX ? 3 : 4;
    try {
      return Libc.lseek("SEEK_DATA", fd, from, whence);
    } catch (HostException e) {
      if (e.errno().number() == ENXIO) {
        return -1;
      }
      throw e;
    }
  }

  /** The first offset from {@code from} on that is in a hole; the end of the file is one. */
  public long nextHole(long from) {
    int whence = HostOs.current() == HostOs.LINUX ? 4 : 3;
    return Libc.lseek("SEEK_HOLE", fd, from, whence);
  }

  /**
   * Locks one byte against other open files, of this process too, until the file is closed: the
   * scheme by which emulators keep each other from one image. Linux (open file description locks).
   *
   * @param offset the byte, which need not exist
   * @return false if another has a lock that excludes this one
   */
  public boolean tryLock(long offset, boolean exclusive) {
    HostOs.requireLinux("locking images");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment lock = flock(arena, offset, exclusive);
      Libc.fcntl("F_OFD_SETLK", fd, 37, lock.address());
      return true;
    } catch (HostException e) {
      if (e.errno().wouldBlock() || e.errno().number() == Errno.EACCES) {
        return false;
      }
      throw e;
    }
  }

  /** Gives back a lock of {@link #tryLock}. Linux. */
  public void unlock(long offset) {
    HostOs.requireLinux("locking images");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment lock = flock(arena, offset, false);
      lock.set(ValueLayout.JAVA_SHORT, 0, F_UNLCK);
      Libc.fcntl("F_OFD_SETLK", fd, 37, lock.address());
    }
  }

  /**
   * What the file system knows of the file. Source: {@code statx(2)}, whose structure is the same
   * on all of Linux's architectures.
   *
   * @param room bytes that it takes
   * @param regular neither a device nor anything else
   * @param device the file system
   * @param number of the file there
   */
  public record Facts(long room, boolean regular, long device, long number) {}

  /** What the file system knows of the file. Linux. */
  public Facts facts() {
    HostOs.requireLinux("statx");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(256, 8);
      Libc.statx(fd, arena.allocate(1), out);
      boolean regular = (out.get(ValueLayout.JAVA_SHORT, 28) & 0xf000) == 0x8000;
      long device =
          (long) out.get(ValueLayout.JAVA_INT, 136) << 32
              | (out.get(ValueLayout.JAVA_INT, 140) & 0xffff_ffffL);
      return new Facts(
          out.get(ValueLayout.JAVA_LONG, 48) * 512,
          regular,
          device,
          out.get(ValueLayout.JAVA_LONG, 32));
    }
  }

  /** True if both are the same file, by whatever names; where the host cannot tell, too. */
  public boolean sameAs(HostFile other) {
    if (HostOs.current() != HostOs.LINUX) {
      return true;
    }
    Facts mine = facts();
    Facts others = other.facts();
    return mine.device == others.device && mine.number == others.number;
  }

  /** True if another open file has any lock on this byte. Linux. */
  public boolean lockedElsewhere(long offset) {
    HostOs.requireLinux("locking images");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment lock = flock(arena, offset, true);
      Libc.fcntl("F_OFD_GETLK", fd, 36, lock.address());
      return lock.get(ValueLayout.JAVA_SHORT, 0) != F_UNLCK;
    }
  }

  /** {@code struct flock} of 64-bit Linux for one byte; {@code l_pid} is 0. */
  private static MemorySegment flock(Arena arena, long offset, boolean exclusive) {
    MemorySegment lock = arena.allocate(32, 8);
    lock.set(ValueLayout.JAVA_SHORT, 0, exclusive ? F_WRLCK : F_RDLCK);
    lock.set(ValueLayout.JAVA_LONG, 8, offset);
    lock.set(ValueLayout.JAVA_LONG, 16, 1);
    return lock;
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Libc.close(fd);
    }
  }

  /** A call that a signal may interrupt. */
  @FunctionalInterface
  private interface Call {
    long run();
  }

  private static long retried(Call call) {
    while (true) {
      try {
        return call.run();
      } catch (HostException e) {
        if (e.errno().number() != Errno.EINTR) {
          throw e;
        }
      }
    }
  }

  @Override
  public String toString() {
    return path;
  }
}
