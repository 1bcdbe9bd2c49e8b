package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.ResetCause;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.machine.memory.AddressSpace;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The built-in firmware of a machine: it switches processing elements and the machine on and off
 * for software that calls it by HVC or SMC. After a reset the first processing element runs and the
 * others are off. Source: Arm Power State Coordination Interface, DEN0022D, chapter 5; SMC Calling
 * Convention, DEN0028.
 */
public final class Psci {
  /** The instruction that calls it. */
  public enum Conduit {
    HVC(2),
    SMC(3);

    private final int level;

    Conduit(int level) {
      this.level = level;
    }

    /** The exception level that firmware called so would be at: who starts there has none. */
    public int level() {
      return level;
    }
  }

  /** A bit of function identifiers: arguments have 64 bits. */
  public static final int WIDE = 1 << 30;

  // Function identifiers (DEN0022D, 5.1), those of 32 bits.
  static final int VERSION = 0x8400_0000;

  /** Waits; or does until woken up. */
  public static final int CPU_SUSPEND = 0x8400_0001;

  public static final int CPU_OFF = 0x8400_0002;
  public static final int CPU_ON = 0x8400_0003;
  static final int AFFINITY_INFO = 0x8400_0004;
  public static final int MIGRATE = 0x8400_0005;
  static final int MIGRATE_INFO_TYPE = 0x8400_0006;
  static final int SYSTEM_OFF = 0x8400_0008;
  static final int SYSTEM_RESET = 0x8400_0009;
  static final int FEATURES = 0x8400_000a;

  // Return codes (DEN0022D, 5.2.2).
  static final long SUCCESS = 0;
  static final long NOT_SUPPORTED = -1;
  static final long INVALID_PARAMETERS = -2;
  static final long ALREADY_ON = -4;
  static final long ON_PENDING = -5;
  static final long INVALID_ADDRESS = -9;

  private static final int VERSION_1_1 = 1 << 16 | 1;

  /** There is no trusted system that would have to be moved. */
  private static final int NO_TRUSTED_SYSTEM = 2;

  // What AFFINITY_INFO answers.
  private static final int ON = 0;
  private static final int OFF = 1;
  private static final int PENDING = 2;

  private static final long AFFINITY = 0xff_00ff_ffffL;

  private final Machine machine;
  private final AddressSpace memory;
  private final List<ArmCpu> cpus;
  private final AtomicInteger[] power;
  private final Conduit conduit;

  /**
   * Firmware for these processing elements, by index.
   *
   * @param start puts the first one to where software begins, after each reset
   */
  public Psci(Machine machine, List<ArmCpu> cpus, Conduit conduit, Runnable start) {
    this.machine = machine;
    this.memory = machine.memory();
    this.cpus = List.copyOf(cpus);
    this.conduit = conduit;
    power = new AtomicInteger[cpus.size()];
    for (ArmCpu cpu : cpus) {
      int index = cpu.index();
      power[index] = new AtomicInteger(index == 0 ? ON : OFF);
      cpu.setFirmware(this);
      cpu.setStart(
          index == 0 ? () -> reset(index, start) : () -> reset(index, cpu.parking()::stop));
    }
  }

  private void reset(int index, Runnable start) {
    power[index].set(index == 0 ? ON : OFF);
    start.run();
  }

  /** Whether an exception is a call of this. */
  boolean answers(int kind) {
    return kind == (conduit == Conduit.HVC ? Syndrome.HVC : Syndrome.SMC);
  }

  /** Performs what a processing element asks for, on its thread; it goes on behind the call. */
  void call(ArmCpu cpu) {
    int function = (int) cpu.x(0);
    boolean wide = (function & WIDE) != 0;
    long first = argument(cpu, 1, wide);
    trace(cpu, function);
    Long result =
        switch (wide ? function & ~WIDE : function) {
          case CPU_SUSPEND -> suspend(cpu, first);
          case CPU_ON -> on(cpu, first, argument(cpu, 2, wide), argument(cpu, 3, wide));
          case AFFINITY_INFO -> affinity(first, argument(cpu, 2, wide));
          default -> wide ? Long.valueOf(NOT_SUPPORTED) : narrow(cpu, function, (int) first);
        };
    if (result != null) {
      cpu.setX(0, result);
    }
  }

