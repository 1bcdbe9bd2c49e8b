package dev.kasuari.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A zero-filled, page-aligned stretch of host memory: guest RAM, a translator's tables. It is given
 * back by {@link #close()}; until then its address does not change.
 *
 * <p>{@link #segment()} is bounds-checked and refuses every use after {@code close()}; {@link
 * #address()} is for {@link RawMemory} and for machine code, whose users must have stopped before.
 */
public final class HostMemory implements AutoCloseable {
  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int MAP_SHARED = 1;
  private static final int MAP_PRIVATE = 2;
  private static final int MADV_HUGEPAGE = 14;
  private static final int MADV_DONTNEED = 4;
  private static final int MFD_CLOEXEC = 1;
  private static final int MFD_ALLOW_SEALING = 2;
  private static final int F_ADD_SEALS = 1033;
  private static final int F_SEAL_SEAL = 1;
  private static final int F_SEAL_SHRINK = 2;
  private static final int F_SEAL_GROW = 4;
  private static final long SMALL_PAGE = 4096;
  private static final long HUGE_PAGE = 2L << 20;

  private final Arena arena;
  private final MemorySegment segment;
  private final int fd;

  private HostMemory(Arena arena, MemorySegment segment, int fd) {
    this.arena = arena;
    this.segment = segment;
    this.fd = fd;
  }

  /**
   * Maps private anonymous memory. The host commits pages as they are touched and backs them with
   * huge pages where it can, so a large guest costs what it uses.
   *
   * @param size bytes, more than 0; rounded up to the host's pages by the host
   * @throws HostException if the host has no such room
   */
  public static HostMemory anonymous(long size) {
    requirePositive(size);
    if (!HostOs.posix()) {
      return heap(size);
    }
    int flags = MAP_PRIVATE | anonymousFlag() | noReserveFlag();
    long address = Libc.mmap(size, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (HostOs.current() == HostOs.LINUX && size >= HUGE_PAGE) {
      adviseHugePages(address, size);
    }
    return own(address, size, -1);
  }

  /**
   * Maps private anonymous memory that is given back with an arena. An arena's own memory is zeroed
   * by a loop of Java, which is slow until it has been compiled. Here nothing is touched: huge
   * pages would be zeroed whole, however little of them is used.
   *
   * @param size bytes, more than 0
   * @return zero, and where a page begins
   * @throws HostException if the host has no such room
   */
  public static MemorySegment pages(Arena arena, long size) {
    requirePositive(size);
    if (!HostOs.posix()) {
      return arena.allocate(size, SMALL_PAGE);
    }
    long address = Libc.mapPages(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | anonymousFlag());
    return MemorySegment.ofAddress(address)
        .reinterpret(size, arena, s -> Libc.unmapPages(s.address(), s.byteSize()));
  }

  /**
   * Maps a new memory file whose size is sealed, so that another process that receives {@link #fd}
   * cannot truncate it under the guest. Linux only.
   *
   * @param name what {@code /proc/PID/maps} shows
   * @param size bytes, more than 0
   */
  public static HostMemory shared(String name, long size) {
    HostOs.requireLinux("shared guest memory (memfd)");
    requirePositive(size);
    int fd = Libc.memfdCreate(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    try {
      Libc.ftruncate(fd, size);
      Libc.fcntl("F_ADD_SEALS", fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW);
      return own(Libc.mmap(size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), size, fd);
    } catch (RuntimeException e) {
      Libc.close(fd);
      throw e;
    }
  }

  /**
   * Maps the bytes of {@code base} copy-on-write: what is written here is seen here alone. For
   * copies of a frozen machine; {@code base} must not be written afterwards. Linux only.
   *
   * @param base memory from {@link #shared}
   */
  public static HostMemory copyOf(HostMemory base) {
    if (base.fd < 0) {
      throw new IllegalArgumentException("only shared memory can be mapped copy-on-write");
    }
    long size = base.size();
    int flags = MAP_PRIVATE | noReserveFlag();
    return own(Libc.mmap(size, PROT_READ | PROT_WRITE, flags, base.fd, 0), size, -1);
  }

  /** The address of the first byte, a multiple of the host's page size. */
  public long address() {
    return segment.address();
  }

  /** Bytes. */
  public long size() {
    return segment.byteSize();
  }

  /** All of it, bounds-checked, usable by any thread until {@link #close()}. */
  public MemorySegment segment() {
    return segment;
  }

  /** The memory file, or -1 for private memory. It is closed by {@link #close()}. */
  public int fd() {
    return fd;
  }

  /**
   * Gives whole pages back to the host; they read as zero (private) or as the file (shared)
   * afterwards. Only a hint where the host has no such call.
   *
   * @param offset a multiple of 4096
   * @param length a multiple of 4096
   */
  public void discard(long offset, long length) {
    MemorySegment range = segment.asSlice(offset, length);
    if (HostOs.current() == HostOs.LINUX) {
      Libc.madvise(range.address(), length, MADV_DONTNEED);
    } else {
      range.fill((byte) 0);
    }
  }

  @Override
  public void close() {
    if (!arena.scope().isAlive()) {
      return;
    }
    arena.close();
    if (fd >= 0) {
      Libc.close(fd);
    }
  }

  private static HostMemory own(long address, long size, int fd) {
    Arena arena = Arena.ofShared();
    MemorySegment segment =
        MemorySegment.ofAddress(address)
            .reinterpret(size, arena, s -> Libc.munmap(s.address(), s.byteSize()));
    return new HostMemory(arena, segment, fd);
  }

  /** The portable floor: committed at once, without huge pages. */
  private static HostMemory heap(long size) {
    Arena arena = Arena.ofShared();
    return new HostMemory(arena, arena.allocate(size, 1 << 16), -1);
  }

  private static void adviseHugePages(long address, long size) {
    try {
      Libc.madvise(address, size, MADV_HUGEPAGE);
    } catch (HostException e) {
      // A kernel without transparent huge pages answers EINVAL; the memory is as good, only slower.
      if (e.errno().number() != Errno.EINVAL) {
        throw e;
      }
    }
  }

  private static int anonymousFlag() {
    return HostOs.current() == HostOs.LINUX ? 0x20 : 0x1000;
  }

  private static int noReserveFlag() {
    return HostOs.current() == HostOs.LINUX ? 0x4000 : 0x40;
  }

  private static void requirePositive(long size) {
    if (size <= 0) {
      throw new IllegalArgumentException("memory of " + size + " bytes");
    }
  }
}
