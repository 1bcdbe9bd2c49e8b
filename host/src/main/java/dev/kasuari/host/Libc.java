package dev.kasuari.host;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The C library's functions, one nested class each, so that a function is bound when it is first
 * called and start-up pays for nothing else.
 *
 * <p>Every {@code call} captures {@code errno} and turns {@code -1} into {@link HostException}.
 */
final class Libc {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final ValueLayout POINTER = ValueLayout.ADDRESS;

  private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private Libc() {}

  /** One bound call; the first argument is the segment that receives {@code errno}. */
  @FunctionalInterface
  private interface Call {
    long invoke(MemorySegment state) throws Throwable;
  }

  /**
   * The one shape of all calls that capture {@code errno}: a word, a pointer to memory that stays
   * alive until the call returns, and words. Each shape takes milliseconds at start-up.
   *
   * <p>In the C conventions of 64-bit hosts each of up to six integers has a register of its own,
   * and a function does not see those that it does not have. Variable arguments are passed like
   * others, but for Apple's on AArch64, which are on the stack; with nine words the last one is the
   * first there, so that the third, where variable ones begin, is passed both ways.
   */
  private static final class Captured {
    static final MethodHandle CALL =
        Linker.nativeLinker()
            .downcallHandle(
                FunctionDescriptor.of(
                    LONG, LONG, POINTER, LONG, LONG, LONG, LONG, LONG, LONG, LONG),
                CAPTURE);

    static long invoke(
        MemorySegment function,
        MemorySegment state,
        long a,
        MemorySegment b,
        long c,
        long d,
        long e,
        long f)
        throws Throwable {
      return (long) CALL.invokeExact(function, state, a, b, c, d, e, f, 0L, 0L, c);
    }
  }

  /** A result in a register; of an int the upper half is undefined. */
  private static long cut(ValueLayout result, long value) {
    return result.equals(INT) ? (int) value : value;
  }

  /**
   * A function of integers and pointers, without variable arguments, that leaves all as it was if
   * it fails. Where another thread may close the memory that a pointer names while the call lasts,
   * it is a {@link FileFunction}.
   *
   * <p>It is called without asking for {@code errno}, by the shape that machine code has, too. If
   * that fails it is called once more, with {@code errno}, and the second answer counts.
   *
   * @param address where it is
   * @param result {@link #INT} or {@link #LONG}
   */
  private record Function(MemorySegment address, ValueLayout result) {
    /** Without {@code errno}. */
    long plain(long a, long b, long c, long d, long e, long f) {
      return cut(result, NativeFunction.call(address, a, b, c, d, e, f));
    }

    long invoke(MemorySegment state, long a, long b, long c, long d, long e, long f)
        throws Throwable {
      return cut(
          result, Captured.invoke(address, state, a, MemorySegment.ofAddress(b), c, d, e, f));
    }
  }

  /**
   * A function of files, which tools for images call that have no machine code: always with {@code
   * errno}. Its second argument may be memory that another thread would close.
   *
   * @param address where it is
   * @param result {@link #INT} or {@link #LONG}
   */
  private record FileFunction(MemorySegment address, ValueLayout result) {
    long invoke(MemorySegment state, long a, MemorySegment b, long c, long d, long e)
        throws Throwable {
      return cut(result, Captured.invoke(address, state, a, b, c, d, e, 0));
    }
  }

