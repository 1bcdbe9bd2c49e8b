package dev.kasuari.tcg;

import dev.kasuari.machine.memory.AddressSpace;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.BusResult;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.tcg.ir.Helper;

/**
 * Stands between a vCPU's code and everything outside of it: what the code is told by devices and
 * helpers passes through here, and may be kept or answered from what was kept. It hears of memory
 * accesses too, of those that take slow paths. Attached with {@link SoftMmu#attach}; the vCPU's
 * thread only.
 */
public interface ExecutionLog {
  /** Performs an access to the bus, or answers it. */
  BusResult access(AddressSpace space, BusAccess access);

  /** What the last access read. */
  long answer();

  /** Calls a helper, or answers for it: result, state and fault. */
  long call(ExecutionContext context, Helper helper, long a, long b, long c);

  /** RAM is about to be read. */
  void loading(long host, int size);

  /** RAM is about to be written, or may be, at a virtual address and an offset in a block. */
  void storing(long virtual, long host, int size, RamBlock ram, long offset);

  /** Stores will be taken back: nobody else is to hear of them. */
  boolean takesBack();

  /** The soft MMU forgot something. */
  void flushed();
}
