package dev.kasuari.tcg.x86_64;

import dev.kasuari.host.FaultHandler;
import dev.kasuari.host.HostMemory;
import dev.kasuari.host.NativeFunction;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.CodeImage;
import dev.kasuari.tcg.CompiledCode;
import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.Exit;
import dev.kasuari.tcg.PairExchange;
import dev.kasuari.tcg.TranslationBlock;
import dev.kasuari.tcg.TranslationObserver;
import dev.kasuari.tcg.interp.DirectInterpreter;
import dev.kasuari.tcg.interp.Evaluator;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Optimizer;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs units as x86-64 machine code. One code space, one set of stubs and one guard against faults
 * for each machine; an {@link Execution} for each of its CPUs.
 */
public final class X86BackEnd implements BackEnd {
  /** Room for code unless it is said how much. The host commits what is used. */
  public static final long CACHE_BYTES = 256L << 20;

  /** The least room for code. */
  public static final long MIN_CACHE_BYTES = 1L << 20;

  /** The most room for code in MiB: any of it reaches any other with a distance of 32 bits. */
  public static final int MAX_CACHE_MIB = 2047;

  /** The most runs before a unit is compiled. */
  public static final int MAX_COLD_RUNS = 127;

  private final CodeSpace space;
  private final FaultHandler faults;
  private final Stubs stubs;
  private volatile CodeOptions options;
  private final NativeFunction enter;
  private final NativeFunction resume;
  private final DirectInterpreter interpreter = new DirectInterpreter();
  private final int coldRuns;
  private final Arena arena = Arena.ofShared();
  private final Queue<HostMemory> tables = new ConcurrentLinkedQueue<>();
  private final Map<ExecutionContext, Execution> executions = new ConcurrentHashMap<>();
  private final ArrayDeque<Compiler> compilers = new ArrayDeque<>();

  /**
   * @param environment the architecture's choices where IEEE 754 leaves one
   * @throws UnsupportedOperationException if the host is not Linux on x86-64, forbids executable
   *     memory, or has too many of them in this process already
   */
  public X86BackEnd(FloatEnv environment) {
    this(environment, CACHE_BYTES);
  }

  /**
   * @param cacheBytes room for code, a multiple of 4096, at least {@link #MIN_CACHE_BYTES}
   */
  public X86BackEnd(FloatEnv environment, long cacheBytes) {
    this(environment, cacheBytes, CpuFeatures::probe, 0);
  }

  /**
   * @param cacheBytes room for code, a multiple of 4096, from {@link #MIN_CACHE_BYTES} to {@link
   *     #MAX_CACHE_MIB}
   * @param without features that code does not use, even where the host has them
   * @param coldRuns how often a unit is interpreted before it is compiled, from 0 to {@link
   *     #MAX_COLD_RUNS}
   */
  public X86BackEnd(FloatEnv environment, long cacheBytes, Set<CpuFeature> without, int coldRuns) {
    this(
        environment,
        cacheBytes,
        () -> CpuFeatures.probe().without(without.toArray(CpuFeature[]::new)),
        coldRuns);
  }

  /**
   * For tests, of hosts that can do less than this one.
   *
   * @param features what code may use, of what the host can do
   */
  X86BackEnd(FloatEnv environment, long cacheBytes, CpuFeatures features) {
    this(environment, cacheBytes, () -> features, 0);
  }

  private X86BackEnd(
      FloatEnv environment, long cacheBytes, Supplier<CpuFeatures> features, int coldRuns) {
    this.coldRuns = coldRuns;
    if (!available()) {
      throw new UnsupportedOperationException(
          "needs Linux on x86-64, not %s on %s"
              .formatted(System.getProperty("os.name"), System.getProperty("os.arch")));
    }
    space = new CodeSpace(cacheBytes, Stubs.BYTES);
    try {
      var memory = space.memory();
      options = new CodeOptions(environment, features.get(), false);
      stubs = Stubs.emit(memory, environment);
      enter = NativeFunction.at(stubs.enter());
      resume = NativeFunction.at(stubs.resume());
      faults =
          FaultHandler.guard(
              memory.address() + stubs.size(), cacheBytes - stubs.size(), stubs.fault());
    } catch (RuntimeException e) {
      space.close();
      throw e;
    }
  }

  /** True if this host can have one. */
  public static boolean available() {
    return FaultHandler.supported();
  }

  @Override
  public String name() {
    return "x86_64";
  }

  @Override
  public void describeRoutines(TranslationObserver observer) {
    observer.routine("stubs", space.memory().address(), stubs.size());
  }

