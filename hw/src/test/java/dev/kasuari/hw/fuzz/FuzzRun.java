package dev.kasuari.hw.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Fuzzes with Jazzer, beginning with the corpus that is kept, and prints how much of the devices'
 * code was reached.
 *
 * <p>{@code mvn verify -Pfuzz -pl hw -am -DskipTests -Dfuzz.target=rings -Dfuzz.seconds=600}
 *
 * <p>An input that fails is written to {@code hw/target/fuzz}, and its bytes are printed: mend what
 * it found, with a unit test, and add it to the corpus. {@code -Dfuzz.keep=true} replaces the
 * corpus by the smallest set of inputs that reach as much as all that was found.
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
   * Arguments: target, seconds, a folder to work in, a file to write the smallest corpus to or
   * {@code none}. The exit code is Jazzer's: 0 if nothing failed.
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    FuzzTarget target = FuzzTarget.valueOf(arguments[0].toUpperCase(Locale.ROOT));
    var run = new FuzzRun(target, Path.of(arguments[2]));
    int code = run.fuzz(Integer.parseInt(arguments[1]));
    run.printCoverage();
    if (code == 0 && !arguments[3].equals("none")) {
      run.keep(Path.of(arguments[3]));
    }
    System.exit(code);
  }

  private int fuzz(int seconds) throws IOException, InterruptedException {
    int number = 0;
    for (byte[] input : target.corpus()) {
      Files.write(corpus.resolve("kept-" + number++), input);
    }
    return jazzer(
        "--coverage_report=" + folder.resolve("coverage.txt"),
        "--reproducer_path=" + folder,
        "-artifact_prefix=" + folder + "/",
        "-max_total_time=" + seconds,
        "-timeout=60",
        "-max_len=1024",
        "-len_control=0",
        corpus.toString());
  }

  private int jazzer(String... arguments) throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // A small heap, so that a guest that makes a device allocate without bound is found.
    command.addAll(List.of("-Xmx512m", "-XX:+EnableDynamicAgentLoading", "-XX:+UseSerialGC"));
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("com.code_intelligence.jazzer.Jazzer");
    command.add("--target_class=" + target.className());
    command.add("--instrumentation_includes=dev.kasuari.hw.**:dev.kasuari.machine.**");
    command.add("--disabled_hooks=com.code_intelligence.jazzer.sanitizers.*");
    command.addAll(Arrays.asList(arguments));
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }

  /** Lines and branches reached, by source file, as Jazzer's report has them. */
  private void printCoverage() throws IOException {
    var found = new TreeMap<String, String>();
    String kind = "";
    for (String line : Files.readAllLines(folder.resolve("coverage.txt"))) {
      if (line.endsWith("coverage:")) {
        kind = line.replace(" coverage:", "").toLowerCase(Locale.ROOT);
      } else if (line.matches(".*\\.java: \\d+/\\d+ .*")
          && List.of("line", "branch").contains(kind)) {
        String file = line.substring(0, line.indexOf(": "));
        if (isDevice(file)) {
          found.merge(file, kind + " " + line.substring(line.indexOf(": ") + 2), FuzzRun::both);
        }
      }
    }
    System.out.println("Coverage of " + target.id() + ":");
    found.forEach((file, numbers) -> System.out.printf("  %-24s %s%n", file, numbers));
  }

  private static String both(String one, String other) {
    return one.startsWith("line") ? one + ", " + other : other + ", " + one;
  }

  private static boolean isDevice(String file) {
    List<String> others = List.of("Codec.java", "Type.java", "Fuzz.java", "Disk.java");
    Path sources = Path.of("src/main/java/dev/kasuari/hw");
    try (Stream<Path> all = Files.walk(sources)) {
      return others.stream().noneMatch(file::endsWith) && all.anyMatch(p -> p.endsWith(file));
    } catch (IOException e) {
      return true;
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
