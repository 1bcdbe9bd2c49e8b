package dev.kasuari.bench;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What was measured, as a table for people, line by line, and as data. */
final class Report {
  private static final int FORMAT = 1;
  private static final double LEAST =
      0.005; // seconds; what the processor's clock cannot tell from 0
  private static final double WAITED = 1.3; // times the processor time: the process did not run

  private final List<Emulator> emulators;
  private final PrintStream out;
  private final List<Comparison> comparisons = new ArrayList<>();
  private final Map<Emulator, Double> starts = new LinkedHashMap<>();
  private final Map<Emulator, Double> startCpus = new LinkedHashMap<>();
  private final boolean cpuClock;

  /**
   * A report.
   *
   * @param emulators the one that is measured, then its peers
   * @param cpuClock whether processor time is compared
   */
  Report(List<Emulator> emulators, boolean cpuClock, PrintStream out) {
    this.emulators = List.copyOf(emulators);
    this.cpuClock = cpuClock;
    this.out = out;
  }

  private Emulator ours() {
    return emulators.getFirst();
  }

  private List<Emulator> peers() {
    return emulators.subList(1, emulators.size());
  }

  /** Who runs, and what. */
  void head(String compiler) {
    for (Emulator emulator : emulators) {
      out.printf(
          "%-14s %s (%s)%n",
          emulator.label(), emulator.version(), String.join(" ", emulator.command()));
    }
    out.printf("%-14s %s%n%n", "guests by", compiler);
    out.printf("%-24s", cpuClock ? "processor seconds" : "seconds");
    emulators.forEach(e -> out.printf(" %12s", shortened(e.label(), 12)));
    peers().forEach(e -> out.printf("  %-20s", "/ " + e.label()));
    out.println();
  }

  private static String shortened(String text, int length) {
    return text.length() <= length ? text : text.substring(0, length);
  }

  /** What start and end take; it tells whether the guest's clock and the host's agree. */
  void start(Comparison empty) {
    for (Emulator emulator : emulators) {
      List<Sample> samples = empty.samples(emulator);
      starts.put(emulator, samples.isEmpty() ? 0 : Spread.of(samples, Sample::seconds).median());
      startCpus.put(
          emulator, samples.isEmpty() ? 0 : Spread.of(samples, Sample::cpuSeconds).median());
    }
    add(empty);
  }

  void add(Comparison comparison) {
    comparisons.add(comparison);
    line(comparison);
  }

  /** What is compared, of every run. */
  private double @Nullable [] times(Comparison comparison, Emulator emulator) {
    Benchmark benchmark = comparison.benchmark();
    boolean cpu = cpuClock && benchmark.group() != Group.SMP;
    return comparison.figures(
        emulator,
        switch (benchmark.measure()) {
          case GUEST ->
              cpu
                  ? s -> Math.max(s.cpuSeconds() - startCpu(emulator), LEAST)
                  : Sample::guestSeconds;
          case PROCESS -> cpu ? s -> Math.max(s.cpuSeconds(), LEAST) : Sample::seconds;
          case FIRST_OUTPUT -> Sample::firstOutput;
        });
  }

  private double startCpu(Emulator emulator) {
    return startCpus.getOrDefault(emulator, 0.0);
  }

  private double start(Emulator emulator) {
    return starts.getOrDefault(emulator, 0.0);
  }

  private @Nullable Spread ratio(Comparison comparison, Emulator peer) {
    return Comparison.ratio(times(comparison, ours()), times(comparison, peer));
  }

  private void line(Comparison comparison) {
    Benchmark benchmark = comparison.benchmark();
    out.printf("%-8s %-15s", benchmark.group().label(), benchmark.name());
    for (Emulator emulator : emulators) {
      double[] seconds = times(comparison, emulator);
      out.printf(
          " %12s", seconds == null ? "failed" : String.format("%.3f", Spread.of(seconds).median()));
    }
    for (Emulator peer : peers()) {
      Spread ratio = ratio(comparison, peer);
      out.printf("  %-20s", ratio == null ? "-" : text(ratio));
    }
    out.println();
    comparison
        .failures()
        .forEach(
            (emulator, reason) -> out.printf("         %s failed: %s%n", emulator.label(), reason));
    for (Emulator emulator : emulators) {
      if (!comparison.samples(emulator).stream().allMatch(s -> s.plausible(start(emulator)))) {
        out.printf("         %s: the guest's clock and the host's disagree%n", emulator.label());
      }
    }
    out.flush();
  }

  private static String text(Spread ratio) {
    return String.format("%.2f (%.2f..%.2f)", ratio.median(), ratio.min(), ratio.max());
  }

  /** The geometric means. */
  void end() {
    out.println();
    means()
        .forEach((group, means) -> {
          out.printf("%-8s %-15s", group.label(), "geometric mean");
          emulators.forEach(e -> out.printf(" %12s", ""));
          peers().forEach(p -> out.printf("  %-20s", String.format("%.2f", means.get(p))));
          out.println();
        });
    printScaling();
    int waited = comparisons.stream().mapToInt(this::waited).sum();
    if (waited > 0) {
      out.printf(
          "%d runs waited for a processor: the host is busy, and the figures are uncertain%s%n",
          waited, cpuClock ? "" : "; --clock cpu is a help");
    }
  }