  @Override
  public void expectSeveralCpus() {
    options = new CodeOptions(options.environment(), options.features(), true);
  }

  // ---- compiling -------------------------------------------------------------------------------

  @Override
  public @Nullable CompiledCode compile(IrUnit unit, int pageOffset) {
    return compileFor(unit, pageOffset, null);
  }

  @Override
  public @Nullable CompiledCode compile(IrUnit unit, int pageOffset, CodeImage image) {
    image.clear();
    return compileFor(unit, pageOffset, image);
  }

  private @Nullable CompiledCode compileFor(
      IrUnit unit, int pageOffset, @Nullable CodeImage image) {
    Compiler compiler = takeCompiler();
    CompiledCode code = compiler.compile(unit, pageOffset);
    if (image != null && code instanceof X86Code) {
      compiler.generator.save(image);
    }
    // Not after a failure: what it had of that unit would become part of the next one.
    synchronized (compilers) {
      compilers.push(compiler);
    }
    return code;
  }

  @Override
  public String archiveKey() {
    return "x86_64 %s stubs=%d cpus=%s"
        .formatted(options.features(), stubs.size(), options.severalCpus() ? "n" : "1");
  }

  @Override
  public @Nullable CompiledCode restore(CodeImage image, int pageOffset) {
    return space.add(new MovedCode(stubs, options, image, pageOffset));
  }

  @Override
  public int coldRuns() {
    return coldRuns;
  }

  @Override
  public CompiledCode cold(IrUnit unit) {
    return interpreter.compile(unit, 0);
  }

  private Compiler takeCompiler() {
    CodeOptions now = options;
    synchronized (compilers) {
      while (!compilers.isEmpty()) {
        Compiler free = compilers.pop();
        // All else stays; and records make their comparison anew at every start, which takes long.
        if (free.options.severalCpus() == now.severalCpus()) {
          return free;
        }
      }
    }
    return new Compiler(now);
  }

  /** What one thread at a time needs to compile. */
  private final class Compiler {
    final CodeOptions options;
    private final Optimizer optimizer = new Optimizer(Evaluator::evaluate);
    private final CodeGenerator generator;

    Compiler(CodeOptions options) {
      this.options = options;
      this.generator = new CodeGenerator(stubs, options);
    }

    @Nullable CompiledCode compile(IrUnit unit, int pageOffset) {
      generator.emit(optimizer.optimize(unit), pageOffset);
      boolean tooLarge =
          8 * generator.frameSlots() > EngineState.FRAME_BYTES
              || generator.a.length() > space.segmentBytes()
              || space.takeStuck();
      return tooLarge ? interpreter.compile(unit, pageOffset) : space.add(generator);
    }
  }

  @Override
  public Predicate<CompiledCode> reclaim() {
    Set<X86Code> gone =
        space.reclaim(executions.values().stream().map(Execution::resumePoint).toList());
    executions.values().forEach(Execution::forgetCode);
    return code -> code instanceof X86Code x86 && gone.contains(x86);
  }

  @Override
  public @Nullable PairExchange pairExchange() {
    return options.features().has(CpuFeature.CX16) ? PairInstruction.find() : null;
  }

  // ---- running ---------------------------------------------------------------------------------

  @Override
  public Exit run(ExecutionContext context, TranslationBlock block, long pc) {
    return execution(context).run(block, pc);
  }

  private Execution execution(ExecutionContext context) {
    if (context.backEndState instanceof Execution known && known.serves(this)) {
      return known;
    }
    Execution own = executions.computeIfAbsent(context, this::newExecution);
    context.backEndState = own;
    return own;
  }

  private Execution newExecution(ExecutionContext context) {
    HostMemory jumps = HostMemory.anonymous(JumpTable.BYTES);
    tables.add(jumps);
    return new Execution(this, context, jumps.address());
  }

  /** Enters code; the result is the site at which it left, or 0 after a fault. */
  long enter(long state, long code) {
    return enter.call(state, code);
  }

  /** Goes on in code. */
  long resume(long state, long at) {
    return resume.call(state, at);
  }

  X86Code code(int number) {
    return space.code(number);
  }

  @Nullable X86Code codeAround(long address) {
    return space.codeAround(address);
  }

  /** Interprets what there is no code for, one block. */
  Exit interpret(ExecutionContext context, TranslationBlock block, long pc) {
    return interpreter.run(context, block, pc);
  }

  @Override
  public void close() {
    faults.close();
    space.close();
    interpreter.close();
    tables.forEach(HostMemory::close);
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
