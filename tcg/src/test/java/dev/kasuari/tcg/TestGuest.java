package dev.kasuari.tcg;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.Log;
import dev.kasuari.machine.MachineContext;
import dev.kasuari.machine.cpu.StateLayout;
import dev.kasuari.machine.memory.AddressSpace;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.BusResult;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.MmioHandler;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.machine.memory.RamList;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.tcg.ir.Emitter;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Verifier;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * What a unit needs around it to run without a machine: a CPU, its soft MMU, a little RAM, one page
 * of registers that remember who asked, and a page where nobody answers.
 */
public final class TestGuest implements AutoCloseable {
  /** Sixteen pages of RAM. */
  public static final long RAM = 0x8000_0000L;

  public static final int RAM_SIZE = 0x10000;

  /** A page of registers, the first half of which refuses nothing. */
  public static final long MMIO = 0x1000_0000L;

  /** Nothing is mapped here. */
  public static final long VOID = 0x2000_0000L;

  /** How a run ended, as far as a guest could tell. */
  public record Outcome(Exit exit, int cause, long value, long pc, long retired) {}

  /** Everything that a guest could see after a run. */
  public record Result(Outcome outcome, ByteBuffer state, ByteBuffer memory, List<String> bus) {}

  private static final class Context implements MachineContext {
    private final ReentrantLock lock = new ReentrantLock();
    private final Log log = Log.to(line -> {});

    @Override
    public ReentrantLock lock() {
      return lock;
    }

    @Override
    public Log log() {
      return log;
    }

    @Override
    public void deviceFailed(String where, Throwable cause) {
      throw new AssertionError(where, cause);
    }
  }

  /** Answers with something that depends on where and when, and remembers. */
  private final class Registers implements MmioHandler {
    @Override
    public long read(long offset, int size, BusAccess access) {
      bus.add("read%d 0x%x".formatted(size, offset));
      if (offset >= 2048) {
        access.fail(BusResult.SLAVE_ERROR);
        return 0;
      }
      return new SplittableRandom(offset * 31 + bus.size()).nextLong();
    }

    @Override
    public void write(long offset, int size, long value, BusAccess access) {
      long written = size == 8 ? value : value & ((1L << (8 * size)) - 1);
      bus.add("write%d 0x%x 0x%x".formatted(size, offset, written));
      if (offset >= 2048) {
        access.fail(BusResult.SLAVE_ERROR);
      }
    }
  }

  private final RamList rams = new RamList();
  private final AddressSpace space;
  private final ExecutionContext context;
  private final SoftMmu mmu;

  public final TestCpu cpu = new TestCpu();
  public final RamBlock ram = rams.allocate("ram", RAM_SIZE);

  /** Accesses that the registers saw. */
  public final List<String> bus = new ArrayList<>();

  public TestGuest() {
    this(FloatEnv.riscv());
  }

  public TestGuest(FloatEnv environment) {
    var root = MemoryRegion.container("root", MemoryRegion.WHOLE);
    root.add(RAM, MemoryRegion.ram(ram));
    root.add(MMIO, MemoryRegion.mmio("registers", 4096, new Registers()));
    space = new AddressSpace("memory", root, new Context());
    mmu = new SoftMmu(cpu, space);
    context = new ExecutionContext(cpu, mmu, environment);
  }

  public ExecutionContext context() {
    return context;
  }

  public SoftMmu mmu() {
    return mmu;
  }

  /** As new but for what is mapped: registers and RAM from a seed, TLB and log empty. */
  public void randomize(long seed) {
    var random = new SplittableRandom(seed);
    cpu.reset();
    for (int i = 0; i < TestCpu.X.count(); i++) {
      cpu.state().set(TestCpu.X, i, interesting(random));
    }
    byte[] bytes = new byte[RAM_SIZE];
    random.nextBytes(bytes);
    ram.put(0, bytes);
    mmu.flush();
    bus.clear();
    context.linkFrom = null;
    context.current = null;
  }

