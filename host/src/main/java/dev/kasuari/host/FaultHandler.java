package dev.kasuari.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * Catches faults of machine code in guarded ranges (SIGSEGV and SIGBUS of accesses, SIGFPE of
 * divisions, SIGILL of what the processor does not know) and makes them go on at an exit that the
 * range names; every other fault goes to the handler that was there before, which is the JVM's and
 * needs them for its own null checks, safepoints and divisions. Linux on x86-64.
 *
 * <p>At the exit, RAX is the address of the instruction that faulted, RDX the address that it
 * accessed (meaningless for an address that is not canonical, and for signals that are not about an
 * access), RCX the signal; all other registers are as they were.
 *
 * <p>A signal's action belongs to the process, so there is one handler for the process, installed
 * while any range is guarded. Its code, two pages, is mapped when the first range is guarded and
 * stays, as a library would: a thread may be in it, on its way to the JVM, at any moment.
 */
public final class FaultHandler implements AutoCloseable {
  static final int SIGILL = 4;
  static final int SIGBUS = 7;
  static final int SIGFPE = 8;
  static final int SIGSEGV = 11;

  private final int slot;
  private boolean open = true;

  private FaultHandler(int slot) {
    this.slot = slot;
  }

  /** True where {@link #guard} works. */
  public static boolean supported() {
    return HostOs.current() == HostOs.LINUX && System.getProperty("os.arch", "").equals("amd64");
  }

  /**
   * Guards code.
   *
   * @param start address of the first byte of code
   * @param size bytes
   * @param exit address, outside the range, at which a thread goes on that faults inside it
   * @throws UnsupportedOperationException if the host is not Linux on x86-64, or so many ranges are
   *     guarded that there is no room for another
   */
  public static FaultHandler guard(long start, long size, long exit) {
    if (!supported()) {
      throw new UnsupportedOperationException("the fault handler needs Linux on x86-64");
    }
    return new FaultHandler(Installation.PROCESS.add(start, size, exit));
  }

  /** Faults that were not in a guarded range and went to the JVM, since the process started. */
  public static long passedOn() {
    return supported() ? Installation.PROCESS.passedOn() : 0;
  }

  /** Ends the guard. Nobody may be executing in the range. */
  @Override
  public void close() {
    if (open) {
      open = false;
      Installation.PROCESS.remove(slot);
    }
  }

  /**
   * The handler of this process: a page of code, and a page that it reads and this class writes.
   * The table is process state like the signal's action itself, which is why it is here and not in
   * a machine.
   */
  private static final class Installation {
    private static final int SLOTS = 64;
    private static final int SLOT_BYTES = 32;

    /** Offsets in the memory, which {@link #CODE} has in it. */
    private static final int OLD = 4096;

    private static final int COUNTER_ADDRESS = 4096 + 256;
    private static final int COUNTER = 4096 + 264;
    private static final int FIRST_SLOT = 4096 + 320;

    /** In a slot; a size of 0 means that it is free. */
    private static final int START = 0;

    private static final int SIZE = 8;
    private static final int EXIT = 16;

    /**
     * {@code void handler(int signal, siginfo_t *info, ucontext_t *context)}; offsets are those of
     * Linux on x86-64 (siginfo_t: si_code 8; ucontext_t: RDX 136, RAX 144, RCX 152, RIP 168, CR2
     * 216). The test beside this class has the source.
     */
    private static final byte[] CODE =
        HexFormat.of()
            .parseHex(
                ""
                    + "837e0800" // cmp dword ptr [rsi+8], 0      sent by a process?
                    + "7e27" // jle pass
                    + "488b82a8000000" // mov rax, [rdx+168]
                    + "4c8d052c110000" // lea r8, [rip+slots]
                    + "b940000000" // mov ecx, 64
                    + "4989c1" // next: mov r9, rax
                    + "4d2b08" // sub r9, [r8]
                    + "4d3b4808" // cmp r9, [r8+8]
                    + "7220" // jb ours
                    + "4983c020" // add r8, 32
                    + "ffc9" // dec ecx
                    + "75ec" // jnz next
                    + "4c8b05cc100000" // pass: mov r8, [rip+counter_address]
                    + "f049ff00" // lock inc qword ptr [r8]
                    + "89f8" // mov eax, edi
                    + "4c8d05bf0f0000" // lea r8, [rip+old]
                    + "41ff24c0" // jmp [r8+8*rax]
                    + "48898290000000" // ours: mov [rdx+144], rax
                    + "488b82d8000000" // mov rax, [rdx+216]
                    + "48898288000000" // mov [rdx+136], rax
                    + "4889ba98000000" // mov [rdx+152], rdi
                    + "498b4010" // mov rax, [r8+16]
                    + "488982a8000000" // mov [rdx+168], rax
                    + "c3"); // ret

