package dev.kasuari.bench;

import dev.kasuari.bench.Benchmark.Kernel;
import dev.kasuari.bench.Benchmark.Length;
import dev.kasuari.bench.Benchmark.Linux;
import dev.kasuari.guests.LinuxGuest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Runs a benchmark in all emulators by turns. */
final class Runner {
  private static final long MOST_WORK = 1L << 40;
  private static final double MOST_GROWTH = 100;
  private static final double TOO_SLOW = 8; // times what was asked for: then less work will do

  private final Target target;

  private final List<Emulator> emulators;
  private final Execution execution;
  private final Path directory;
  private final int runs;
  private final double seconds;
  private final Duration limit;
  private final boolean cpuClock;
  private final Map<Emulator, Double> startCpu = new HashMap<>();

  /** What emulators find that ran the same before; empty if they are to find nothing. */
  private final Map<Emulator, Path> caches = new HashMap<>();

  /**
   * A runner.
   *
   * @param emulators the one to be measured first
   * @param directory for the guests' files
   */
  Runner(List<Emulator> emulators, Execution execution, Path directory, BenchOptions options) {
    this.emulators = List.copyOf(emulators);
    this.execution = execution;
    this.directory = directory;
    target = options.target;
    runs = options.runs;
    seconds = options.seconds;
    cpuClock = options.cpuClock;
    limit = Duration.ofMillis((long) (options.limit * 1000));
  }

  /**
   * Runs a kernel.
   *
   * @param fixedWork the amount of work, or 0 to find one
   */
  Comparison kernel(Kernel kernel, GuestImage image, long fixedWork)
      throws IOException, InterruptedException {
    long work =
        fixedWork > 0 ? fixedWork : kernel.length() == Length.FIXED ? 1 : calibrate(kernel, image);
    var comparison = new Comparison(kernel, work);
    Path elf = write(kernel, image, work);
    return rounds(comparison, emulator -> with(emulator, machine(target, kernel, elf)), null);
  }

  /** Boots Linux until it prints what is waited for. */
  Comparison linux(Linux linux, LinuxGuest guest) throws IOException, InterruptedException {
    var machine = new ArrayList<>(target.linuxMachine());
    machine.addAll(
        List.of(
            "-m",
            "512M",
            "-nographic",
            "-kernel",
            guest.kernel().toString(),
            "-initrd",
            guest.initrd().toString(),
            "-append",
            guest.append()));
    addCpus(machine, linux.cpus());
    var comparison = new Comparison(linux, 1);
    Commands commands = emulator -> with(emulator, machine);
    if (!linux.again()) {
      return rounds(comparison, commands, linux.until());
    }
    try (var cache = TemporaryDirectory.in(directory)) {
      for (Emulator emulator : emulators) {
        Path own = Files.createDirectory(cache.path().resolve(emulator.label()));
        caches.put(emulator, own);
        Outcome first =
            execution.run(commands.of(emulator), limit, linux.until(), own, Execution.End.ASKED);
        if (!first.succeeded()) {
          comparison.fail(emulator, first.complaint());
        }
      }
      return rounds(comparison, commands, linux.until());
    } finally {
      caches.clear();
    }
  }

  /** Of a benchmark whose guest is not to be had. */
  Comparison missing(Benchmark benchmark, String reason) {
    var comparison = new Comparison(benchmark, 0);
    emulators.forEach(emulator -> comparison.fail(emulator, reason));
    return comparison;
  }

  private Path write(Kernel kernel, GuestImage image, long work) throws IOException {
    Path elf = directory.resolve(kernel.name() + ".elf");
    Files.write(elf, image.with(work, kernel.paging(), kernel.cpus()));
    return elf;
  }

  static List<String> machine(Target target, Kernel kernel, Path elf) {
    var words = new ArrayList<>(target.machine());
    words.addAll(List.of("-m", "256M", "-nographic"));
    addCpus(words, kernel.cpus());
    words.addAll(List.of("-kernel", elf.toString()));
    return words;
  }