  private static long argument(ArmCpu cpu, int register, boolean wide) {
    return wide ? cpu.x(register) : cpu.x(register) & 0xffff_ffffL;
  }

  /** A function that has no form of 64 bits; null if it does not return. */
  private @Nullable Long narrow(ArmCpu cpu, int function, int first) {
    return switch (function) {
      case VERSION -> (long) VERSION_1_1;
      case CPU_OFF -> off(cpu);
      case MIGRATE_INFO_TYPE -> (long) NO_TRUSTED_SYSTEM;
      case SYSTEM_OFF -> shutDown(cpu);
      case SYSTEM_RESET -> restart(cpu);
      case FEATURES -> features(first);
      default -> NOT_SUPPORTED;
    };
  }

  private void trace(ArmCpu cpu, int function) {
    if (machine.log().on(LogCategory.INT)) {
      machine
          .log()
          .write(
              LogCategory.INT,
              () ->
                  "cpu%d: PSCI function 0x%x, x1 0x%x x2 0x%x x3 0x%x"
                      .formatted(cpu.index(), function, cpu.x(1), cpu.x(2), cpu.x(3)));
    }
  }

  private static long features(int function) {
    return switch (function) {
      case VERSION,
          CPU_OFF,
          MIGRATE_INFO_TYPE,
          SYSTEM_OFF,
          SYSTEM_RESET,
          FEATURES,
          CPU_SUSPEND,
          CPU_SUSPEND | WIDE,
          CPU_ON,
          CPU_ON | WIDE,
          AFFINITY_INFO,
          AFFINITY_INFO | WIDE ->
          SUCCESS;
      default -> NOT_SUPPORTED;
    };
  }

  // ---- processing elements ---------------------------------------------------------------------

  private @Nullable ArmCpu find(long mpidr) {
    for (ArmCpu cpu : cpus) {
      if ((cpu.affinity() & AFFINITY) == mpidr) {
        return cpu;
      }
    }
    return null;
  }

  /** No power is saved: what may be lost while it sleeps is kept, and it wakes where it called. */
  private static long suspend(ArmCpu cpu, long state) {
    if ((state & 0xfffe_0000L) != 0) {
      return INVALID_PARAMETERS;
    }
    cpu.vcpu().waitForInterrupt();
    return SUCCESS;
  }

  private @Nullable Long off(ArmCpu cpu) {
    cpu.parking().stop();
    power[cpu.index()].set(OFF);
    return null;
  }

  private long on(ArmCpu caller, long mpidr, long entry, long context) {
    ArmCpu cpu = find(mpidr);
    if (cpu == null) {
      return INVALID_PARAMETERS;
    }
    if (!memory.view().find(entry).readsMemory()) {
      return INVALID_ADDRESS;
    }
    AtomicInteger state = power[cpu.index()];
    if (!state.compareAndSet(OFF, PENDING)) {
      return state.get() == ON ? ALREADY_ON : ON_PENDING;
    }
    // The highest level of the non-secure world, which a hypervisor's own kernel has left already.
    int level = caller.model().hasHypervisor() ? 2 : 1;
    cpu.parking()
        .start(() -> {
          cpu.resetRegisters();
          cpu.startAt(level, entry, context);
          state.set(ON);
        });
    return SUCCESS;
  }

  private long affinity(long mpidr, long lowestLevel) {
    if (lowestLevel > 3) {
      return INVALID_PARAMETERS;
    }
    if (lowestLevel > 0) {
      return ON; // what the caller is part of
    }
    ArmCpu cpu = find(mpidr);
    return cpu == null ? INVALID_PARAMETERS : power[cpu.index()].get();
  }

  // ---- the machine -----------------------------------------------------------------------------

  private @Nullable Long shutDown(ArmCpu cpu) {
    cpu.parking().stop();
    machine.requestShutdown(new Shutdown(Shutdown.Cause.GUEST, 0, "powered off by the guest"));
    return null;
  }

  private @Nullable Long restart(ArmCpu cpu) {
    cpu.parking().stop();
    machine.requestReset(ResetCause.GUEST);
    return null;
  }
}
