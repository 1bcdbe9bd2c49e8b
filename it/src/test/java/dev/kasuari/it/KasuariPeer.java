package dev.kasuari.it;

import dev.kasuari.machine.Machine;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.MmioHandler;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.machine.time.Timebase;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import dev.kasuari.target.riscv.translate.RiscvInstructionSet;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.InstructionSet;
import dev.kasuari.tcg.TcgAccelerator;
import dev.kasuari.tcg.interp.DirectInterpreter;
import dev.kasuari.tcg.interp.Interpreter;
import dev.kasuari.tcg.x86_64.X86BackEnd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A machine of ours with one hart, memory and a register that ends the program. */
final class KasuariPeer implements Peer {
  private static final int PATIENCE_SECONDS = 120;

  /** What stands for interp and x86_64, one after the other. */
  private static final String BOTH = "both";

  private final RiscvModel model;
  private final InstructionSet watched;
  private final InstructionSet plain = new RiscvInstructionSet();

  /**
   * @param watched what the interpreter runs; machine code is of the same without anything between
   *     instructions, so that they are optimised with each other
   */
  KasuariPeer(RiscvModel model, InstructionSet watched) {
    this.model = model;
    this.watched = watched;
  }

  @Override
  public String name() {
    return "Kasuari";
  }

  @Override
  public List<byte[]> run(Program program) throws Exception {
    String usual = X86BackEnd.available() ? BOTH : "interp";
    String name = System.getProperty("kasuari.it.backend", usual);
    if (!name.equals(BOTH)) {
      return run(program, name);
    }
    List<byte[]> interpreted = run(program, "interp");
    List<byte[]> emitted = run(program, "x86_64");
    // If they differ and the interpreter is right, machine code differs from the other peer too.
    return Arrays.deepEquals(interpreted.toArray(), emitted.toArray()) ? interpreted : emitted;
  }

  private List<byte[]> run(Program program, String backEnd) throws Exception {
    return switch (backEnd) {
      case "interp" -> run(program, watched, new Interpreter());
      case "direct" -> run(program, watched, new DirectInterpreter());
      case "x86_64" -> run(program, plain, new X86BackEnd(plain.floatEnv()));
      default -> throw new IllegalArgumentException("kasuari.it.backend=" + backEnd);
    };
  }

  private List<byte[]> run(Program program, InstructionSet instructions, BackEnd backEnd)
      throws Exception {
    try (var machine = Machine.builder("differential").build()) {
      RamBlock ram = machine.ram().allocate("ram", Program.RAM_SIZE);
      machine.root().add(Program.BASE, MemoryRegion.ram(ram));
      machine
          .root()
          .add(Program.FINISHER, MemoryRegion.mmio("finisher", 0x1000, new Finisher(machine)));
      machine.root().add(Program.MTIMECMP, MemoryRegion.mmio("mtimecmp", 0x1000, new Ignored()));
      Timebase time = Timebase.of(machine.clock(), RiscvCpu.DEFAULT_TIMEBASE);
      var cpu = new RiscvCpu(0, model, machine, time);
      cpu.setResetVector(Program.BASE);
      var accelerator = new TcgAccelerator(machine, instructions, backEnd);
      accelerator.add(cpu);
      machine.addExecution(accelerator);
      ram.put(0, program.image());
      machine.resume();
      Shutdown end = machine.awaitShutdown(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (end == null || end.cause() != Shutdown.Cause.GUEST) {
        throw stuck(program, machine, ram, cpu);
      }
      List<byte[]> memory = new ArrayList<>();
      for (Extent extent : program.wanted()) {
        memory.add(ram.get(extent.address() - Program.BASE, extent.length()));
      }
      return memory;
    }
  }

  private static StuckException stuck(
      Program program, Machine machine, RamBlock ram, RiscvCpu cpu) {
    long progress = Bytes.getLong(ram.get(program.progress() - Program.BASE, 8), 0);
    machine.pause();
    var stuck = new StuckException("Kasuari did not end:\n" + cpu.describe(), progress);
    Throwable failure = machine.failure();
    if (failure != null) {
      stuck.initCause(failure);
    }
    return stuck;
  }

  private record Ignored() implements MmioHandler {
    @Override
    public long read(long offset, int size, BusAccess access) {
      return 0;
    }

    @Override
    public void write(long offset, int size, long value, BusAccess access) {}
  }

  private record Finisher(Machine machine) implements MmioHandler {
    @Override
    public long read(long offset, int size, BusAccess access) {
      return 0;
    }

    @Override
    public void write(long offset, int size, long value, BusAccess access) {
      machine.requestShutdown(new Shutdown(Shutdown.Cause.GUEST, 0, "done"));
    }
  }
}
