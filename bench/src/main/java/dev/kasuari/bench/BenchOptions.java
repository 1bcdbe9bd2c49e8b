package dev.kasuari.bench;

import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What {@code kasuari bench} was asked for. */
final class BenchOptions {
  static final String HELP =
      """
      Usage: kasuari bench [OPTION]...

      --images compares kasuari-img with qemu-img instead (--images --help says more).

      Runs the same guests in Kasuari and in QEMU, by turns, and says what part of QEMU's time
      Kasuari takes: below 1 it is the faster one.
        --target NAME     the guests' architecture: riscv64 or aarch64 (riscv64)
        --peer PROGRAM    what to compare with: a path, a name on PATH or NAME=PROGRAM; may be
                          repeated (QEMU for the target)
        --kasuari PROGRAM what to measure (the emulator for the target of this package)
        --accel ARGS      -accel ARGS for Kasuari, such as tcg,backend=x86_64
        --only NAME,...   only these benchmarks or groups; * stands for any letters
        --runs N          runs of each benchmark in each emulator, from 1 to 1000 (5)
        --seconds S       what the faster emulator takes for a calibrated benchmark (1.0)
        --limit S         after so many seconds a run has failed (120)
        --clock CLOCK     guest: the guest's own clock (the default); cpu: processor time of all
                          threads, without start and end, for hosts that are busy
        --json FILE       write all figures there, too
        --build DIR       only make the guests, as ELF files in DIR, and say how to run them
        --work N          the amount of work, not calibrated
        --list            list the benchmarks
        --help            show this
      """;

  private static final List<String> NAMES =
      List.of(
          "--target",
          "--peer",
          "--kasuari",
          "--accel",
          "--only",
          "--runs",
          "--seconds",
          "--limit",
          "--clock",
          "--json",
          "--build",
          "--work",
          "--list",
          "--help");

  Target target = Target.RISCV64;
  final List<String> peers = new ArrayList<>();
  final List<String> only = new ArrayList<>();
  @Nullable String kasuari;
  @Nullable String accel;
  int runs = 5;
  double seconds = 1;
  double limit = 120;
  boolean cpuClock;
  @Nullable Path json;
  @Nullable Path build;
  long work;
  boolean list;
  boolean help;

  private BenchOptions() {}

  /**
   * Reads the words of the command line.
   *
   * @throws OptionException if one of them makes no sense
   */
  static BenchOptions parse(List<String> words) {
    var options = new BenchOptions();
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      int equals = word.indexOf('=');
      boolean joined = word.startsWith("--") && equals > 0;
      String name = joined ? word.substring(0, equals) : word;
      switch (name) {
        case "--help", "-help", "-h", "help" -> options.help = true;
        case "--list" -> options.list = true;
        default -> {
          if (!NAMES.contains(name)) {
            throw new OptionException(name + ": no such option" + Nearest.hint(name, NAMES));
          }
          if (!joined && i + 1 == words.size()) {
            throw new OptionException(name + ": an argument is missing");
          }
          options.set(name, joined ? word.substring(equals + 1) : words.get(++i));
        }
      }
    }
    if (options.peers.isEmpty()) {
      options.peers.add(options.target.program("qemu"));
    }
    return options;
  }

  private void set(String name, String value) {
    switch (name) {
      case "--target" -> target = Target.of(value);
      case "--peer" -> peers.add(value);
      case "--kasuari" -> kasuari = value;
      case "--accel" -> accel = value;
      case "--only" -> only.addAll(List.of(value.split(",", -1)));
      case "--runs" -> runs = (int) whole(name, value, 1, 1000);
      case "--seconds" -> seconds = positive(name, value);
      case "--limit" -> limit = positive(name, value);
      case "--clock" -> cpuClock = clock(value);
      case "--json" -> json = Path.of(value);
      case "--build" -> build = Path.of(value);
      case "--work" -> work = whole(name, value, 1, Long.MAX_VALUE);
      default -> throw new IllegalStateException(name);
    }
  }

  private static boolean clock(String value) {
    return switch (value) {
      case "guest" -> false;
      case "cpu" -> true;
      default -> throw new OptionException("--clock " + value + ": guest or cpu");
    };
  }

  private static long whole(String name, String value, long min, long max) {
    try {
      long number = Long.parseLong(value);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new OptionException(name + " " + value + ": a number from " + min + " to " + max);
  }

  private static double positive(String name, String value) {
    try {
      double number = Double.parseDouble(value);
      if (number > 0 && number <= 1e6) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new OptionException(name + " " + value + ": a number of seconds above 0");
  }
}
