package dev.kasuari.it.random;

import dev.kasuari.machine.Log;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.time.ManualClock;
import dev.kasuari.machine.time.Timebase;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.InstructionSet;
import dev.kasuari.tcg.TcgAccelerator;
import dev.kasuari.tcg.interp.Interpreter;
import dev.kasuari.tcg.lockstep.Lockstep;
import dev.kasuari.tcg.x86_64.X86BackEnd;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Runs a random guest on a back end. */
final class GuestRun {
  private static final int PATIENCE_SECONDS = 120;

  /** Instructions that make a tick of the time that guests read. */
  private static final int TICK_SHIFT = 4;

  private GuestRun() {}

  /** Interpreted. */
  static GuestEnd interpreted(RandomGuest guest) throws InterruptedException {
    return run(guest, instructions -> new Interpreter());
  }

  /**
   * As machine code, sometimes with so little room that it has to be given up, or with units that
   * are interpreted first.
   */
  static GuestEnd emitted(RandomGuest guest) throws InterruptedException {
    int room =
        switch ((int) guest.seed() & 3) {
          case 0 -> 64 << 10;
          case 1 -> 512 << 10;
          default -> 16 << 20;
        };
    int coldRuns = (int) (guest.seed() >> 2) & 1;
    return run(guest, instructions -> new X86BackEnd(FloatEnv.riscv(), room, Set.of(), coldRuns));
  }

  /** Both side by side: the machine fails with a report of the first unit that differs. */
  static GuestEnd lockstep(RandomGuest guest) throws InterruptedException {
    return run(
        guest,
        instructions ->
            new Lockstep(
                new Interpreter(),
                new X86BackEnd(FloatEnv.riscv(), 16 << 20),
                instructions,
                line -> {}));
  }

  private static GuestEnd run(RandomGuest guest, Function<InstructionSet, BackEnd> backEnd)
      throws InterruptedException {
    Log log = Log.to(line -> {});
    var clock = new ManualClock();
    try (var machine = Machine.builder("random").log(log).clock(clock).build()) {
      var ram = machine.ram().allocate("ram", Layout.RAM_SIZE);
      ram.put(0, guest.image().array());
      RiscvCpu[] harts = new RiscvCpu[1];
      var time = new Timebase(() -> time(harts[0]), RiscvCpu.DEFAULT_TIMEBASE);
      var hart = machine.own(new RiscvCpu(0, RandomGuest.model(), machine, time));
      harts[0] = hart;
      var director = new Director(guest, machine, ram, hart);
      machine.locked(() -> {
        machine.root().add(Layout.RAM, MemoryRegion.ram(ram));
        machine.root().add(Layout.DEVICE, MemoryRegion.mmio("device", Layout.PAGE, director));
      });
      hart.setResetVector(Layout.MONITOR);
      var instructions = new Directed(() -> director);
      var accelerator = new TcgAccelerator(machine, instructions, backEnd.apply(instructions));
      accelerator.add(hart);
      machine.addExecution(accelerator);
      machine.resume();
      Shutdown end = machine.awaitShutdown(PATIENCE_SECONDS, TimeUnit.SECONDS);
      Throwable failure = machine.failure();
      if (failure != null) {
        throw new IllegalStateException(
            "seed %d, %s: %s".formatted(guest.seed(), accelerator.name(), failure), failure);
      }
      if (end == null) {
        machine.pause();
        throw new IllegalStateException(
            "seed %d, %s: does not end:%n%s"
                .formatted(guest.seed(), accelerator.name(), hart.describe()));
      }
      return director.end();
    }
  }

  private static long time(RiscvCpu hart) {
    return hart != null && hart.attached() ? hart.vcpu().instructionsRetired() >> TICK_SHIFT : 0;
  }
}