  /** Of a native segment that stays alive until the call returns. */
  private static long address(MemorySegment segment) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException("not native memory: " + segment);
    }
    return segment.address();
  }

  /** Where a function is. */
  static MemorySegment symbol(String name) {
    SymbolLookup lookup = Linker.nativeLinker().defaultLookup();
    return lookup
        .find(name)
        .orElseThrow(
            () -> new UnsupportedOperationException("the C library of this host has no " + name));
  }

  /** Runs {@code call}; {@code what} is only rendered on failure. */
  private static long call(java.util.function.Supplier<String> what, Call call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      long result = call.invoke(state);
      if (result == -1) {
        throw new HostException(what.get(), new Errno((int) ERRNO.get(state, 0L)));
      }
      return result;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new LinkageError(what.get(), e);
    }
  }

  private static long call(
      java.util.function.Supplier<String> what,
      Function function,
      long a,
      long b,
      long c,
      long d,
      long e,
      long f) {
    long result = function.plain(a, b, c, d, e, f);
    return result != -1 ? result : call(what, s -> function.invoke(s, a, b, c, d, e, f));
  }

  private static long call(
      java.util.function.Supplier<String> what, Function function, long a, long b, long c) {
    return call(what, function, a, b, c, 0, 0, 0);
  }

  private static long call(java.util.function.Supplier<String> what, Function function, long a) {
    return call(what, function, a, 0, 0, 0, 0, 0);
  }

  private static long call(
      java.util.function.Supplier<String> what,
      FileFunction function,
      long a,
      MemorySegment b,
      long c,
      long d,
      long e) {
    return call(what, s -> function.invoke(s, a, b, c, d, e));
  }

  private static long call(
      java.util.function.Supplier<String> what, FileFunction function, long a, long b, long c) {
    return call(what, function, a, MemorySegment.ofAddress(b), c, 0, 0);
  }

  private static long call(
      java.util.function.Supplier<String> what, FileFunction function, int fd) {
    return call(what, function, fd, 0, 0);
  }

  // Memory.

  private static final class Mmap {
    static final Function CALL = new Function(symbol("mmap"), LONG);
  }

  static long mmap(long length, int protection, int flags, int fd, long offset) {
    return call(
        () -> "mmap(length=" + length + (fd < 0 ? "" : ", fd=" + fd) + ")",
        Mmap.CALL,
        0L,
        length,
        protection,
        flags,
        fd,
        offset);
  }

  private static final class Pages {
    static final FileFunction MAP = new FileFunction(symbol("mmap"), LONG);
    static final FileFunction UNMAP = new FileFunction(symbol("munmap"), INT);
  }

  /** What {@link #mmap} does without a file, for tools that need no other shape of calls. */
  static long mapPages(long length, int protection, int flags) {
    return call(
        () -> "mmap(length=" + length + ")",
        Pages.MAP,
        0,
        MemorySegment.ofAddress(length),
        protection,
        flags,
        -1);
  }

  static void unmapPages(long address, long length) {
    call(() -> "munmap(length=" + length + ")", Pages.UNMAP, address, length, 0);
  }

  private static final class Munmap {
    static final Function CALL = new Function(symbol("munmap"), INT);
  }

  static void munmap(long address, long length) {
    call(
        () -> "munmap(0x" + Long.toHexString(address) + ", length=" + length + ")",
        Munmap.CALL,
        address,
        length,
        0);
  }

  private static final class Mprotect {
    static final Function CALL = new Function(symbol("mprotect"), INT);
  }

  static void mprotect(long address, long length, int protection) {
    call(
        () -> "mprotect(length=" + length + ", protection=" + protection + ")",
        Mprotect.CALL,
        address,
        length,
        protection);
  }

  private static final class Mremap {
    /** Linux. Of its variable arguments there is none without {@code MREMAP_FIXED}. */
    static final Function CALL = new Function(symbol("mremap"), LONG);

    static final int MAYMOVE = 1;
  }

  /** Maps shared memory once more, elsewhere: what an old length of 0 means. */
  static long mapAgain(long address, long length) {
    return call(
        () -> "mremap(old length=0, length=" + length + ")",
        Mremap.CALL,
        address,
        0,
        length,
        Mremap.MAYMOVE,
        0,
        0);
  }

  private static final class Madvise {
    static final Function CALL = new Function(symbol("madvise"), INT);
  }

  static void madvise(long address, long length, int advice) {
    call(
        () -> "madvise(length=" + length + ", advice=" + advice + ")",
        Madvise.CALL,
        address,
        length,
        advice);
  }

  private static final class MemfdCreate {
    static final Function CALL = new Function(symbol("memfd_create"), INT);
  }

  static int memfdCreate(String name, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(name);
      return (int)
          call(() -> "memfd_create(" + name + ")", MemfdCreate.CALL, address(text), flags, 0);
    }
  }

  // Files.

  private static final class Open {
    static final FileFunction CALL = new FileFunction(symbol("open"), INT);
  }

  static int open(String path, int flags, int mode) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(path);
      return (int) call(() -> "open(" + path + ")", Open.CALL, address(text), flags, mode);
    }
  }

  private static final class Close {
    static final FileFunction CALL = new FileFunction(symbol("close"), INT);
  }

  static void close(int fd) {
    call(() -> "close(fd=" + fd + ")", Close.CALL, fd);
  }

  private static final class Drop {
    static final Function CALL = new Function(symbol("close"), INT);
  }

  /** Closes what has nothing to say about it: a pipe, an event. */
  static void drop(int fd) {
    var _ = Drop.CALL.plain(fd, 0, 0, 0, 0, 0);
  }

  private static final class Ftruncate {
    static final FileFunction CALL = new FileFunction(symbol("ftruncate"), INT);
  }

  static void ftruncate(int fd, long length) {
    call(() -> "ftruncate(fd=" + fd + ", length=" + length + ")", Ftruncate.CALL, fd, length, 0);
  }

  private static final class Fcntl {
    static final FileFunction CALL = new FileFunction(symbol("fcntl"), INT);
  }

  static int fcntl(String what, int fd, int command, long argument) {
    return (int)
        call(() -> "fcntl(fd=" + fd + ", " + what + ")", Fcntl.CALL, fd, command, argument);
  }

  private static final class Read {
    static final Function CALL = new Function(symbol("read"), LONG);
  }

  /** Reads into memory that nobody closes meanwhile. */
  static long read(int fd, MemorySegment to) {
    return call(
        () -> "read(fd=" + fd + ", length=" + to.byteSize() + ")",
        Read.CALL,
        fd,
        address(to),
        to.byteSize());
  }

  private static final class Write {
    static final Function CALL = new Function(symbol("write"), LONG);
  }

  /** Writes from memory that nobody closes meanwhile. */
  static long write(int fd, MemorySegment from) {
    return call(
        () -> "write(fd=" + fd + ", length=" + from.byteSize() + ")",
        Write.CALL,
        fd,
        address(from),
        from.byteSize());
  }

  private static final class Pread {
    static final FileFunction CALL = new FileFunction(symbol("pread"), LONG);
  }

  static long pread(int fd, MemorySegment to, long offset) {
    return call(
        () -> "pread(fd=" + fd + ", length=" + to.byteSize() + ", offset=" + offset + ")",
        Pread.CALL,
        fd,
        to,
        to.byteSize(),
        offset,
        0);
  }

  private static final class Pwrite {
    static final FileFunction CALL = new FileFunction(symbol("pwrite"), LONG);
  }

  static long pwrite(int fd, MemorySegment from, long offset) {
    return call(
        () -> "pwrite(fd=" + fd + ", length=" + from.byteSize() + ", offset=" + offset + ")",
        Pwrite.CALL,
        fd,
        from,
        from.byteSize(),
        offset,
        0);
  }

  private static final class Lseek {
    static final FileFunction CALL = new FileFunction(symbol("lseek"), LONG);
  }

  static long lseek(String what, int fd, long offset, int whence) {
    return call(
        () -> "lseek(fd=" + fd + ", offset=" + offset + ", " + what + ")",
        Lseek.CALL,
        fd,
        offset,
        whence);
  }

  private static final class Fallocate {
    static final FileFunction CALL = new FileFunction(symbol("fallocate"), INT);
  }

  static void fallocate(String what, int fd, int mode, long offset, long length) {
    call(
        () ->
            "fallocate(fd=" + fd + ", " + what + ", offset=" + offset + ", length=" + length + ")",
        Fallocate.CALL,
        fd,
        MemorySegment.ofAddress(mode),
        offset,
        length,
        0);
  }

  private static final class Statx {
    static final FileFunction CALL = new FileFunction(symbol("statx"), INT);
  }

  /** Linux; {@code buffer} has 256 bytes. */
  static void statx(int fd, MemorySegment emptyPath, MemorySegment buffer) {
    int emptyPathFlag = 0x1000;
    int basicStats = 0x7ff;
    call(
        () -> "statx(fd=" + fd + ")",
        Statx.CALL,
        fd,
        emptyPath,
        emptyPathFlag,
        basicStats,
        address(buffer));
  }

  private static final class Fsync {
    static final FileFunction CALL = new FileFunction(symbol("fsync"), INT);
  }

  static void fsync(int fd) {
    call(() -> "fsync(fd=" + fd + ")", Fsync.CALL, fd);
  }

  private static final class Fdatasync {
    static final FileFunction CALL = new FileFunction(symbol("fdatasync"), INT);
  }

  static void fdatasync(int fd) {
    call(() -> "fdatasync(fd=" + fd + ")", Fdatasync.CALL, fd);
  }

  // Terminals, events.

  private static final class Isatty {
    static final Function CALL = new Function(symbol("isatty"), INT);
  }

  static boolean isatty(int fd) {
    return call(() -> "isatty(fd=" + fd + ")", Isatty.CALL, fd) == 1;
  }

  private static final class Tcgetattr {
    static final Function CALL = new Function(symbol("tcgetattr"), INT);
  }

  static void tcgetattr(int fd, MemorySegment termios) {
    call(() -> "tcgetattr(fd=" + fd + ")", Tcgetattr.CALL, fd, address(termios), 0);
  }

  private static final class Tcsetattr {
    static final Function CALL = new Function(symbol("tcsetattr"), INT);
  }

  static void tcsetattr(int fd, int when, MemorySegment termios) {
    call(() -> "tcsetattr(fd=" + fd + ")", Tcsetattr.CALL, fd, when, address(termios));
  }

  private static final class Grantpt {
    static final Function CALL = new Function(symbol("grantpt"), INT);
  }

  static void grantpt(int fd) {
    call(() -> "grantpt(fd=" + fd + ")", Grantpt.CALL, fd);
  }

  private static final class Unlockpt {
    static final Function CALL = new Function(symbol("unlockpt"), INT);
  }

  static void unlockpt(int fd) {
    call(() -> "unlockpt(fd=" + fd + ")", Unlockpt.CALL, fd);
  }

  private static final class PtsnameR {
    static final Function CALL = new Function(symbol("ptsname_r"), INT);
  }

  /** Unlike the rest it returns its error number. */
  static String ptsname(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocate(128);
      String what = "ptsname(fd=" + fd + ")";
      long error = call(() -> what, PtsnameR.CALL, fd, name.address(), name.byteSize());
      if (error != 0) {
        throw new HostException(what, new Errno((int) error));
      }
      return name.getString(0);
    }
  }

  private static final class Pipe {
    static final Function CALL = new Function(symbol("pipe"), INT);
  }

  static void pipe(MemorySegment twoInts) {
    call(() -> "pipe()", Pipe.CALL, address(twoInts));
  }

  private static final class Poll {
    /**
     * {@code nfds_t} is an unsigned long on Linux and an unsigned int on macOS, both in a register.
     */
    static final Function CALL = new Function(symbol("poll"), INT);
  }

  /** Waits for events of descriptors in memory that nobody closes meanwhile. */
  static int poll(MemorySegment fds, int count, int timeoutMillis) {
    return (int)
        call(
            () -> "poll(" + count + " descriptors)", Poll.CALL, address(fds), count, timeoutMillis);
  }

  private static final class Ioctl {
    static final FileFunction CALL = new FileFunction(symbol("ioctl"), INT);
  }

  static int ioctl(String what, int fd, long request, MemorySegment argument) {
    return (int)
        call(
            () -> "ioctl(fd=" + fd + ", " + what + ")", Ioctl.CALL, fd, request, address(argument));
  }

  private static final class Eventfd {
    static final Function CALL = new Function(symbol("eventfd"), INT);
  }

  static int eventfd(int initial, int flags) {
    return (int) call(() -> "eventfd()", Eventfd.CALL, initial, flags, 0);
  }

  private static final class Sigaction {
    static final Function CALL = new Function(symbol("sigaction"), INT);
  }

  static void sigaction(int signal, MemorySegment set, MemorySegment get) {
    call(() -> "sigaction(" + signal + ")", Sigaction.CALL, signal, address(set), address(get));
  }

  private static final class Setsid {
    static final Function CALL = new Function(symbol("setsid"), INT);
  }

  static void setsid() {
    call(() -> "setsid()", Setsid.CALL, 0);
  }

  private static final class Strerror {
    static final Function CALL = new Function(symbol("strerror"), LONG);
  }

  static String strerror(int number) {
    long text = Strerror.CALL.plain(number, 0, 0, 0, 0, 0);
    return MemorySegment.ofAddress(text).reinterpret(256).getString(0);
  }
}
