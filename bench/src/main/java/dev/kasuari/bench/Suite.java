package dev.kasuari.bench;

import dev.kasuari.bench.Benchmark.Kernel;
import dev.kasuari.bench.Benchmark.Length;
import dev.kasuari.bench.Benchmark.Linux;
import dev.kasuari.bench.Benchmark.Measure;
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

  private static final String LINUX_RUNS_INIT = "Run /init as init process";
  private static final String SHELL_GREETS = "a shell in Debian's installer";

  private final Target target;
  private final List<Benchmark> benchmarks = new ArrayList<>();

  Suite(Target target) {
    this.target = target;
    start();
    integer(Group.COMPUTE, "", false);
    integer(Group.PAGED, target.paged, true);
    floatingPoint();
    once();
    events();
    smp();
    boot();
  }

  private void start() {
    start(EMPTY, "the whole process, for a guest that ends at once", Measure.PROCESS);
    start("first-output", "until the first byte that the same guest prints", Measure.FIRST_OUTPUT);
  }

  private void start(String name, String doc, Measure measure) {
    benchmarks.add(
        new Kernel(name, Group.START, doc, EMPTY, List.of(), false, 1, Length.FIXED, measure));
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
    benchmarks.add(
        kernel(
            "lrsc" + ending,
            group,
            "compare-and-swap by reservations",
            "lrsc",
            target.reservations(),
            paging));
  }

  private void integer(Group group, String ending, boolean paging, String name, String doc) {
    benchmarks.add(kernel(name + ending, group, doc, name, List.of(), paging));
  }

  private void chase(
      Group group, String ending, boolean paging, String name, String size, int bytes) {
    String doc = "follows pointers through " + size + " in no order";
    List<String> flags = List.of("-DCHASE_BYTES=" + bytes);
    benchmarks.add(kernel("chase-" + name + ending, group, doc, "chase", flags, paging));
  }

  private void floatingPoint() {
    add(Group.FP, "dot", "dot products of doubles");
    add(Group.FP, "nbody", "five bodies under gravity");
    add(Group.FP, "mandelbrot", "the Mandelbrot set");
    add(Group.FP, "fft", "Fourier transforms of 1,024 points");
    add(Group.FP, "single", "polynomials in single precision");
    add(Group.FP, "fma", "fused multiply-add");
    add(Group.FP, "roots", "square roots and divisions");
    add(Group.FP, "convert", "between integers, singles and doubles");
    add(Group.FP, "compare", "comparisons, extremes, signs, classes");
  }

  private void once() {
    once("once-4", "half a million instructions of four bytes", OnceCode.FOUR);
    if (target == Target.RISCV64) {
      once("once-2", "700,000 instructions, half of them of two bytes", OnceCode.MIXED);
    }
  }

  private void once(String name, String doc, String form) {
    benchmarks.add(
        new Kernel(
            name,
            Group.ONCE,
            doc,
            OnceCode.SOURCE,
            List.of(form),
            false,
            1,
            Length.FIXED,
            Measure.GUEST));
  }

  private void events() {
    add(Group.EVENTS, "mmio", "reads of the serial port's status");
    if (target == Target.RISCV64) {
      add(Group.EVENTS, "ecall", "environment calls in machine mode");
    }
    add(Group.EVENTS, "illegal", "illegal instructions");
    add(Group.EVENTS, "timer", "timer interrupts");
    add(Group.EVENTS, "codegen", "code that is written, run three times, written again");
    supervisor("syscall", "system calls from user mode to the kernel's and back");
    supervisor("fault", "page faults that the handler mends");
    supervisor("sfence", "all translations forgotten, then 16 pages used");
    supervisor("satp", "switches between two address spaces, 16 pages used in each");
    supervisor("csr", "a scratch register swapped, interrupts off and on");
  }

  private void supervisor(String name, String doc) {
    benchmarks.add(kernel(name, Group.EVENTS, doc, name, List.of("-DSUPERVISOR"), true));
  }

  private void smp() {
    smp("parallel-1", "sorting in pieces, on one CPU", "parallel", 1);
    smp("parallel-2", "the same on two CPUs", "parallel", 2);
    smp("ipi", "software interrupts to and fro between two CPUs", "ipi", 2);
  }

  private void smp(String name, String doc, String source, int cpus) {
    benchmarks.add(
        new Kernel(
            name,
            Group.SMP,
            doc,
            source,
            List.of(),
            false,
            cpus,
            Length.CALIBRATED,
            Measure.GUEST));
  }

  private void boot() {
    linux(
        "boot-init",
        "Debian's kernel until it runs init, for the first time",
        LINUX_RUNS_INIT,
        1,
        false);
    linux("boot-init-again", "the same by who has done it before", LINUX_RUNS_INIT, 1, true);
    linux("boot-init-4", "the same on four CPUs, for the first time", LINUX_RUNS_INIT, 4, false);
    linux("boot-shell", "and until a shell is there, for the first time", SHELL_GREETS, 1, false);
    linux("boot-shell-again", "the same by who has done it before", SHELL_GREETS, 1, true);
  }

  private void linux(String name, String doc, String until, int cpus, boolean again) {
    benchmarks.add(new Linux(name, Group.BOOT, doc, until, cpus, again));
  }

  private void add(Group group, String name, String doc) {
    benchmarks.add(kernel(name, group, doc, name, List.of(), false));
  }

  private static Kernel kernel(
      String name, Group group, String doc, String source, List<String> flags, boolean paging) {
    return new Kernel(name, group, doc, source, flags, paging, 1, Length.CALIBRATED, Measure.GUEST);
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