    /** After the constants, which its constructor reads. */
    static final Installation PROCESS = new Installation();

    private final ExecutableMemory memory;
    private final long table;
    private final List<SignalAction> actions =
        Stream.of(SIGILL, SIGBUS, SIGFPE, SIGSEGV).map(SignalAction::new).toList();

    private Installation() {
      memory = ExecutableMemory.allocate(8192);
      table = memory.writableAddress();
      memory.publish(0, CODE, CODE.length);
      RawMemory.putLong(table + COUNTER_ADDRESS, table + COUNTER);
    }

    long passedOn() {
      return RawMemory.getLongVolatile(table + COUNTER);
    }

    private long slotAddress(int slot) {
      return table + FIRST_SLOT + (long) slot * SLOT_BYTES;
    }

    private int findSlot(boolean free) {
      for (int slot = 0; slot < SLOTS; slot++) {
        if ((RawMemory.getLong(slotAddress(slot) + SIZE) == 0) == free) {
          return slot;
        }
      }
      return -1;
    }

    synchronized int add(long start, long size, long exit) {
      if (size <= 0) {
        throw new IllegalArgumentException("a guard of " + size + " bytes");
      }
      int slot = findSlot(true);
      if (slot < 0) {
        throw new UnsupportedOperationException(
            "this process has machine code for " + SLOTS + " machines, and no room for more");
      }
      actions.forEach(action -> action.install(memory.address(), table + OLD));
      long at = slotAddress(slot);
      RawMemory.putLong(at + START, start);
      RawMemory.putLong(at + EXIT, exit);
      // Last: from here on a handler that runs in another thread may use the slot.
      RawMemory.putLongVolatile(at + SIZE, size);
      return slot;
    }

    synchronized void remove(int slot) {
      RawMemory.putLongVolatile(slotAddress(slot) + SIZE, 0);
      if (findSlot(false) < 0) {
        actions.forEach(action -> action.restore(memory.address()));
      }
    }
  }

  /**
   * What the process does on a signal, and what it did before us. {@code struct sigaction} of glibc
   * and musl on x86-64: the handler at 0, the mask at 8, the flags (int) at 136, 152 bytes.
   */
  private static final class SignalAction {
    private static final int BYTES = 152;
    private static final int FLAGS = 136;
    private static final int SA_SIGINFO = 4;

    private final int signal;
    private final MemorySegment before = Arena.global().allocate(BYTES, 8);

    /** Ours is on top, or below one that was installed later and may call us. */
    private boolean inChain;

    SignalAction(int signal) {
      this.signal = signal;
    }

    /**
     * Puts our handler on top, with the flags and the mask of the one that was there.
     *
     * @param chains address of a table of handlers by signal, where that one is noted
     */
    void install(long handler, long chains) {
      if (inChain) {
        return;
      }
      Libc.sigaction(signal, MemorySegment.NULL, before);
      long old = before.get(ValueLayout.JAVA_LONG, 0);
      if (old <= 1 || (before.get(ValueLayout.JAVA_INT, FLAGS) & SA_SIGINFO) == 0) {
        throw new UnsupportedOperationException(
            "signal " + signal + " has no handler of the JVM to chain to");
      }
      RawMemory.putLongVolatile(chains + 8L * signal, old);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment action = arena.allocate(BYTES, 8).copyFrom(before);
        action.set(ValueLayout.JAVA_LONG, 0, handler);
        Libc.sigaction(signal, action, MemorySegment.NULL);
      }
      inChain = true;
    }

    /** Puts the old action back, unless another one was put on top of ours. */
    void restore(long handler) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment now = arena.allocate(BYTES, 8);
        Libc.sigaction(signal, MemorySegment.NULL, now);
        if (inChain && now.get(ValueLayout.JAVA_LONG, 0) == handler) {
          Libc.sigaction(signal, before, MemorySegment.NULL);
          inChain = false;
        }
      }
    }
  }

  /** The address of the process's handler for a signal, for tests. */
  static long currentHandler(int signal) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment now = arena.allocate(SignalAction.BYTES, 8);
      Libc.sigaction(signal, MemorySegment.NULL, now);
      return now.get(ValueLayout.JAVA_LONG, 0);
    }
  }
}