  /** Numbers at which things happen, and others. */
  public static long interesting(SplittableRandom random) {
    return switch (random.nextInt(6)) {
      case 0 -> random.nextInt(-3, 4);
      case 1 -> 1L << random.nextInt(64);
      case 2 -> (1L << random.nextInt(64)) - 1;
      case 3 -> random.nextInt();
      case 4 -> Double.doubleToRawLongBits(random.nextInt(-100, 100) / 8.0);
      default -> random.nextLong();
    };
  }

  /** Three instructions of 4 bytes; the second is given, the others count in x1 and x2. */
  public static IrUnit between(Consumer<Emitter> second) {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0x10, false);
    e.set(TestCpu.X, 1, e.add(e.get(TestCpu.X, 1), 1));
    e.instruction(4, 4, 0x20, false);
    second.accept(e);
    if (e.open()) {
      e.instruction(8, 4, 0x30, false);
      e.set(TestCpu.X, 2, e.add(e.get(TestCpu.X, 2), 1));
      e.exit(ExitReason.LOOKUP, e.pc(12));
    }
    return e.finish();
  }

  /** Compiles a unit, which must be right and begins at the start of a page. */
  public static TranslationBlock block(BackEnd backEnd, IrUnit unit) {
    return block(backEnd, unit, RAM);
  }

  /** The same for a unit that begins at an address. */
  public static TranslationBlock block(BackEnd backEnd, IrUnit unit, long pc) {
    Verifier.verify(unit);
    CompiledCode code = backEnd.compile(unit, (int) (pc & 4095));
    if (code == null) {
      var _ = backEnd.reclaim();
      code = backEnd.compile(unit, (int) (pc & 4095));
    }
    if (code == null) {
      throw new AssertionError("no room for a unit");
    }
    return TranslationBlock.detached(unit, code);
  }

  /** Chains two blocks, as the loop does. */
  public static void link(TranslationBlock from, int slot, TranslationBlock to) {
    from.link(slot, to);
  }

  /** Makes a block known at an address, as the loop does. */
  public void know(long pc, TranslationBlock block) {
    context.jumps().put(pc, mmu.generation, block);
  }

  /** Runs a unit once. */
  public Outcome run(BackEnd backEnd, IrUnit unit, long pc) {
    return run(backEnd, block(backEnd, unit, pc), pc);
  }

  /** Runs a block and what follows it. */
  public Outcome run(BackEnd backEnd, TranslationBlock block, long pc) {
    context.cause = 0;
    context.value = 0;
    Exit exit = backEnd.run(context, block, pc);
    return new Outcome(exit, context.cause, context.value, cpu.pc(), context.retired());
  }

  /**
   * Runs a unit once from a state that the seed decides; one time in thirty it is asked to leave.
   * Nothing follows it, or one that leads to itself would go on where a back end knows it.
   */
  public Result runFrom(long seed, BackEnd backEnd, IrUnit unit, long pc) {
    randomize(seed);
    context.noChain = true;
    if (new SplittableRandom(seed).nextInt(30) == 0) {
      context.requestExit();
    }
    Outcome outcome = run(backEnd, unit, pc);
    context.noChain = false;
    return new Result(
        outcome, ByteBuffer.wrap(state()), ByteBuffer.wrap(memory()), List.copyOf(bus));
  }

  /** Register {@code index}. */
  public long x(int index) {
    return cpu.state().get(TestCpu.X, index);
  }

  public void x(int index, long value) {
    cpu.state().set(TestCpu.X, index, value);
  }

  public long fpFlags() {
    return cpu.state().get(StateLayout.FP_FLAGS);
  }

  /** Everything that the guest can see of its CPU. */
  public byte[] state() {
    int size = cpu.state().layout().size() - StateLayout.RESERVED;
    byte[] bytes = new byte[size];
    RawMemory.get(cpu.state().address() + StateLayout.RESERVED, bytes, 0, size);
    return bytes;
  }

  /** All RAM. */
  public byte[] memory() {
    return ram.get(0, RAM_SIZE);
  }

  @Override
  public void close() {
    context.close();
    cpu.close();
    space.dispose();
    rams.close();
  }
}
