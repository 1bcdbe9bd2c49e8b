package dev.kasuari.vm;

import dev.kasuari.host.HostException;
import dev.kasuari.machine.time.Clock;
import dev.kasuari.machine.time.RealtimeClock;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.Options;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.InstructionSet;
import dev.kasuari.tcg.interp.Interpreter;
import dev.kasuari.tcg.lockstep.Lockstep;
import dev.kasuari.tcg.x86_64.X86BackEnd;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * What executes guest code ({@code -accel}).
 *
 * @param accel the accelerator
 * @param backend what runs translated code; auto is x86_64 where the host can, interp elsewhere
 * @param lockstep runs two back ends, interp and the other, and stops where they differ
 * @param thread one host thread for each CPU (multi), or one for all (single)
 */
@Options(implied = "accel")
public record AccelOptions(
    @Options.Default("tcg") String accel,
    @Options.Default("auto") String backend,
    @Options.Default("multi") String thread,
    @Options.Default("off") boolean lockstep) {

  /** Nanoseconds of the host for one of a guest that runs in lockstep. */
  private static final int LOCKSTEP_SLOWNESS = 20;

  private static final List<String> ACCELERATORS = List.of("tcg");
  private static final List<String> OTHER_ACCELERATORS =
      List.of("kvm", "xen", "hax", "hvf", "nvmm", "whpx", "mshv", "qtest", "nitro");
  private static final List<String> BACK_ENDS = List.of("auto", "interp", "x86_64");
  private static final List<String> OTHER_BACK_ENDS = List.of("jvm", "aarch64");
  private static final List<String> OTHER_KEYS =
      List.of(
          "tb-size",
          "split-wx",
          "one-insn-per-tb",
          "kernel-irqchip",
          "kvm-shadow-mem",
          "dirty-ring-size",
          "igd-passthru",
          "notify-vmexit",
          "notify-window",
          "device");

  /** Translation with the back end that suits. */
  public static AccelOptions standard() {
    return new AccelOptions("tcg", "auto", "multi", false);
  }

  /**
   * Reads {@code -accel}'s argument.
   *
   * @throws OptionException if it makes no sense, or names what is not there yet
   */
  public static AccelOptions parse(OptionSource source) {
    String where = source.where();
    String name = source.text("accel");
    if (name != null && OTHER_ACCELERATORS.contains(name)) {
      throw NotYet.of(where, "accelerator");
    }
    for (String key : source.tree().members().keySet()) {
      if (OTHER_KEYS.contains(key)) {
        throw NotYet.of(where + ": '" + key + "'", "property");
      }
    }
    AccelOptions options = AccelOptionsCodec.CODEC.parse(source);
    check(where, "accelerator", options.accel, ACCELERATORS);
    if (OTHER_BACK_ENDS.contains(options.backend)) {
      throw new OptionException(
          where
              + ": back end '"
              + options.backend
              + "' comes later; there are "
              + String.join(", ", BACK_ENDS));
    }
    check(where, "back end", options.backend, BACK_ENDS);
    if (options.lockstep && options.backend.equals("interp")) {
      throw new OptionException(
          where + ": lockstep=on compares interp with another back end; leave backend=interp away");
    }
    if (options.thread.equals("single")) {
      throw NotYet.of(where + ": thread=single", "mode");
    }
    check(where, "thread", options.thread, List.of("multi"));
    return options;
  }

  private static void check(String where, String kind, String value, List<String> known) {
    if (!known.contains(value)) {
      throw new OptionException(
          where + ": no " + kind + " '" + value + "'" + Nearest.hint(value, known));
    }
  }

  /**
   * The first accelerator that there is of {@code a:b:c} ({@code -M accel=}).
   *
   * @throws OptionException if there is none
   */
  public static AccelOptions firstOf(String where, String names) {
    List<String> all = List.of(names.split(":", -1));
    for (String name : all) {
      if (ACCELERATORS.contains(name)) {
        return standard();
      }
    }
    return parse(OptionSource.of(where + " accel=" + names, all.getFirst(), "accel"));
  }

  /**
   * A new back end.
   *
   * @param instructions whose code it is to run
   * @param notices told what the user should know of the choice
   * @throws OptionException if this host cannot have it
   */
  BackEnd open(InstructionSet instructions, Consumer<String> notices) {
    Supplier<BackEnd> machineCode = () -> new X86BackEnd(instructions.floatEnv());
    if (lockstep) {
      return new Lockstep(new Interpreter(), machineCode(machineCode), instructions);
    }
    return switch (backend) {
      case "x86_64" -> machineCode(machineCode);
      case "auto" -> X86BackEnd.available() ? preferred(machineCode, notices) : new Interpreter();
      default -> new Interpreter();
    };
  }

  /** Machine code, or the interpreter and a line that says why. */
  static BackEnd preferred(Supplier<BackEnd> machineCode, Consumer<String> notices) {
    try {
      return machineCode.get();
    } catch (UnsupportedOperationException | HostException e) {
      notices.accept(e.getMessage() + ": guest code is interpreted, which is slow");
      return new Interpreter();
    }
  }

  /** The guest's clock: in lockstep slow, or a guest would do nothing but serve its timer. */
  Clock clock() {
    return new RealtimeClock(lockstep ? LOCKSTEP_SLOWNESS : 1);
  }

  /**
   * Says whether a machine may have so many CPUs.
   *
   * @throws OptionException if it may not
   */
  void checkCpus(int cpus) {
    if (lockstep && cpus > 1) {
      throw new OptionException(
          "-accel tcg,lockstep=on: lockstep needs -smp 1, not "
              + cpus
              + ", as one run would see what another CPU stored and the other run would not");
    }
  }

  /** Tells what the host lacks for machine code. */
  static BackEnd machineCode(Supplier<BackEnd> maker) {
    try {
      return maker.get();
    } catch (UnsupportedOperationException | HostException e) {
      throw new OptionException(
          "-accel tcg,backend=x86_64: "
              + e.getMessage()
              + "; backend=interp does without machine code",
          e);
    }
  }

  /** What {@code -accel help} prints. */
  public static String help() {
    return "Accelerators:"
        + System.lineSeparator()
        + "  tcg    guest code is translated; back ends: "
        + "x86_64 (machine code), interp,"
        + System.lineSeparator()
        + "         or auto: x86_64 where the host can, interp elsewhere"
        + System.lineSeparator()
        + "         lockstep=on runs interp and x86_64 side by side, one CPU, and stops where they"
        + System.lineSeparator()
        + "         differ with a report of the instruction, its IR and the emitted code; the guest's"
        + System.lineSeparator()
        + "         time goes 20 times slower"
        + System.lineSeparator()
        + "Properties:"
        + System.lineSeparator()
        + AccelOptionsCodec.CODEC.schema().help();
  }
}