  private static void addCpus(List<String> words, int cpus) {
    if (cpus > 1) {
      words.addAll(List.of("-smp", String.valueOf(cpus)));
    }
  }

  private static List<String> with(Emulator emulator, List<String> machine) {
    var words = new ArrayList<>(emulator.command());
    words.addAll(machine);
    return words;
  }

  /** How a command is made for an emulator. */
  interface Commands {
    List<String> of(Emulator emulator);
  }

  /** All rounds; the order of the emulators changes from one to the next. */
  Comparison rounds(Comparison comparison, Commands commands, @Nullable String until)
      throws IOException, InterruptedException {
    var order = new ArrayList<>(emulators);
    for (int round = 0; round < runs; round++) {
      for (Emulator emulator : order) {
        if (!comparison.failed(emulator)) {
          run(comparison, emulator, commands.of(emulator), until);
        }
      }
      Collections.rotate(order, 1);
    }
    return comparison;
  }

  private void run(
      Comparison comparison, Emulator emulator, List<String> command, @Nullable String until)
      throws IOException, InterruptedException {
    WarmMemory.touch();
    Outcome outcome = run(emulator, command, until);
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    Sample sample = until == null ? Sample.ofKernel(outcome) : Sample.ofBoot(outcome);
    if (sample == null) {
      comparison.fail(emulator, outcome.complaint());
    } else {
      comparison.add(emulator, sample);
    }
  }

  /** Without what earlier runs have left, unless it is wanted. */
  private Outcome run(Emulator emulator, List<String> command, @Nullable String until)
      throws IOException {
    Path known = caches.get(emulator);
    if (known != null) {
      return execution.run(command, limit, until, known, Execution.End.AT_ONCE);
    }
    try (var nothing = TemporaryDirectory.in(directory)) {
      return execution.run(command, limit, until, nothing.path(), Execution.End.AT_ONCE);
    }
  }

  /**
   * So much work that the fastest emulator takes long enough, unless another would take far too
   * long.
   */
  private long calibrate(Kernel kernel, GuestImage image) throws IOException {
    long work = 0;
    for (Emulator emulator : emulators.reversed()) {
      long enough = calibrate(kernel, image, emulator, Math.max(work, 1));
      work = enough > 0 ? enough : work;
    }
    return Math.max(work, 1);
  }

  /** What a run cost by the clock that was asked for, in seconds. */
  private double cost(Emulator emulator, Sample sample) {
    return cpuClock
        ? sample.cpuSeconds() - startCpu.getOrDefault(emulator, 0.0)
        : sample.guestSeconds();
  }

  /** Tells what start and end take of the processor; kernels are calibrated without it. */
  void start(Comparison empty) {
    for (Emulator emulator : emulators) {
      List<Sample> samples = empty.samples(emulator);
      if (!samples.isEmpty()) {
        startCpu.put(emulator, Spread.of(samples, Sample::cpuSeconds).median());
      }
    }
  }

  /** For one emulator, from {@code work} on: more if it is too fast, less if it is too slow. */
  private long calibrate(Kernel kernel, GuestImage image, Emulator emulator, long least)
      throws IOException {
    for (long work = least; ; ) {
      Path elf = write(kernel, image, work);
      Outcome outcome = run(emulator, with(emulator, machine(target, kernel, elf)), null);
      Sample sample = Sample.ofKernel(outcome);
      if (sample == null) {
        return outcome.end() == Outcome.End.TIMEOUT && work > 1
            ? (long) Math.max(1, work * seconds * TOO_SLOW / outcome.seconds())
            : 0;
      }
      double took = Math.max(cost(emulator, sample), 1e-4);
      if (took > seconds * TOO_SLOW && work > 1) {
        return (long) Math.max(1, work * seconds * TOO_SLOW / took);
      }
      if (took >= seconds * 0.8 || work >= MOST_WORK) {
        return work;
      }
      // The first runs are mostly translation, so the next step is not the last one.
      double growth = Math.min(seconds * 1.1 / took, MOST_GROWTH);
      work = (long) Math.ceil(work * Math.max(growth, 1.1));
    }
  }
}
