package dev.kasuari.block.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * Fuzzes one format with Jazzer, beginning with good images and the corpus that is kept.
 *
 * <p>{@code mvn verify -Pfuzz -pl block -am -DskipTests -Dfuzz.target=qcow2 -Dfuzz.seconds=600}
 *
 * <p>An input that fails is written to {@code block/target/fuzz}: mend what it found, and add its
 * bytes in hexadecimal digits as a line to the format's corpus. {@code -Dfuzz.keep=FILE} writes the
 * smallest inputs of all that was found to be of interest, for the corpus.
 */
public final class ImageFuzzRun {
  private static final int MOST_KEPT = 40;

  /** Key slots of LUKS are long; nothing else is. */
  private static final int LONGEST = 1 << 17;

  private static final int LONGEST_KEPT = 2000;

  private ImageFuzzRun() {}

  /**
   * Arguments: format, seconds, a folder to work in, a file to write inputs to or {@code none}. The
   * exit code is 0 if nothing failed.
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    String format = arguments[0];
    if (!ImageTarget.FORMATS.contains(format)) {
      System.err.println("-Dfuzz.target is one of " + ImageTarget.FORMATS);
      System.exit(2);
    }
    Path folder = Files.createDirectories(Path.of(arguments[2], format));
    Path corpus = Files.createDirectories(folder.resolve("corpus"));
    int number = 0;
    for (byte[] input : Corpus.of(format)) {
      Files.write(corpus.resolve("kept-" + number++), input);
    }
    int code = jazzer(format, Integer.parseInt(arguments[1]), folder, corpus);
    if (code == 0 && !arguments[3].equals("none")) {
      keep(corpus, Path.of(arguments[3]));
    }
    System.exit(code);
  }

  private static int jazzer(String format, int seconds, Path folder, Path corpus)
      throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // A small heap, so that an image that makes us allocate without bound is found.
    command.addAll(List.of("-Xmx512m", "-XX:+EnableDynamicAgentLoading", "-XX:+UseSerialGC"));
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-Dkasuari.fuzz.target=" + format);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("com.code_intelligence.jazzer.Jazzer");
    command.add("--target_class=" + ImageFuzz.class.getName());
    command.add("--instrumentation_includes=dev.kasuari.block.**");
    command.add(
        "--instrumentation_excludes=dev.kasuari.block.fuzz.**:dev.kasuari.block.testing.**"
            + ":dev.kasuari.block.crypto.**");
    command.add("--disabled_hooks=com.code_intelligence.jazzer.sanitizers.*");
    command.add("--reproducer_path=" + folder);
    command.add("-artifact_prefix=" + folder + "/");
    command.add("-max_total_time=" + seconds);
    command.addAll(List.of("-timeout=120", "-len_control=0", "-max_len=" + LONGEST));
    command.add(corpus.toString());
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }

  private static void keep(Path corpus, Path file) throws IOException {
    var inputs = new ArrayList<byte[]>();
    try (Stream<Path> files = Files.list(corpus)) {
      for (Path input : files.toList()) {
        if (Files.size(input) <= LONGEST_KEPT) {
          inputs.add(Files.readAllBytes(input));
        }
      }
    }
    Comparator<byte[]> byLength = Comparator.comparingInt(i -> i.length);
    Files.write(
        file,
        inputs.stream()
            .sorted(byLength.thenComparing(Arrays::compare))
            .limit(MOST_KEPT)
            .map(HexFormat.of()::formatHex)
            .toList());
  }
}
