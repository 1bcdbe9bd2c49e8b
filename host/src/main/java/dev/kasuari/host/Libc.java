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

  /** The shape of {@link NativeFunction}, with {@code errno}. */
  private static final class Registers {
    static final MethodHandle CALL =
        Linker.nativeLinker()
            .downcallHandle(
                FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG, LONG), CAPTURE);
  }

  /**
   * A function of integers and pointers, without variable arguments: those may be passed otherwise.
   * Where another thread may close the memory that a pointer names while the call lasts, {@link
   * #bind} it is: the handle keeps the memory alive.
   *
   * <p>Most are called without asking for {@code errno}, by the one shape that machine code has,
   * too: each shape takes milliseconds at start-up. If the call fails it is made once more, with
   * {@code errno}, and the second answer counts.
   *
   * @param address where it is
   * @param result {@link #INT} or {@link #LONG}; of an int the upper half of the register is
   *     undefined
   * @param again whether a failure leaves all as it was, so that the call may be repeated
   */
  private record Function(MemorySegment address, ValueLayout result, boolean again) {
    Function(MemorySegment address, ValueLayout result) {
      this(address, result, true);
    }

    /** Without {@code errno}. */
    long plain(long a, long b, long c, long d, long e, long f) {
      return cut(NativeFunction.call(address, a, b, c, d, e, f));
    }

    long invoke(MemorySegment state, long a, long b, long c, long d, long e, long f)
        throws Throwable {
      return cut((long) Registers.CALL.invokeExact(address, state, a, b, c, d, e, f));
    }

    private long cut(long value) {
      return result.equals(INT) ? (int) value : value;
    }
  }

  /** Of a native segment that stays alive until the call returns. */
  private static long address(MemorySegment segment) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException("not native memory: " + segment);
    }
    return segment.address();
  }

  private static MethodHandle bind(String name, FunctionDescriptor type, Linker.Option... more) {
    var options = new Linker.Option[more.length + 1];
    options[0] = CAPTURE;
    System.arraycopy(more, 0, options, 1, more.length);
    return Linker.nativeLinker().downcallHandle(symbol(name), type, options);
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
    if (function.again) {
      long result = function.plain(a, b, c, d, e, f);
      if (result != -1) {
        return result;
      }
    }
    return call(what, s -> function.invoke(s, a, b, c, d, e, f));
  }

  private static long call(
      java.util.function.Supplier<String> what, Function function, long a, long b, long c) {
    return call(what, function, a, b, c, 0, 0, 0);
  }

  private static long call(java.util.function.Supplier<String> what, Function function, long a) {
    return call(what, function, a, 0, 0, 0, 0, 0);
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
    static final MethodHandle CALL =
        bind(
            "open",
            FunctionDescriptor.of(INT, POINTER, INT, INT),
            Linker.Option.firstVariadicArg(2));
  }

  static int open(String path, int flags, int mode) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(path);
      return (int)
          call(() -> "open(" + path + ")", s -> (int) Open.CALL.invokeExact(s, text, flags, mode));
    }
  }

  private static final class Close {
    static final Function CALL = new Function(symbol("close"), INT, false);
  }

  static void close(int fd) {
    call(() -> "close(fd=" + fd + ")", Close.CALL, fd);
  }

  /** Closes what has nothing to say about it: a pipe, an event. */
  static void drop(int fd) {
    var _ = Close.CALL.plain(fd, 0, 0, 0, 0, 0);
  }

  private static final class Ftruncate {
    static final Function CALL = new Function(symbol("ftruncate"), INT);
  }

  static void ftruncate(int fd, long length) {
    call(() -> "ftruncate(fd=" + fd + ", length=" + length + ")", Ftruncate.CALL, fd, length, 0);
  }

  private static final class Fcntl {
    static final MethodHandle CALL =
        bind(
            "fcntl", FunctionDescriptor.of(INT, INT, INT, LONG), Linker.Option.firstVariadicArg(2));
  }

  static int fcntl(String what, int fd, int command, long argument) {
    return (int)
        call(
            () -> "fcntl(fd=" + fd + ", " + what + ")",
            s -> (int) Fcntl.CALL.invokeExact(s, fd, command, argument));
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
    static final MethodHandle CALL =
        bind("pread", FunctionDescriptor.of(LONG, INT, POINTER, LONG, LONG));
  }

  static long pread(int fd, MemorySegment to, long offset) {
    return call(
        () -> "pread(fd=" + fd + ", length=" + to.byteSize() + ", offset=" + offset + ")",
        s -> (long) Pread.CALL.invokeExact(s, fd, to, to.byteSize(), offset));
  }

  private static final class Pwrite {
    static final MethodHandle CALL =
        bind("pwrite", FunctionDescriptor.of(LONG, INT, POINTER, LONG, LONG));
  }

  static long pwrite(int fd, MemorySegment from, long offset) {
    return call(
        () -> "pwrite(fd=" + fd + ", length=" + from.byteSize() + ", offset=" + offset + ")",
        s -> (long) Pwrite.CALL.invokeExact(s, fd, from, from.byteSize(), offset));
  }

  private static final class Lseek {
    static final Function CALL = new Function(symbol("lseek"), LONG);
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
    static final Function CALL = new Function(symbol("fallocate"), INT);
  }

  static void fallocate(String what, int fd, int mode, long offset, long length) {
    call(
        () ->
            "fallocate(fd=" + fd + ", " + what + ", offset=" + offset + ", length=" + length + ")",
        Fallocate.CALL,
        fd,
        mode,
        offset,
        length,
        0,
        0);
  }

  private static final class Statx {
    static final MethodHandle CALL =
        bind("statx", FunctionDescriptor.of(INT, INT, POINTER, INT, INT, POINTER));
  }

  /** Linux; {@code buffer} has 256 bytes. */
  static void statx(int fd, MemorySegment emptyPath, MemorySegment buffer) {
    int emptyPathFlag = 0x1000;
    int basicStats = 0x7ff;
    call(
        () -> "statx(fd=" + fd + ")",
        s -> (int) Statx.CALL.invokeExact(s, fd, emptyPath, emptyPathFlag, basicStats, buffer));
  }

  private static final class Fsync {
    static final Function CALL = new Function(symbol("fsync"), INT, false);
  }

  static void fsync(int fd) {
    call(() -> "fsync(fd=" + fd + ")", Fsync.CALL, fd);
  }

  private static final class Fdatasync {
    static final Function CALL = new Function(symbol("fdatasync"), INT, false);
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
    static final MethodHandle CALL =
        bind(
            "ioctl",
            FunctionDescriptor.of(INT, INT, LONG, POINTER),
            Linker.Option.firstVariadicArg(2));
  }

  static int ioctl(String what, int fd, long request, MemorySegment argument) {
    return (int)
        call(
            () -> "ioctl(fd=" + fd + ", " + what + ")",
            s -> (int) Ioctl.CALL.invokeExact(s, fd, request, argument));
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

  // strerror has no error of its own and is the one call without capture.

  private static final class Strerror {
    static final MethodHandle CALL =
        Linker.nativeLinker()
            .downcallHandle(symbol("strerror"), FunctionDescriptor.of(ValueLayout.ADDRESS, INT));
  }

  static String strerror(int number) {
    try {
      var text = (MemorySegment) Strerror.CALL.invokeExact(number);
      return text.reinterpret(256).getString(0);
    } catch (Throwable e) {
      throw new LinkageError("strerror", e);
    }
  }
}
