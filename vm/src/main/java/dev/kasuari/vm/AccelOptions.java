package dev.kasuari.vm;

import dev.kasuari.host.HostException;
import dev.kasuari.machine.time.Clock;
import dev.kasuari.machine.time.RealtimeClock;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.Options;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.CodeArchive;
import dev.kasuari.tcg.InstructionSet;
import dev.kasuari.tcg.interp.Interpreter;
import dev.kasuari.tcg.lockstep.Lockstep;
import dev.kasuari.tcg.x86_64.CpuFeature;
import dev.kasuari.tcg.x86_64.X86BackEnd;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What executes guest code ({@code -accel}).
 *
 * @param accel the accelerator
 * @param backend what runs translated code; auto is x86_64 where the host can, interp elsewhere
 * @param thread one host thread for each CPU (multi), or one for all (single)
 * @param lockstep runs two back ends, interp and the other, and stops where they differ
 * @param tbSize room for machine code in MiB; the host gives as much of it as is used
 * @param without features of the host's CPU that machine code is not to use: bmi2:avx, or all
 * @param dump a file that gets each unit: guest code, IR before and after optimisation, machine
 *     code
 * @param coldRuns how often a unit is interpreted, before it is worth being compiled to machine
 *     code
 * @param codeArchive keeps machine code in a file for the next run of such a machine: on, off, or
 *     verify, which runs none of it and compares it with what is compiled anew
 * @param codeFolder where such files are; if it is not said, kasuari/code in $XDG_CACHE_HOME or
 *     ~/.cache, and nowhere where Kasuari is on the class path of another program
 * @param perfMap names units for perf in /tmp/perf-PID.map, which grows with each that is made
 */
@Options(implied = "accel")
public record AccelOptions(
    @Options.Default("tcg") String accel,
    @Options.Default("auto") String backend,
    @Options.Default("multi") String thread,
    @Options.Default("off") boolean lockstep,
    @Options.Default("256") @Options.Range(min = 1, max = X86BackEnd.MAX_CACHE_MIB) int tbSize,
    @Nullable String without,
    @Nullable String dump,
    @Options.Default("2") @Options.Range(min = 0, max = X86BackEnd.MAX_COLD_RUNS) int coldRuns,
    @Options.Default("on") String codeArchive,
    @Nullable String codeFolder,
    @Options.Default("off") boolean perfMap) {

  private static final int COLD_RUNS = 2;

  private static final int TB_SIZE = (int) (X86BackEnd.CACHE_BYTES >> 20);

  /** Nanoseconds of the host for one of a guest that runs in lockstep. */
  private static final int LOCKSTEP_SLOWNESS = 20;

  private static final List<String> ACCELERATORS = List.of("tcg");
  private static final List<String> OTHER_ACCELERATORS =
      List.of("kvm", "xen", "hax", "hvf", "nvmm", "whpx", "mshv", "qtest", "nitro");
  private static final List<String> BACK_ENDS = List.of("auto", "interp", "x86_64");
  private static final List<String> OTHER_BACK_ENDS = List.of("jvm", "aarch64");
  private static final List<String> OTHER_KEYS =
      List.of(
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
    return new AccelOptions(
        "tcg", "auto", "multi", false, TB_SIZE, null, null, COLD_RUNS, "on", null, false);
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
    options.checkMachineCode(where, source);
    if (options.thread.equals("single")) {
      throw NotYet.of(where + ": thread=single", "mode");
    }
    check(where, "thread", options.thread, List.of("multi"));
    return options;
  }

  private void checkMachineCode(String where, OptionSource source) {
    for (String key : List.of("without", "cold-runs", "code-archive", "code-folder", "perf-map")) {
      if (backend.equals("interp") && source.tree().members().containsKey(key)) {
        throw new OptionException(
            where + ": '" + key + "' is about machine code, and interp makes none");
      }
    }
    for (String key : List.of("cold-runs", "code-archive", "code-folder")) {
      if (lockstep && source.tree().members().containsKey(key)) {
        throw new OptionException(
            where + ": lockstep=on compiles every unit at once; leave " + key + " away");
      }
    }
    check(where, "code archive", codeArchive, List.of("on", "off", "verify"));
    features(where);
  }

  /** The features in {@link #without}. */
  private Set<CpuFeature> features(String where) {
    var found = EnumSet.noneOf(CpuFeature.class);
    if (without == null) {
      return found;
    }
    List<String> labels = labels();
    for (String label : without.split(":", -1)) {
      if (label.equals("all")) {
        return EnumSet.allOf(CpuFeature.class);
      }
      check(where + ": 'without'", "feature", label, labels);
      found.add(CpuFeature.values()[labels.indexOf(label)]);
    }
    return found;
  }

  private static List<String> labels() {
    Stream<String> labels = Stream.of(CpuFeature.values()).map(CpuFeature::label);
    return Stream.concat(labels, Stream.of("all")).toList();
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
   * @param notices told what the user should know of the choice, and in lockstep at the end how
   *     much was compared
   * @throws OptionException if this host cannot have it
   */
  BackEnd open(InstructionSet instructions, Consumer<String> notices) {
    Supplier<BackEnd> machineCode =
        () ->
            new X86BackEnd(
                instructions.floatEnv(),
                (long) tbSize << 20,
                features("-accel tcg"),
                lockstep ? 0 : coldRuns);
    if (lockstep) {
      return new Lockstep(new Interpreter(), machineCode(machineCode), instructions, notices);
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

  /**
   * Where code is kept; null if it is not.
   *
   * @param key all that it depends on, but for this build of Kasuari
   * @param notices told what the user should know
   */
  @Nullable CodeArchive archive(String key, Consumer<String> notices) {
    boolean wanted = codeFolder != null || BuildIdentity.isInstalled();
    String build = wanted && !codeArchive.equals("off") ? BuildIdentity.known() : null;
    if (build == null) {
      return null;
    }
    boolean verify = codeArchive.equals("verify");
    return new CodeArchive(
        codeFolder == null ? standardFolder() : Path.of(codeFolder),
        build + " " + key,
        verify ? CodeArchive.Use.VERIFY : CodeArchive.Use.RUN,
        // Who has not asked for it can do without it, as in a home that is read-only.
        codeFolder == null && !verify ? why -> {} : notices);
  }

  private static Path standardFolder() {
    String cache = System.getenv("XDG_CACHE_HOME");
    Path folder =
        cache == null || !cache.startsWith("/")
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(cache);
    return folder.resolve("kasuari").resolve("code");
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

  /** The same, with a map for perf ({@code -perfmap}). */
  public AccelOptions withPerfMap() {
    return new AccelOptions(
        accel,
        backend,
        thread,
        lockstep,
        tbSize,
        without,
        dump,
        coldRuns,
        codeArchive,
        codeFolder,
        true);
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
        + "         features that without= takes: "
        + String.join(":", labels())
        + System.lineSeparator()
        + "Properties:"
        + System.lineSeparator()
        + AccelOptionsCodec.CODEC.schema().help();
  }
}
