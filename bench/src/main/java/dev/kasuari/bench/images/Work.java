package dev.kasuari.bench.images;

import java.nio.file.Path;
import java.util.List;

/**
 * Something that tools do.
 *
 * @param command words, of which those that begin with {@code @} are files
 * @param compare the file that what was written must be equal to, and its format; empty for none
 * @param format of what is written
 */
record Work(String name, String doc, String command, String compare, String format) {
  /** What is written by those that write. */
  static final String OUTPUT = "output.img";

  private static final String STRIDE = "-c #count -S 1052672 ";

  static List<Work> all() {
    return List.of(
        reads("info", "what an image says of itself: the start of the program", "info @qcow2"),
        writes("raw-qcow2", "raw to qcow2", "-f raw -O qcow2 @raw", "qcow2"),
        writes("qcow2-raw", "qcow2 to raw", "-O raw @qcow2", "raw"),
        writes("compress-zlib", "raw to compressed qcow2", "-c -f raw -O qcow2 @raw", "qcow2"),
        writes(
            "compress-zstd",
            "raw to compressed qcow2",
            "-c -f raw -O qcow2 -o compression_type=zstd @raw",
            "qcow2"),
        writes("expand-zlib", "compressed qcow2 to raw", "-O raw @zlib", "raw"),
        new Work(
            "overlay-copy",
            "an overlay to one with the same backing file",
            "convert -O qcow2 -B @qcow2 -F qcow2 @overlay @" + OUTPUT,
            "overlay",
            "qcow2"),
        new Work(
            "overlay-flat",
            "an overlay and what is behind it to one qcow2",
            "convert -O qcow2 @overlay @" + OUTPUT,
            "overlay",
            "qcow2"),
        reads(
            "compare", "raw and qcow2, which are the same", "compare -f raw -F qcow2 @raw @qcow2"),
        reads("check", "all tables of a large image", "check @large"),
        reads(
            "read-4k", "4 KiB each, a little more than 1 MiB apart", "bench " + STRIDE + "@qcow2"),
        reads("write-4k", "the same, written", "bench -w " + STRIDE + "@work"));
  }

  private static Work reads(String name, String doc, String command) {
    return new Work(name, doc, command, "", "");
  }

  private static Work writes(String name, String doc, String words, String format) {
    return new Work(name, doc, "convert " + words + " @" + OUTPUT, "raw", format);
  }

  /**
   * The words of the command.
   *
   * @param requests that bench makes
   */
  List<String> words(Path folder, long requests) {
    return List.of(command.replace("#count", Long.toString(requests)).split(" ")).stream()
        .map(w -> w.startsWith("@") ? folder.resolve(w.substring(1)).toString() : w)
        .toList();
  }

  /** The command that compares what was written with what it must be. */
  List<String> comparison(Path folder) {
    String other = compare.equals("raw") ? "raw" : "qcow2";
    return List.of(
        "compare",
        "-f",
        other,
        "-F",
        format,
        folder.resolve(compare).toString(),
        folder.resolve(OUTPUT).toString());
  }
}
