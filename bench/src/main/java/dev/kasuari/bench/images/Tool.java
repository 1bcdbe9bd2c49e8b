package dev.kasuari.bench.images;

import dev.kasuari.qapi.OptionException;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A program with the command line of {@code qemu-img}.
 *
 * @param name what reports call it
 */
record Tool(String name, String program) {
  private static final double TICKS_PER_SECOND = 100; // of /proc, on every Linux
  private static final int CHILDREN_USER = 15; // field of /proc/self/stat, from 0; see proc(5)

  /**
   * What a run took.
   *
   * @param status its exit code
   * @param peakBytes the most memory it had at once, as often as it was looked at
   */
  record Taken(int status, String output, double seconds, double cpuSeconds, long peakBytes) {}

  /** Of {@code NAME=PROGRAM} or a program. */
  static Tool of(String text) {
    int equals = text.indexOf('=');
    if (equals > 0) {
      return new Tool(text.substring(0, equals), text.substring(equals + 1));
    }
    return new Tool(String.valueOf(Path.of(text).getFileName()), text);
  }

  /** Runs it in a folder. */
  Taken run(List<String> words, Path folder) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of(program));
    command.addAll(words);
    Path output = folder.resolve("output");
    double cpu = childrenCpuSeconds();
    long start = System.nanoTime();
    Process process;
    try {
      process =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .redirectInput(new File("/dev/null"))
              .start();
    } catch (IOException e) {
      throw new OptionException(program + ": " + e.getMessage());
    }
    var peak = new Peak(process.pid());
    try {
      int status = process.waitFor();
      double seconds = (System.nanoTime() - start) / 1e9;
      return new Taken(
          status,
          Files.readString(output, StandardCharsets.UTF_8).strip(),
          seconds,
          childrenCpuSeconds() - cpu,
          peak.end());
    } finally {
      process.destroyForcibly();
      Files.deleteIfExists(output);
    }
  }

  /** Looks at a process's memory until it has ended. */
  private static final class Peak {
    private final Thread thread;
    private volatile long bytes;

    Peak(long pid) {
      Path status = Path.of("/proc/" + pid + "/status");
      thread = Thread.ofPlatform().daemon(true).start(() -> watch(status));
    }

    private void watch(Path status) {
      try {
        while (true) {
          for (String line : Files.readAllLines(status)) {
            if (line.startsWith("VmHWM:")) {
              bytes = Math.max(bytes, Long.parseLong(line.replaceAll("[^0-9]", "")) << 10);
            }
          }
          Thread.sleep(5);
        }
      } catch (IOException | InterruptedException e) {
        // It has ended.
      }
    }

    long end() throws InterruptedException {
      thread.interrupt();
      thread.join();
      return bytes;
    }
  }

  private static double childrenCpuSeconds() throws IOException {
    String stat = Files.readString(Path.of("/proc/self/stat"));
    // The second field is the name, in parentheses; it may contain blanks.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    long user = Long.parseLong(fields[CHILDREN_USER - 2]);
    return (user + Long.parseLong(fields[CHILDREN_USER - 1])) / TICKS_PER_SECOND;
  }
}
