package dev.kasuari.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Room for machine code: the same memory mapped twice, once to be written and once to be executed,
 * so that no page is ever both. Linux only.
 *
 * <p>The memory is anonymous, for {@code perf} takes what has a name for a file and looks for the
 * names of functions there, not in its map of the process ({@code tools/perf/util/map.c}).
 *
 * <p>Whoever publishes sees to it that nobody executes bytes while they change; the one exception
 * is {@link #patch}.
 */
public final class ExecutableMemory implements AutoCloseable {
  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int PROT_EXEC = 4;
  private static final int MAP_SHARED = 1;
  private static final int MAP_ANONYMOUS = 0x20;
  private static final int MAP_NORESERVE = 0x4000;

  private final Arena arena;
  private final MemorySegment writable;
  private final long executable;

  private ExecutableMemory(Arena arena, MemorySegment writable, long executable) {
    this.arena = arena;
    this.writable = writable;
    this.executable = executable;
  }

  /**
   * Maps room for code. The host commits pages as they are written.
   *
   * @param size bytes, a positive multiple of 4096
   * @throws UnsupportedOperationException if the host is not Linux, or forbids executable memory
   * @throws HostException if the host has no such room
   */
  public static ExecutableMemory allocate(long size) {
    HostOs.requireLinux("executable memory");
    if (size <= 0 || size % 4096 != 0) {
      throw new IllegalArgumentException("executable memory of " + size + " bytes");
    }
    int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
    long writable = Libc.mmap(size, PROT_READ | PROT_WRITE, flags, -1, 0);
    try {
      long executable = Libc.mapAgain(writable, size);
      try {
        makeExecutable(executable, size);
        return own(writable, executable, size);
      } catch (RuntimeException e) {
        Libc.munmap(executable, size);
        throw e;
      }
    } catch (RuntimeException e) {
      Libc.munmap(writable, size);
      throw e;
    }
  }

  private static void makeExecutable(long address, long size) {
    try {
      Libc.mprotect(address, size, PROT_READ | PROT_EXEC);
    } catch (HostException e) {
      if (e.errno().number() == Errno.EACCES || e.errno().number() == Errno.EPERM) {
        throw new UnsupportedOperationException(
            "this host forbids executable memory (" + e.getMessage() + ")", e);
      }
      throw e;
    }
  }

  private static ExecutableMemory own(long writable, long executable, long size) {
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
    return new ExecutableMemory(arena, segment, executable);
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
    }
  }
}
