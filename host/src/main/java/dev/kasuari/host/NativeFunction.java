package dev.kasuari.host;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Machine code of our own that is called by the C convention with two longs and returns one.
 *
 * <p>The handle has six, and functions of the C library share it: see {@link Libc}.
 *
 * <p>The call is a plain downcall: the thread counts as being in native code, so that it holds up
 * neither a garbage collection nor a safepoint however long it stays, and may be unwound by
 * nothing.
 *
 * <p>Hot: every entry of translated code. The handle is static so that the compiler sees through
 * it.
 */
public final class NativeFunction {
  private static final MethodHandle CALL =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.of(
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG));

  private final MemorySegment address;

  private NativeFunction(MemorySegment address) {
    this.address = address;
  }

  /** The function at an address in {@link ExecutableMemory}, which must outlive this. */
  public static NativeFunction at(long address) {
    return new NativeFunction(MemorySegment.ofAddress(address));
  }

  /** Calls it. */
  public long call(long first, long second) {
    return call(address, first, second, 0, 0, 0, 0);
  }

  /** Calls a function of up to six integers. */
  static long call(MemorySegment address, long a, long b, long c, long d, long e, long f) {
    try {
      return (long) CALL.invokeExact(address, a, b, c, d, e, f);
    } catch (RuntimeException | Error thrown) {
      throw thrown;
    } catch (Throwable thrown) {
      throw new LinkageError("call of 0x" + Long.toHexString(address.address()), thrown);
    }
  }
}
