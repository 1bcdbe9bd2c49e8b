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

  private static MethodHandle bind(String name, FunctionDescriptor type, Linker.Option... more) {
    var options = new Linker.Option[more.length + 1];
    options[0] = CAPTURE;
    System.arraycopy(more, 0, options, 1, more.length);
    return Linker.nativeLinker().downcallHandle(symbol(name), type, options);
  }

  private static MemorySegment symbol(String name) {
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

  // Memory.

  private static final class Mmap {
    static final MethodHandle CALL =
        bind("mmap", FunctionDescriptor.of(LONG, LONG, LONG, INT, INT, INT, LONG));
  }

  static long mmap(long length, int protection, int flags, int fd, long offset) {
    return call(
        () -> "mmap(length=" + length + (fd < 0 ? "" : ", fd=" + fd) + ")",
        s -> (long) Mmap.CALL.invokeExact(s, 0L, length, protection, flags, fd, offset));
  }

  private static final class Munmap {
    static final MethodHandle CALL = bind("munmap", FunctionDescriptor.of(INT, LONG, LONG));
  }

  static void munmap(long address, long length) {
    call(
        () -> "munmap(0x" + Long.toHexString(address) + ", length=" + length + ")",
        s -> (int) Munmap.CALL.invokeExact(s, address, length));
  }

  private static final class Madvise {
    static final MethodHandle CALL = bind("madvise", FunctionDescriptor.of(INT, LONG, LONG, INT));
  }

  static void madvise(long address, long length, int advice) {
    call(
        () -> "madvise(length=" + length + ", advice=" + advice + ")",
        s -> (int) Madvise.CALL.invokeExact(s, address, length, advice));
  }

  private static final class MemfdCreate {
    static final MethodHandle CALL = bind("memfd_create", FunctionDescriptor.of(INT, POINTER, INT));
  }

  static int memfdCreate(String name, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(name);
      return (int)
          call(
              () -> "memfd_create(" + name + ")",
              s -> (int) MemfdCreate.CALL.invokeExact(s, text, flags));
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
    static final MethodHandle CALL = bind("close", FunctionDescriptor.of(INT, INT));
  }

  static void close(int fd) {
    call(() -> "close(fd=" + fd + ")", s -> (int) Close.CALL.invokeExact(s, fd));
  }

  private static final class Ftruncate {
    static final MethodHandle CALL = bind("ftruncate", FunctionDescriptor.of(INT, INT, LONG));
  }

  static void ftruncate(int fd, long length) {
    call(
        () -> "ftruncate(fd=" + fd + ", length=" + length + ")",
        s -> (int) Ftruncate.CALL.invokeExact(s, fd, length));
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
    static final MethodHandle CALL = bind("read", FunctionDescriptor.of(LONG, INT, POINTER, LONG));
  }

  static long read(int fd, MemorySegment to) {
    return call(
        () -> "read(fd=" + fd + ", length=" + to.byteSize() + ")",
        s -> (long) Read.CALL.invokeExact(s, fd, to, to.byteSize()));
  }

  private static final class Write {
    static final MethodHandle CALL = bind("write", FunctionDescriptor.of(LONG, INT, POINTER, LONG));
  }

  static long write(int fd, MemorySegment from) {
    return call(
        () -> "write(fd=" + fd + ", length=" + from.byteSize() + ")",
        s -> (long) Write.CALL.invokeExact(s, fd, from, from.byteSize()));
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
    static final MethodHandle CALL = bind("lseek", FunctionDescriptor.of(LONG, INT, LONG, INT));
  }

  static long lseek(String what, int fd, long offset, int whence) {
    return call(
        () -> "lseek(fd=" + fd + ", offset=" + offset + ", " + what + ")",
        s -> (long) Lseek.CALL.invokeExact(s, fd, offset, whence));
  }

  private static final class Fallocate {
    static final MethodHandle CALL =
        bind("fallocate", FunctionDescriptor.of(INT, INT, INT, LONG, LONG));
  }

  static void fallocate(String what, int fd, int mode, long offset, long length) {
    call(
        () ->
            "fallocate(fd=" + fd + ", " + what + ", offset=" + offset + ", length=" + length + ")",
        s -> (int) Fallocate.CALL.invokeExact(s, fd, mode, offset, length));
  }

  private static final class Fsync {
    static final MethodHandle CALL = bind("fsync", FunctionDescriptor.of(INT, INT));
  }

  static void fsync(int fd) {
    call(() -> "fsync(fd=" + fd + ")", s -> (int) Fsync.CALL.invokeExact(s, fd));
  }

  private static final class Fdatasync {
    static final MethodHandle CALL = bind("fdatasync", FunctionDescriptor.of(INT, INT));
  }

  static void fdatasync(int fd) {
    call(() -> "fdatasync(fd=" + fd + ")", s -> (int) Fdatasync.CALL.invokeExact(s, fd));
  }

  // Terminals, events.

  private static final class Isatty {
    static final MethodHandle CALL =
        Linker.nativeLinker().downcallHandle(symbol("isatty"), FunctionDescriptor.of(INT, INT));
  }

  static boolean isatty(int fd) {
    try {
      return (int) Isatty.CALL.invokeExact(fd) == 1;
    } catch (Throwable e) {
      throw new LinkageError("isatty", e);
    }
  }

  private static final class Tcgetattr {
    static final MethodHandle CALL = bind("tcgetattr", FunctionDescriptor.of(INT, INT, POINTER));
  }

  static void tcgetattr(int fd, MemorySegment termios) {
    call(() -> "tcgetattr(fd=" + fd + ")", s -> (int) Tcgetattr.CALL.invokeExact(s, fd, termios));
  }

  private static final class Tcsetattr {
    static final MethodHandle CALL =
        bind("tcsetattr", FunctionDescriptor.of(INT, INT, INT, POINTER));
  }

  static void tcsetattr(int fd, int when, MemorySegment termios) {
    call(
        () -> "tcsetattr(fd=" + fd + ")",
        s -> (int) Tcsetattr.CALL.invokeExact(s, fd, when, termios));
  }

  private static final class Pipe {
    static final MethodHandle CALL = bind("pipe", FunctionDescriptor.of(INT, POINTER));
  }

  static void pipe(MemorySegment twoInts) {
    call(() -> "pipe()", s -> (int) Pipe.CALL.invokeExact(s, twoInts));
  }

  private static final class Poll {
    /**
     * {@code nfds_t} is an unsigned long on Linux and an unsigned int on macOS, both in a register.
     */
    static final MethodHandle CALL = bind("poll", FunctionDescriptor.of(INT, POINTER, LONG, INT));
  }

  static int poll(MemorySegment fds, int count, int timeoutMillis) {
    return (int)
        call(
            () -> "poll(" + count + " descriptors)",
            s -> (int) Poll.CALL.invokeExact(s, fds, (long) count, timeoutMillis));
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
    static final MethodHandle CALL = bind("eventfd", FunctionDescriptor.of(INT, INT, INT));
  }

  static int eventfd(int initial, int flags) {
    return (int) call(() -> "eventfd()", s -> (int) Eventfd.CALL.invokeExact(s, initial, flags));
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
