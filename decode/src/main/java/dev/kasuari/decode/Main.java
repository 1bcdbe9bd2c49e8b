package dev.kasuari.decode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Generates Java sources from pattern files. */
public final class Main {
  private Main() {}

  /**
   * Generates.
   *
   * @param args the directory for sources and a report of unallocated encodings, then the pattern
   *     file that names the instruction set
   * @throws PatternException if a pattern file says something wrong
   * @throws IOException if files cannot be read or written
   */
  public static void main(String[] args) throws IOException {
    if (args.length != 2) {
      throw new IllegalArgumentException("want DIRECTORY FILE.decode");
    }
    Isa isa = Parser.read(Path.of(args[1]));
    Checks.check(isa);
    Path directory = Path.of(args[0]).resolve(isa.javaPackage().replace('.', '/'));
    Files.createDirectories(directory);
    for (Map.Entry<String, String> source : Generated.sources(isa).entrySet()) {
      write(directory.resolve(source.getKey() + ".java"), source.getValue());
    }
    var coverage = Coverage.of(isa);
    write(Path.of(args[0]).resolve(isa.name() + ".coverage"), coverage.report());
    System.out.println(coverage.summary());
  }

  /** Leaves a file alone that already says this, so that nothing is compiled again for nothing. */
  private static void write(Path file, String text) throws IOException {
    if (!Files.exists(file) || !Files.readString(file).equals(text)) {
      Files.writeString(file, text);
    }
  }
}
