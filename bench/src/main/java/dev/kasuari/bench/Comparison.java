package dev.kasuari.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** One benchmark in all emulators: what was measured, in rounds, and what went wrong. */
final class Comparison {
  private final Benchmark benchmark;
  private final long work;
  private final Map<Emulator, List<Sample>> samples = new LinkedHashMap<>();
  private final Map<Emulator, String> failures = new LinkedHashMap<>();
  private String checksum = "";

  Comparison(Benchmark benchmark, long work) {
    this.benchmark = benchmark;
    this.work = work;
  }

  Benchmark benchmark() {
    return benchmark;
  }

  /** In the kernel's own units. */
  long work() {
    return work;
  }

  /** What the first run computed. */
  String checksum() {
    return checksum;
  }

  /** Adds a run; one that computed something else than the first has failed. */
  void add(Emulator emulator, Sample sample) {
    if (checksum.isEmpty()) {
      checksum = sample.checksum();
    }
    if (sample.checksum().equals(checksum)) {
      samples.computeIfAbsent(emulator, e -> new ArrayList<>()).add(sample);
    } else {
      fail(emulator, "its checksum is " + sample.checksum() + ", elsewhere " + checksum);
    }
  }

  /** An emulator that failed once is not asked again. */
  void fail(Emulator emulator, String reason) {
    failures.putIfAbsent(emulator, reason);
    samples.remove(emulator);
  }

  boolean failed(Emulator emulator) {
    return failures.containsKey(emulator);
  }

  Map<Emulator, String> failures() {
    return failures;
  }

  List<Sample> samples(Emulator emulator) {
    return samples.getOrDefault(emulator, List.of());
  }

  /** A figure of every run; null if there was none. */
  double @Nullable [] figures(Emulator emulator, ToDoubleFunction<Sample> figure) {
    List<Sample> all = samples(emulator);
    return all.isEmpty() ? null : all.stream().mapToDouble(figure).toArray();
  }

  /** The quotients of the times of each round; null where one of both has none. */
  static @Nullable Spread ratio(double @Nullable [] ours, double @Nullable [] theirs) {
    if (ours == null || theirs == null || ours.length != theirs.length) {
      return null;
    }
    var quotients = new double[ours.length];
    for (int i = 0; i < ours.length; i++) {
      quotients[i] = ours[i] / theirs[i];
    }
    return Spread.of(quotients);
  }
}
