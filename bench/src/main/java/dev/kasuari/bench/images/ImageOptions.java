package dev.kasuari.bench.images;

import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Sizes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What {@code kasuari bench --images} was asked for. */
final class ImageOptions {
  static final String HELP =
      """
      Usage: kasuari bench --images [OPTION]...

      Gives kasuari-img and qemu-img the same to do on the same images, by turns, and says what
      part of qemu-img's time kasuari-img takes: below 1 it is the faster one.
        --peer PROGRAM    what to compare with: a path, a name on PATH or NAME=PROGRAM; may be
                          repeated (qemu-img); the first one makes the images
        --kasuari PROGRAM what to measure (kasuari-img of this package)
        --only NAME,...   only these; * stands for any letters
        --runs N          rounds, from 1 to 1000, after one that is not counted (5)
        --size SIZE       of the disk that is copied (1G)
        --large SIZE      of the disk whose tables are checked (10G)
        --folder DIR      where the images are while it runs: some four times the size (/tmp)
        --list            list what there is to do
        --help            show this
      """;

  private static final List<String> VALUED =
      List.of("--peer", "--kasuari", "--only", "--runs", "--size", "--large", "--folder");
  private static final int MOST_RUNS = 1000;

  final List<Tool> peers = new ArrayList<>();
  private final List<String> only = new ArrayList<>();
  Tool kasuari = Tool.of("kasuari=" + packaged());
  int runs = 5;
  long size = 1L << 30;
  long large = 10L << 30;
  Path folder = Path.of(System.getProperty("java.io.tmpdir", "/tmp"));
  boolean list;
  boolean help;

  private ImageOptions() {}

  /** The tool of the package that this is a part of. */
  private static Path packaged() {
    return Path.of(System.getProperty("java.home"), "bin", "kasuari-img").toAbsolutePath();
  }

  /**
   * Reads the words of the command line.
   *
   * @throws OptionException if one of them makes no sense
   */
  static ImageOptions parse(List<String> words) {
    var options = new ImageOptions();
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      int equals = word.indexOf('=');
      boolean joined = word.startsWith("--") && equals > 0;
      String name = joined ? word.substring(0, equals) : word;
      switch (name) {
        case "--images" -> {}
        case "--help", "-help", "-h", "help" -> options.help = true;
        case "--list" -> options.list = true;
        default -> {
          if (!VALUED.contains(name)) {
            throw new OptionException(name + ": no such option" + Nearest.hint(name, VALUED));
          }
          if (!joined && i + 1 == words.size()) {
            throw new OptionException(name + ": an argument is missing");
          }
          options.set(name, joined ? word.substring(equals + 1) : words.get(++i));
        }
      }
    }
    if (options.peers.isEmpty()) {
      options.peers.add(Tool.of("qemu-img"));
    }
    return options;
  }

  private void set(String name, String value) {
    switch (name) {
      case "--peer" -> peers.add(Tool.of(value));
      case "--kasuari" -> kasuari = Tool.of(value);
      case "--only" -> only.addAll(List.of(value.split(",", -1)));
      case "--runs" -> runs = runs(value);
      case "--size" -> size = size(name, value);
      case "--large" -> large = size(name, value);
      case "--folder" -> folder = folder(value);
      default -> throw new IllegalStateException(name);
    }
  }

  private static int runs(String value) {
    if (value.matches("[0-9]{1,4}")) {
      int runs = Integer.parseInt(value);
      if (runs >= 1 && runs <= MOST_RUNS) {
        return runs;
      }
    }
    throw new OptionException("--runs " + value + ": a number from 1 to " + MOST_RUNS);
  }

  private static long size(String name, String value) {
    long size = Sizes.parse(value, 'B');
    if (size < 4 << 20 || (size & ((1 << 20) - 1)) != 0) {
      throw new OptionException(name + " " + value + ": whole MiB, 4M at least");
    }
    return size;
  }

  private static Path folder(String value) {
    Path path = Path.of(value).toAbsolutePath();
    if (!Files.isDirectory(path)) {
      throw new OptionException("--folder " + value + ": no such directory");
    }
    return path;
  }

  boolean chosen(String name) {
    return only.isEmpty()
        || only.stream()
            .anyMatch(o -> name.matches(o.replaceAll("[^a-z0-9*-]", "").replace("*", ".*")));
  }
}