  /** How many runs of a kernel took much more time than their processor. */
  private int waited(Comparison comparison) {
    if (comparison.benchmark().measure() != Benchmark.Measure.GUEST) {
      return 0;
    }
    return (int)
        emulators.stream()
            .flatMap(e -> comparison.samples(e).stream())
            .filter(s -> s.seconds() > WAITED * s.cpuSeconds() + 0.1)
            .count();
  }

  /** By group and peer, of the medians of the quotients that there are. */
  private Map<Group, Map<Emulator, Double>> means() {
    var means = new EnumMap<Group, Map<Emulator, Double>>(Group.class);
    for (Comparison comparison : comparisons) {
      means.computeIfAbsent(comparison.benchmark().group(), this::means);
    }
    return means;
  }

  private Map<Emulator, Double> means(Group group) {
    var means = new LinkedHashMap<Emulator, Double>();
    for (Emulator peer : peers()) {
      var ratios = new ArrayList<Double>();
      for (Comparison comparison : comparisons) {
        Spread ratio = ratio(comparison, peer);
        if (comparison.benchmark().group() == group && ratio != null) {
          ratios.add(ratio.median());
        }
      }
      means.put(peer, Spread.geometricMean(ratios));
    }
    return means;
  }

  /** How many times as fast the parallel job is on two CPUs as on one; null if it did not run. */
  private @Nullable Spread scaling(Emulator emulator) {
    double[] one = timesOf("parallel-1", emulator);
    double[] two = timesOf("parallel-2", emulator);
    return Comparison.ratio(one, two);
  }

  private double @Nullable [] timesOf(String name, Emulator emulator) {
    return comparisons.stream()
        .filter(c -> c.benchmark().name().equals(name))
        .findFirst()
        .map(c -> times(c, emulator))
        .orElse(null);
  }

  private void printScaling() {
    for (Emulator emulator : emulators) {
      Spread scaling = scaling(emulator);
      if (scaling != null) {
        out.printf(
            "%-24s %s with two CPUs: %s times as fast%n", "", emulator.label(), text(scaling));
      }
    }
  }

  /** Whether nothing failed. */
  boolean good() {
    return comparisons.stream().allMatch(c -> c.failures().isEmpty());
  }

  /** All of it, as README.md of this module describes it. */
  Map<String, Object> record(Toolchain toolchain) {
    var record = new LinkedHashMap<String, Object>();
    record.put("format", FORMAT);
    record.put("time", java.time.Instant.now().toString());
    record.put("processors", Runtime.getRuntime().availableProcessors());
    record.put("target", toolchain.target().label);
    record.put("compiler", toolchain.version());
    record.put("clock", cpuClock ? "cpu" : "guest");
    record.put("emulators", emulators.stream().map(this::record).toList());
    record.put("benchmarks", comparisons.stream().map(this::record).toList());
    var groups = new LinkedHashMap<String, Object>();
    means()
        .forEach((group, means) -> {
          var byPeer = new LinkedHashMap<String, Object>();
          means.forEach((peer, mean) -> byPeer.put(peer.label(), mean));
          groups.put(group.label(), byPeer);
        });
    record.put("geometricMeans", groups);
    var scalings = new LinkedHashMap<String, Object>();
    for (Emulator emulator : emulators) {
      Spread scaling = scaling(emulator);
      scalings.put(emulator.label(), scaling == null ? null : record(scaling));
    }
    record.put("scaling", scalings);
    return record;
  }

  private Map<String, Object> record(Emulator emulator) {
    var record = new LinkedHashMap<String, Object>();
    record.put("label", emulator.label());
    record.put("version", emulator.version());
    record.put("command", emulator.command());
    record.put("startSeconds", starts.get(emulator));
    return record;
  }

  private Map<String, Object> record(Comparison comparison) {
    var record = new LinkedHashMap<String, Object>();
    Benchmark benchmark = comparison.benchmark();
    record.put("name", benchmark.name());
    record.put("group", benchmark.group().label());
    record.put("work", comparison.work());
    record.put("checksum", comparison.checksum());
    var runs = new LinkedHashMap<String, Object>();
    var ratios = new LinkedHashMap<String, Object>();
    for (Emulator emulator : emulators) {
      runs.put(emulator.label(), record(comparison, emulator));
    }
    for (Emulator peer : peers()) {
      Spread ratio = ratio(comparison, peer);
      ratios.put(peer.label(), ratio == null ? null : record(ratio));
    }
    record.put("emulators", runs);
    record.put("ratios", ratios);
    return record;
  }

  private Map<String, Object> record(Comparison comparison, Emulator emulator) {
    var record = new LinkedHashMap<String, Object>();
    List<Sample> samples = comparison.samples(emulator);
    record.put("failure", comparison.failures().get(emulator));
    record.put("seconds", samples.stream().map(Sample::seconds).toList());
    record.put("guestSeconds", samples.stream().map(Sample::guestSeconds).toList());
    record.put("cpuSeconds", samples.stream().map(Sample::cpuSeconds).toList());
    record.put("firstOutputSeconds", samples.stream().map(Sample::firstOutput).toList());
    return record;
  }

  private static Map<String, Object> record(Spread spread) {
    var record = new LinkedHashMap<String, Object>();
    record.put("min", spread.min());
    record.put("median", spread.median());
    record.put("max", spread.max());
    return record;
  }
}
