package dev.kasuari.hw.fuzz;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Fuzzes with Jazzer, beginning with the corpus that is kept, and prints how much of the devices'
 * code was reached.
 *
 * <p>{@code mvn verify -Pfuzz -pl hw -am -DskipTests -Dfuzz.target=rings -Dfuzz.seconds=600}
 *
 * <p>An input that fails is written to {@code hw/target/fuzz}, and its bytes are printed: mend what
 * it found, with a unit test, and add it to the corpus. {@code -Dfuzz.keep=FILE} writes the
 * smallest set of inputs that reach as much as all that was found, for the corpus. {@code
 * -Dfuzz.steps=N} does so many steps without Jazzer instead, see {@link Marathon}.
 */
public final class FuzzRun {
  private final FuzzTarget target;
  private final Path folder;
  private final Path corpus;

  private FuzzRun(FuzzTarget target, Path folder) throws IOException {
    this.target = target;
    this.folder = Files.createDirectories(folder.resolve(target.id()));
    corpus = Files.createDirectories(this.folder.resolve("corpus"));
  }

  /**
   * Arguments: target, seconds, a folder to work in, that of the devices' classes, a file to write
   * the smallest corpus to or {@code none}, steps without Jazzer or 0, a seed for them. The exit
   * code is 0 if nothing failed.
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    FuzzTarget target = FuzzTarget.valueOf(arguments[0].toUpperCase(Locale.ROOT));
    var run = new FuzzRun(target, Path.of(arguments[2]));
    if (!arguments[5].equals("0")) {
      System.exit(
          run.java(
              "-cp",
              classPath(),
              Marathon.class.getName(),
              target.id(),
              arguments[5],
              arguments[6].equals("random") ? "" + System.nanoTime() : arguments[6]));
    }
    int code = run.fuzz(Integer.parseInt(arguments[1]));
    run.printCoverage(Path.of(arguments[3]));
    if (code == 0 && !arguments[4].equals("none")) {
      run.keep(Path.of(arguments[4]));
    }
    System.exit(code);
  }

  private int fuzz(int seconds) throws IOException, InterruptedException {
    int number = 0;
    for (byte[] input : target.corpus()) {
      Files.write(corpus.resolve("kept-" + number++), input);
    }
    return jazzer(
        "--reproducer_path=" + folder,
        "-artifact_prefix=" + folder + "/",
        "-max_total_time=" + seconds,
        "-timeout=60",
        "-max_len=1024",
        "-len_control=0",
        corpus.toString());
  }

  private int jazzer(String... arguments) throws IOException, InterruptedException {
    var all = new ArrayList<>(List.of("-cp", classPath(), "com.code_intelligence.jazzer.Jazzer"));
    all.add("--target_class=" + target.className());
    all.add("--instrumentation_includes=dev.kasuari.hw.**:dev.kasuari.machine.**");
    all.add("--disabled_hooks=com.code_intelligence.jazzer.sanitizers.*");
    all.addAll(Arrays.asList(arguments));
    return java(all.toArray(String[]::new));
  }

  /** Does all that was found again, and prints which lines and branches of devices that reaches. */
  private void printCoverage(Path classes) throws IOException, InterruptedException {
    Path data = folder.resolve("jacoco.exec");
    Path table = folder.resolve("coverage.csv");
    Files.deleteIfExists(data);
    String agent = jar("org.jacoco.agent") + "=includes=dev.kasuari.hw.*,destfile=" + data;
    java(
        "-javaagent:" + agent, "-cp", classPath(), Again.class.getName(), target.id(), "" + corpus);
    java(
        "-jar",
        jar("org.jacoco.cli"),
        "report",
        data.toString(),
        "--quiet",
        "--classfiles",
        classes.toString(),
        "--csv",
        table.toString());
    System.out.println("Reached by " + target.id() + ":");
    for (Map.Entry<String, long[]> device : counts(table).entrySet()) {
      long[] n = device.getValue();
      System.out.printf(
          "  %-16s lines %3d of %3d, branches %3d of %3d%n",
          device.getKey(), n[3], n[2] + n[3], n[1], n[0] + n[1]);
    }
  }

  /** Branches missed and covered and lines missed and covered, by top-level class reached. */
  private static Map<String, long[]> counts(Path table) throws IOException {
    var counts = new TreeMap<String, long[]>();
    for (String line : Files.readAllLines(table)) {
      String[] cells = line.split(",", -1);
      String name = cells[2].replaceFirst("\\..*", "");
      if (!name.equals("CLASS") && !name.endsWith("Codec") && !name.endsWith("Type")) {
        long[] sums = counts.computeIfAbsent(name, n -> new long[4]);
        for (int i = 0; i < sums.length; i++) {
          sums[i] += Long.parseLong(cells[5 + i]);
        }
      }
    }
    counts.values().removeIf(n -> n[3] == 0);
    return counts;
  }

  private static String classPath() {
    return System.getProperty("java.class.path");
  }

  private static String jar(String name) {
    return Arrays.stream(classPath().split(File.pathSeparator, -1))
        .filter(p -> Path.of(p).getFileName().toString().startsWith(name))
        .findFirst()
        .orElseThrow();
  }

  private int java(String... arguments) throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // A small heap, so that a guest that makes a device allocate without bound is found.
    command.addAll(List.of("-Xmx512m", "-XX:+EnableDynamicAgentLoading", "-XX:+UseSerialGC"));
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(Arrays.asList(arguments));
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }

  /** Runs every input of a folder. */
  static final class Again {
    private Again() {}

    /** Arguments: target, folder. */
    public static void main(String[] arguments) throws IOException {
      FuzzTarget target = FuzzTarget.valueOf(arguments[0].toUpperCase(Locale.ROOT));
      try (Stream<Path> inputs = Files.list(Path.of(arguments[1]))) {
        for (Path input : inputs.sorted().toList()) {
          target.run(Files.readAllBytes(input));
        }
      }
    }
  }

  private void keep(Path file) throws IOException, InterruptedException {
    Path small = Files.createDirectories(folder.resolve("small"));
    jazzer("-merge=1", "-timeout=60", small.toString(), corpus.toString());
    List<byte[]> inputs = new ArrayList<>();
    try (Stream<Path> files = Files.list(small)) {
      for (Path input : files.toList()) {
        inputs.add(Files.readAllBytes(input));
      }
    }
    Comparator<byte[]> byLength = Comparator.comparingInt(i -> i.length);
    List<String> lines =
        inputs.stream()
            .sorted(byLength.thenComparing(Arrays::compare))
            .map(HexFormat.of()::formatHex)
            .toList();
    Files.write(file, lines);
    System.out.println("kept " + lines.size() + " inputs in " + file);
  }
}
