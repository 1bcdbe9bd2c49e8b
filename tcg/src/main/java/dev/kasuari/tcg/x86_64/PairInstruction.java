package dev.kasuari.tcg.x86_64;

import dev.kasuari.host.ExecutableMemory;
import dev.kasuari.host.NativeFunction;
import dev.kasuari.host.RawMemory;
import dev.kasuari.tcg.PairExchange;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/** CMPXCHG16B, also for who emits no code. Each is one vCPU's. */
public final class PairInstruction implements PairExchange {
  private final NativeFunction function;
  private final Arena arena = Arena.ofAuto();
  private final long pairs = arena.allocate(4 * Long.BYTES, 64).address();

  private PairInstruction(NativeFunction function) {
    this.function = function;
  }

  /** For a process, as long as it runs, when it is first asked for. */
  private static final class Shared {
    static final @Nullable NativeFunction FUNCTION = make();

    private static @Nullable NativeFunction make() {
      if (!X86BackEnd.available()) {
        return null;
      }
      try {
        return emitted(ExecutableMemory.allocate(4096));
      } catch (UnsupportedOperationException forbidden) {
        return null;
      }
    }

    /** In memory that is never given back: there is no saying when the last one is gone. */
    private static @Nullable NativeFunction emitted(ExecutableMemory memory) {
      if (!CpuFeatures.probe(memory).has(CpuFeature.CX16)) {
        memory.close();
        return null;
      }
      var a = new Assembler();
      emit(a);
      return NativeFunction.at(memory.publish(0, a.code(), a.length()));
    }
  }

  /** A new one; null if the host has no such instruction. */
  public static @Nullable PairInstruction find() {
    NativeFunction function = Shared.FUNCTION;
    return function == null ? null : new PairInstruction(function);
  }

  /** A function of a host address and four longs: {@link PairExchange}. */
  private static void emit(Assembler a) {
    a.push(Gpr.RBX);
    a.load(8, Gpr.RAX, Mem.at(Gpr.RSI, 0));
    a.load(8, Gpr.RDX, Mem.at(Gpr.RSI, 8));
    a.load(8, Gpr.RBX, Mem.at(Gpr.RSI, 16));
    a.load(8, Gpr.RCX, Mem.at(Gpr.RSI, 24));
    a.lockCmpxchg16b(Mem.at(Gpr.RDI, 0));
    a.store(8, Mem.at(Gpr.RSI, 0), Gpr.RAX);
    a.store(8, Mem.at(Gpr.RSI, 8), Gpr.RDX);
    a.pop(Gpr.RBX);
    a.ret();
  }

  @Override
  public void exchange(long host, long[] values) {
    for (int i = 0; i < 4; i++) {
      RawMemory.putAlignedLong(pairs + 8L * i, values[i]);
    }
    function.call(host, pairs);
    values[0] = RawMemory.getAlignedLong(pairs);
    values[1] = RawMemory.getAlignedLong(pairs + 8);
  }
}
