package dev.kasuari.tcg.x86_64;

import dev.kasuari.host.ExecutableMemory;
import dev.kasuari.host.FaultHandler;
import dev.kasuari.host.NativeFunction;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.softfloat.FlushToZero;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.CompiledCode;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.Exit;
import dev.kasuari.tcg.TranslationBlock;
import dev.kasuari.tcg.interp.Interpreter;
import dev.kasuari.tcg.ir.InstructionMap;
import dev.kasuari.tcg.ir.IrUnit;
import java.lang.foreign.Arena;
import java.util.Arrays;

/**
 * Runs units as x86-64 machine code. One code cache, one set of stubs and one guard against faults
 * for each machine; a frame for each of its CPUs.
 */
public final class X86BackEnd implements BackEnd {
  /** Room for code. */
  private static final long CACHE_BYTES = 64L << 20;

  /** Values that the frame of a CPU holds; units that need more are interpreted. */
  static final int FRAME_SLOTS = 4096;

  private final ExecutableMemory memory;
  private final FaultHandler faults;
  private final Stubs stubs;
  private final NativeFunction enter;
  private final NativeFunction resume;
  private final Interpreter interpreter = new Interpreter();
  private final boolean hostFloat;
  private final Arena arena = Arena.ofShared();
  private volatile long[] frames = new long[0];
  private long end;

  /**
   * @param environment the architecture's choices where IEEE 754 leaves one
   * @throws UnsupportedOperationException if the host is not Linux on x86-64, or forbids executable
   *     memory
   */
  public X86BackEnd(FloatEnv environment) {
    this(environment, CACHE_BYTES);
  }

  X86BackEnd(FloatEnv environment, long cacheBytes) {
    if (!available()) {
      throw new UnsupportedOperationException(
          "needs Linux on x86-64, not %s on %s"
              .formatted(System.getProperty("os.name"), System.getProperty("os.arch")));
    }
    hostFloat = hostFloat(environment);
    memory = ExecutableMemory.allocate("kasuari-code", cacheBytes);
    try {
      stubs = Stubs.emit(memory, environment);
      end = stubs.size();
      enter = NativeFunction.at(stubs.enter());
      resume = NativeFunction.at(stubs.resume());
      faults =
          FaultHandler.guard(
              memory.address() + stubs.size(), cacheBytes - stubs.size(), stubs.fault());
    } catch (RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  /** True if this host can have one. */
  public static boolean available() {
    return FaultHandler.supported();
  }

  /** Whether SSE, without its flush modes, computes what the guest does, NaNs apart. */
  private static boolean hostFloat(FloatEnv environment) {
    return !environment.tininessBeforeRounding()
        && !environment.flushInputs()
        && environment.flushOutputs() == FlushToZero.OFF;
  }

  @Override
  public String name() {
    return "x86_64";
  }

  /** Whether there is machine code for every operation of the unit. */
  public boolean supports(IrUnit unit) {
    return Coverage.covers(unit);
  }

  @Override
  public CompiledCode compile(IrUnit unit) {
    if (Coverage.covers(unit)) {
      var generator = new CodeGenerator(unit, InstructionMap.of(unit), stubs, hostFloat);
      generator.run();
      long room = generator.frameSlots() <= FRAME_SLOTS ? reserve(generator) : -1;
      if (room >= 0) {
        return publish(generator, room);
      }
    }
    return interpreter.compile(unit);
  }

  /** Offset of room for the code, or −1 if the cache is full. */
  private synchronized long reserve(CodeGenerator generator) {
    int size = generator.assembler().length();
    if (end + size > memory.size()) {
      return -1;
    }
    long offset = end;
    end += size;
    return offset;
  }

  private X86Code publish(CodeGenerator generator, long offset) {
    Assembler assembler = generator.assembler();
    assembler.relocate(memory.address() + offset);
    return generator.at(memory.publish(offset, assembler.code(), assembler.length()));
  }

  @Override
  public Exit run(ExecutionContext context, TranslationBlock block, long pc) {
    return new Execution(this, context, block, pc).run();
  }

  /** Enters code; the result is the site at which it left, or 0 after a fault. */
  long enter(long state, long code) {
    return enter.call(state, code);
  }

  /** Goes on at a site. */
  long resume(long state, long site) {
    return resume.call(state, site);
  }

  /** Interprets what there is no code for, one block at a time. */
  Exit interpret(ExecutionContext context, TranslationBlock block, long pc) {
    // The interpreter would follow a chain into blocks that are not its own.
    boolean before = context.noChain;
    context.noChain = true;
    try {
      return interpreter.run(context, block, pc);
    } finally {
      context.noChain = before;
    }
  }

  /** Host address of the frame of a CPU, by its index. */
  long frame(int cpu) {
    long[] known = frames;
    return cpu < known.length && known[cpu] != 0 ? known[cpu] : newFrame(cpu);
  }

  private synchronized long newFrame(int cpu) {
    long[] more = Arrays.copyOf(frames, Math.max(frames.length, cpu + 1));
    more[cpu] = arena.allocate(8L * FRAME_SLOTS, 64).address();
    frames = more;
    return more[cpu];
  }

  @Override
  public void close() {
    faults.close();
    memory.close();
    interpreter.close();
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
