package dev.kasuari.bench;

import dev.kasuari.bench.Benchmark.Kernel;
import dev.kasuari.bench.Benchmark.Length;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** All benchmarks, in the order in which they run. */
final class Suite {
  /** What start and end take is measured with this one. */
  static final String EMPTY = "empty";

  private final List<Benchmark> benchmarks = new ArrayList<>();

  Suite() {
    start();
    integer(Group.COMPUTE, "", false);
    integer(Group.PAGED, ".sv39", true);
    floatingPoint();
  }

  private void start() {
    add(Group.START, EMPTY, "a checksum of nothing, the time, the end", Length.FIXED);
  }

  private void integer(Group group, String ending, boolean paging) {
    integer(group, ending, paging, "crc32", "a checksum by table, byte by byte");
    integer(group, ending, paging, "sha256", "SHA-256: shifts, rotations, additions of 32 bits");
    integer(group, ending, paging, "sort", "quicksort of 4,096 numbers");
    integer(group, ending, paging, "sieve", "the primes up to 65,536");
    integer(group, ending, paging, "matrix", "products of integer matrices");
    integer(group, ending, paging, "divide", "multiplication, division, remainder");
    integer(group, ending, paging, "branches", "decisions that depend on data");
    integer(group, ending, paging, "calls", "recursion");
    integer(group, ending, paging, "interpreter", "a stack machine with a jump table");
    integer(group, ending, paging, "virtual", "calls through tables of functions");
    integer(group, ending, paging, "hash", "a hash table in 256 KiB");
    integer(group, ending, paging, "strings", "lengths, comparisons, searches by byte");
    integer(group, ending, paging, "copy", "copies 4 MiB by words");
    integer(group, ending, paging, "fill", "fills memory with words and bytes");
    integer(group, ending, paging, "sum", "adds up 8 MiB in four widths");
    chase(group, ending, paging, "64k", "64 KiB", 64 << 10);
    chase(group, ending, paging, "2m", "2 MiB", 2 << 20);
    chase(group, ending, paging, "32m", "32 MiB", 32 << 20);
    integer(group, ending, paging, "amo", "atomic read-modify-write instructions");
    integer(group, ending, paging, "lrsc", "compare-and-swap by LR and SC");
  }

  private void integer(Group group, String ending, boolean paging, String name, String doc) {
    benchmarks.add(
        new Kernel(name + ending, group, doc, name, List.of(), paging, 1, Length.CALIBRATED));
  }

  private void chase(
      Group group, String ending, boolean paging, String name, String size, int bytes) {
    String doc = "follows pointers through " + size + " in no order";
    List<String> flags = List.of("-DCHASE_BYTES=" + bytes);
    benchmarks.add(
        new Kernel(
            "chase-" + name + ending, group, doc, "chase", flags, paging, 1, Length.CALIBRATED));
  }

  private void floatingPoint() {
    add(Group.FP, "dot", "dot products of doubles", Length.CALIBRATED);
    add(Group.FP, "nbody", "five bodies under gravity", Length.CALIBRATED);
    add(Group.FP, "mandelbrot", "the Mandelbrot set", Length.CALIBRATED);
    add(Group.FP, "fft", "Fourier transforms of 1,024 points", Length.CALIBRATED);
    add(Group.FP, "single", "polynomials in single precision", Length.CALIBRATED);
    add(Group.FP, "fma", "fused multiply-add", Length.CALIBRATED);
    add(Group.FP, "roots", "square roots and divisions", Length.CALIBRATED);
    add(Group.FP, "convert", "between integers, singles and doubles", Length.CALIBRATED);
    add(Group.FP, "compare", "comparisons, extremes, signs, classes", Length.CALIBRATED);
  }

  private void add(Group group, String name, String doc, Length length) {
    benchmarks.add(new Kernel(name, group, doc, name, List.of(), false, 1, length));
  }

  List<Benchmark> all() {
    return List.copyOf(benchmarks);
  }

  /** The benchmark that measures what start and end take. */
  Kernel empty() {
    return benchmarks.stream()
        .filter(b -> b.name().equals(EMPTY))
        .map(Kernel.class::cast)
        .findFirst()
        .orElseThrow();
  }

  /**
   * Those with these names or of these groups, in the order of the suite; {@code *} stands for any
   * letters.
   *
   * @throws OptionException if a word matches nothing
   */
  List<Benchmark> select(List<String> words) {
    if (words.isEmpty()) {
      return all();
    }
    Set<Benchmark> chosen = new LinkedHashSet<>();
    for (String word : words) {
      List<Benchmark> matching = benchmarks.stream().filter(b -> matches(word, b)).toList();
      if (matching.isEmpty()) {
        throw new OptionException(
            "--only " + word + ": no such benchmark or group" + Nearest.hint(word, names()));
      }
      chosen.addAll(matching);
    }
    return benchmarks.stream().filter(chosen::contains).toList();
  }

  private static boolean matches(String word, Benchmark benchmark) {
    String pattern = "\\Q" + word.replace("*", "\\E.*\\Q") + "\\E";
    return benchmark.name().matches(pattern) || benchmark.group().label().equals(word);
  }

  private List<String> names() {
    return Stream.concat(
            Stream.of(Group.values()).map(Group::label), benchmarks.stream().map(Benchmark::name))
        .toList();
  }
}
