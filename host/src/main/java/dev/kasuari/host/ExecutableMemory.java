package dev.kasuari.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Room for machine code: one memory file that is mapped twice, once to be written and once to be
 * executed, so that no page is ever both. Linux only.
 *
 * <p>Whoever publishes sees to it that nobody executes bytes while they change; the one exception
 * is {@link #patch}.
 */
public final class ExecutableMemory implements AutoCloseable {
  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int PROT_EXEC = 4;
  private static final int MAP_SHARED = 1;
  private static final int MFD_CLOEXEC = 1;

  private final Arena arena;
  private final MemorySegment writable;
  private final long executable;
  private final int fd;

  private ExecutableMemory(Arena arena, MemorySegment writable, long executable, int fd) {
    this.arena = arena;
    this.writable = writable;
    this.executable = executable;
    this.fd = fd;
  }

  /**
   * Maps room for code. The host commits pages as they are written.
   *
   * @param name what {@code /proc/PID/maps} shows
   * @param size bytes, a positive multiple of 4096
   * @throws UnsupportedOperationException if the host is not Linux, or forbids executable memory
   * @throws HostException if the host has no such room
   */
  public static ExecutableMemory allocate(String name, long size) {
    HostOs.requireLinux("executable memory");
    if (size <= 0 || size % 4096 != 0) {
      throw new IllegalArgumentException("executable memory of " + size + " bytes");
    }
    int fd = Libc.memfdCreate(name, MFD_CLOEXEC);
    try {
      Libc.ftruncate(fd, size);
      long writable = Libc.mmap(size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      try {
        return own(writable, mapExecutable(size, fd), size, fd);
      } catch (RuntimeException e) {
        Libc.munmap(writable, size);
        throw e;
      }
    } catch (RuntimeException e) {
      Libc.close(fd);
      throw e;
    }
  }

  private static long mapExecutable(long size, int fd) {
    try {
      return Libc.mmap(size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    } catch (HostException e) {
      if (e.errno().number() == Errno.EACCES || e.errno().number() == Errno.EPERM) {
        throw new UnsupportedOperationException(
            "this host forbids executable memory (" + e.getMessage() + ")", e);
      }
      throw e;
    }
  }

  private static ExecutableMemory own(long writable, long executable, long size, int fd) {
    Arena arena = Arena.ofShared();
    MemorySegment segment =
        MemorySegment.ofAddress(writable)
            .reinterpret(
                size,
                arena,
                s -> {
                  Libc.munmap(executable, size);
                  Libc.munmap(s.address(), size);
                });
    return new ExecutableMemory(arena, segment, executable, fd);
  }

  /** Where the code runs: the first byte of the executable view, a multiple of 4096. */
  public long address() {
    return executable;
  }

  /** Bytes. */
  public long size() {
    return writable.byteSize();
  }

  /**
   * Copies code in.
   *
   * @param offset from the start
   * @param code its first {@code length} bytes are copied
   * @return the address at which it runs
   */
  public long publish(long offset, byte[] code, int length) {
    MemorySegment.copy(MemorySegment.ofArray(code), 0, writable, offset, length);
    // x86 keeps instruction fetch coherent with stores; other hosts need cache maintenance here.
    return executable + offset;
  }

  /**
   * Replaces four bytes with one store, which may happen while others execute them: they see the
   * old or the new bytes.
   *
   * @param offset a multiple of 4
   */
  public void patch(long offset, int value) {
    if ((offset & 3) != 0 || offset < 0 || offset + 4 > size()) {
      throw new IllegalArgumentException("patch at " + offset);
    }
    RawMemory.putIntVolatile(writable.address() + offset, value);
  }

  /**
   * Replaces two bytes with one store, which may happen while others execute them: they see the old
   * or the new bytes.
   *
   * @param offset a multiple of 2
   */
  public void patchShort(long offset, short value) {
    if ((offset & 1) != 0 || offset < 0 || offset + 2 > size()) {
      throw new IllegalArgumentException("patch at " + offset);
    }
    RawMemory.putVolatile(writable.address() + offset, 2, value);
  }

  /** The first byte of the writable view, for tables that code reads and Java writes. */
  long writableAddress() {
    return writable.address();
  }

  /** Unmaps both views. Nobody may be executing in them. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
      Libc.close(fd);
    }
  }
}
