package dev.kasuari.target.riscv.translate;

import dev.kasuari.machine.Log;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.MmioHandler;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.machine.time.Timebase;
import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.asm.Reg;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import dev.kasuari.target.riscv.isa.RiscvEncoder;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.TcgAccelerator;
import dev.kasuari.tcg.interp.Interpreter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A machine of harts, RAM at 2 GiB and two registers: a store of 32 bits to {@link #EXIT} ends the
 * machine with that value, and {@link #MSIP} is one software interrupt word a hart. All harts start
 * at the program's first byte in machine mode.
 */
final class BareMetal implements AutoCloseable {
  static final long RAM = 0x8000_0000L;
  static final long EXIT = 0x10_0000;
  static final long MSIP = 0x200_0000;
  private static final int RAM_SIZE = 8 << 20;

  private final List<String> log = new ArrayList<>();
  private final Machine machine;
  private final List<RiscvCpu> harts = new ArrayList<>();
  private final RamBlock ram;
  private final TcgAccelerator accelerator;

  BareMetal(int count, Assembler program, LogCategory... categories) {
    this(RiscvModel.rv64(), count, program, categories);
  }

  BareMetal(RiscvModel model, int count, Assembler program, LogCategory... categories) {
    this(model, count, program, new Interpreter(), categories);
  }

  BareMetal(
      RiscvModel model, int count, Assembler program, BackEnd backEnd, LogCategory... categories) {
    Log sink = Log.to(line -> addLine(line));
    sink.select(List.of(categories));
    machine = Machine.builder("bare").log(sink).build();
    ram = machine.ram().allocate("ram", RAM_SIZE);
    ram.put(0, program.assemble());
    accelerator = new TcgAccelerator(machine, new RiscvInstructionSet(), backEnd);
    var time = Timebase.of(machine.clock(), RiscvCpu.DEFAULT_TIMEBASE);
    for (int i = 0; i < count; i++) {
      var hart = machine.own(new RiscvCpu(i, model, machine, time));
      hart.setResetVector(RAM);
      harts.add(hart);
      accelerator.add(hart);
    }
    machine.addExecution(accelerator);
    machine.locked(this::map);
  }

  private void addLine(String line) {
    synchronized (log) {
      log.add(line);
    }
  }

  private void map() {
    machine.root().add(RAM, MemoryRegion.ram(ram));
    machine.root().add(EXIT, MemoryRegion.mmio("exit", 0x1000, new Exit()));
    machine.root().add(MSIP, MemoryRegion.mmio("msip", 0x1000, new SoftwareInterrupts()));
  }

  /** Runs until the program ends; fails if it has not after a while that is long for any test. */
  int run() throws InterruptedException {
    machine.resume();
    Shutdown end = machine.awaitShutdown(60, TimeUnit.SECONDS);
    if (end == null) {
      machine.pause();
      throw new AssertionError("the program does not end: " + harts.getFirst().describe());
    }
    Throwable failure = machine.failure();
    if (failure != null) {
      throw new AssertionError(end.reason(), failure);
    }
    return end.exitCode();
  }

  RiscvCpu hart(int index) {
    return harts.get(index);
  }

  Machine machine() {
    return machine;
  }

  RamBlock ram() {
    return ram;
  }

  TcgAccelerator accelerator() {
    return accelerator;
  }

  List<String> log() {
    synchronized (log) {
      return List.copyOf(log);
    }
  }

  /** Appends: the program ends with the value in {@code register}. */
  static void exit(Assembler a, int register) {
    a.li(Reg.T6, EXIT);
    a.i(RiscvEncoder.sw(Reg.T6, register, 0));
    a.j(a.here("ended"));
  }

  @Override
  public void close() {
    machine.close();
  }

  private final class Exit implements MmioHandler {
    @Override
    public long read(long offset, int size, BusAccess access) {
      return 0;
    }

    @Override
    public void write(long offset, int size, long value, BusAccess access) {
      machine.requestShutdown(new Shutdown(Shutdown.Cause.GUEST, (int) value, "exit"));
    }
  }

  private final class SoftwareInterrupts implements MmioHandler {
    @Override
    public long read(long offset, int size, BusAccess access) {
      return 0;
    }

    @Override
    public void write(long offset, int size, long value, BusAccess access) {
      harts.get((int) offset / 4).machineSoftwareInput().set((value & 1) != 0);
    }
  }
}
