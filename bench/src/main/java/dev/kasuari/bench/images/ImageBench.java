package dev.kasuari.bench.images;

import dev.kasuari.bench.WarmMemory;
import dev.kasuari.qapi.OptionException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** {@code kasuari bench --images}: what {@code kasuari-img} and its peers take for the same. */
public final class ImageBench {
  private static final long BYTES_PER_REQUEST = 16 << 10;

  private final ImageOptions options;
  private final PrintStream out;
  private boolean good = true;

  private ImageBench(ImageOptions options, PrintStream out) {
    this.options = options;
    this.out = out;
  }

  /**
   * Does what the arguments ask for.
   *
   * @return 0 if all tools did all there was to do, and made the same disks
   * @throws OptionException if the arguments make no sense
   */
  public static int run(List<String> arguments, PrintStream out)
      throws IOException, InterruptedException {
    var options = ImageOptions.parse(arguments);
    if (options.help) {
      out.print(ImageOptions.HELP);
      return 0;
    }
    return new ImageBench(options, out).run();
  }

  private int run() throws IOException, InterruptedException {
    List<Work> chosen = Work.all().stream().filter(w -> options.chosen(w.name())).toList();
    if (options.list) {
      chosen.forEach(w -> out.printf("%-16s %s%n", w.name(), w.doc()));
      return 0;
    }
    Path folder = Files.createTempDirectory(options.folder, "kasuari-bench");
    try {
      var images = new SampleImages(folder, options.peers.getFirst(), options.size, options.large);
      images.make();
      head();
      for (Work work : chosen) {
        compare(work, folder);
      }
    } finally {
      delete(folder);
    }
    return good ? 0 : 1;
  }

  private void head() {
    out.printf(
        "%s of disk, a half of it data; %s for check; %d rounds%n",
        mib(options.size), mib(options.large), options.runs);
    out.println("seconds: median (least..greatest); ratio: of each round; peak: resident memory");
    out.flush();
  }

  private static String mib(long bytes) {
    return (bytes >> 20) + " MiB";
  }

  private void compare(Work work, Path folder) throws IOException, InterruptedException {
    List<Tool> tools = new ArrayList<>(List.of(options.kasuari));
    tools.addAll(options.peers);
    var taken = new ArrayList<List<Tool.Taken>>();
    tools.forEach(t -> taken.add(new ArrayList<>()));
    List<Integer> order = new ArrayList<>(IntStream.range(0, tools.size()).boxed().toList());
    for (int round = -1; round < options.runs; round++) { // the first one fills the host's cache
      for (int i : order) {
        WarmMemory.touch();
        Tool.Taken one =
            tools.get(i).run(work.words(folder, options.size / BYTES_PER_REQUEST), folder);
        if (one.status() != 0) {
          out.printf("%s: %s failed: %s%n", work.name(), tools.get(i).name(), one.output());
          good = false;
          return;
        }
        if (round >= 0) {
          taken.get(i).add(one);
        } else if (!same(work, folder, tools.get(i))) {
          return;
        }
        Files.deleteIfExists(folder.resolve(Work.OUTPUT));
      }
      Collections.rotate(order, 1);
    }
    report(work, tools, taken);
  }

  /** Whether what a tool wrote is what it was to write, as the first peer reads it. */
  private boolean same(Work work, Path folder, Tool tool) throws IOException, InterruptedException {
    if (work.compare().isEmpty()) {
      return true;
    }
    Tool.Taken compared = options.peers.getFirst().run(work.comparison(folder), folder);
    if (compared.status() != 0) {
      out.printf(
          "%s: what %s wrote is not the same disk: %s%n",
          work.name(), tool.name(), compared.output());
      good = false;
    }
    return compared.status() == 0;
  }

  private void report(Work work, List<Tool> tools, List<List<Tool.Taken>> taken) {
    for (int i = 0; i < tools.size(); i++) {
      List<Tool.Taken> all = taken.get(i);
      String ratio = "";
      if (i > 0) {
        List<Tool.Taken> ours = taken.getFirst();
        double[] ratios = new double[all.size()];
        for (int round = 0; round < ratios.length; round++) {
          ratios[round] = ours.get(round).seconds() / all.get(round).seconds();
        }
        ratio = "ratio " + middle(ratios, "%.2f");
      }
      out.printf(
          Locale.ROOT,
          "%-16s %-10s %-26s cpu %-7.3f peak %4d MiB  %s%n",
          i == 0 ? work.name() : "",
          tools.get(i).name(),
          middle(all.stream().mapToDouble(Tool.Taken::seconds).toArray(), "%.3f"),
          median(all.stream().mapToDouble(Tool.Taken::cpuSeconds).toArray()),
          all.stream().mapToLong(Tool.Taken::peakBytes).max().orElse(0) >> 20,
          ratio);
    }
    out.flush();
  }

  static double median(double[] numbers) {
    double[] sorted =
        Stream.of(numbers).flatMapToDouble(java.util.Arrays::stream).sorted().toArray();
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  static String middle(double[] numbers, String form) {
    double[] sorted = numbers.clone();
    java.util.Arrays.sort(sorted);
    return String.format(
        Locale.ROOT,
        form + " (" + form + ".." + form + ")",
        median(sorted),
        sorted[0],
        sorted[sorted.length - 1]);
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
