package dev.kasuari.bench;

import dev.kasuari.bench.Benchmark.Kernel;
import dev.kasuari.bench.Benchmark.Linux;
import dev.kasuari.bench.images.ImageBench;
import dev.kasuari.guests.DebianPackages;
import dev.kasuari.guests.LinuxGuests;
import dev.kasuari.guests.LinuxGuests.Form;
import dev.kasuari.guests.Progress;
import dev.kasuari.qapi.OptionException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** {@code kasuari bench}: the same guests in Kasuari and in its peers. */
public final class Bench {
  private final BenchOptions options;
  private final PrintStream out;
  private final PrintStream err;
  private final Suite suite;
  private final Map<String, Long> sharedWork = new HashMap<>();

  private Bench(BenchOptions options, PrintStream out, PrintStream err) {
    this.options = options;
    this.out = out;
    this.err = err;
    suite = new Suite(options.target);
  }

  /**
   * Does what the arguments ask for.
   *
   * @return 0 if all emulators agreed and none failed, otherwise 1
   * @throws OptionException if the arguments make no sense
   * @throws BenchException if something that is needed is missing
   */
  public static int run(List<String> arguments, PrintStream out, PrintStream err)
      throws IOException, InterruptedException {
    if (arguments.contains("--images")) {
      return ImageBench.run(arguments, out);
    }
    return new Bench(BenchOptions.parse(arguments), out, err).run();
  }

  private int run() throws IOException, InterruptedException {
    if (options.help) {
      out.print(BenchOptions.HELP);
      return 0;
    }
    List<Benchmark> chosen = suite.select(options.only);
    if (options.list) {
      chosen.forEach(b -> out.printf("%-8s %-20s %s%n", b.group().label(), b.name(), b.doc()));
      return 0;
    }
    try (var execution = new Execution()) {
      if (options.build != null) {
        build(chosen, options.build, execution);
        return 0;
      }
      return measure(chosen, execution) ? 0 : 1;
    }
  }

  private void build(List<Benchmark> chosen, Path directory, Execution execution)
      throws IOException {
    var builder =
        new GuestBuilder(
            GuestBuilder.userCache(), Toolchain.find(options.target, execution), execution);
    Files.createDirectories(directory);
    for (Benchmark benchmark : chosen) {
      if (benchmark instanceof Kernel kernel) {
        Path elf = directory.resolve(kernel.name() + ".elf");
        long work = Math.max(options.work, 1);
        Files.write(elf, builder.build(kernel).with(work, kernel.paging(), kernel.cpus()));
        out.println(
            options.target.program("kasuari")
                + " "
                + String.join(" ", Runner.machine(options.target, kernel, elf)));
      }
    }
  }

  private boolean measure(List<Benchmark> chosen, Execution execution)
      throws IOException, InterruptedException {
    List<Emulator> emulators = emulators(execution);
    Toolchain toolchain = Toolchain.find(options.target, execution);
    var builder = new GuestBuilder(GuestBuilder.userCache(), toolchain, execution);
    try (var directory = TemporaryDirectory.create()) {
      var runner = new Runner(emulators, execution, directory.path(), options);
      var report = new Report(emulators, options.cpuClock, out);
      report.head(toolchain.version());
      Kernel empty = suite.empty();
      Comparison start = runner.kernel(empty, builder.build(empty), 1);
      runner.start(start);
      report.start(start);
      for (Benchmark benchmark : chosen) {
        switch (benchmark) {
          case Kernel kernel when kernel.equals(empty) -> {}
          case Kernel kernel -> report.add(kernel(kernel, runner, builder));
          case Linux linux -> report.add(linux(linux, runner));
        }
      }
      report.end();
      if (options.json != null) {
        Files.writeString(options.json, Json.write(report.record(toolchain)));
        err.println("kasuari bench: wrote " + options.json);
      }
      return report.good();
    }
  }

  /** Kernels that differ in the number of CPUs alone get the same work. */
  private Comparison kernel(Kernel kernel, Runner runner, GuestBuilder builder)
      throws IOException, InterruptedException {
    long work = options.work > 0 ? options.work : sharedWork.getOrDefault(kernel.source(), 0L);
    Comparison comparison = runner.kernel(kernel, builder.build(kernel), work);
    if (kernel.group() == Group.SMP) {
      sharedWork.put(kernel.source(), comparison.work());
    }
    return comparison;
  }

  private Comparison linux(Linux linux, Runner runner) throws InterruptedException {
    try {
      var guests = new LinuxGuests(DebianPackages.fromEnvironment());
      return runner.linux(
          linux,
          guests.shell(
              options.target.suite, options.target.architecture, Form.UNPACKED, Progress.none()));
    } catch (IOException e) {
      return runner.missing(linux, String.valueOf(e.getMessage()));
    }
  }

  private List<Emulator> emulators(Execution execution) {
    var all = new ArrayList<Emulator>();
    String kasuari = options.kasuari == null ? "kasuari=" + packaged() : options.kasuari;
    List<String> accel = options.accel == null ? List.of() : List.of("-accel", options.accel);
    all.add(Emulator.of("--kasuari", kasuari, accel, execution));
    for (String peer : options.peers) {
      Emulator emulator = Emulator.of("--peer", peer, List.of(), execution);
      if (all.stream().anyMatch(e -> e.label().equals(emulator.label()))) {
        throw new OptionException(
            "--peer "
                + peer
                + ": there is a "
                + emulator.label()
                + " already; give it a name, as in NAME="
                + peer);
      }
      all.add(emulator);
    }
    return all;
  }

  /** The emulator of the package that this is a part of. */
  private Path packaged() {
    Path launcher =
        Path.of(System.getProperty("java.home"), "bin", options.target.program("kasuari"))
            .toAbsolutePath();
    if (Files.isExecutable(launcher)) {
      return launcher;
    }
    throw new OptionException(
        "--kasuari PROGRAM is missing: this is not a package, which would have one beside it");
  }
}
