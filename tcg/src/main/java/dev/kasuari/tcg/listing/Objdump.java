package dev.kasuari.tcg.listing;

import dev.kasuari.tcg.HostCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads machine code with binutils' objdump. Starting it takes longer than a hundred units, so it
 * is given many at once, as sections of an ELF file, each at its own address.
 */
public final class Objdump {
  private static final Pattern SECTION = Pattern.compile("Disassembly of section u([0-9]+):");
  private static final Pattern LINE = Pattern.compile("\\s*([0-9a-f]+):\t.*");
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final String program;
  private final Duration patience;

  public Objdump() {
    this("objdump", PATIENCE);
  }

  /**
   * @param program what to start, a name to be looked for or a path
   * @param patience how long it may take each time; then it is ended, and has said nothing
   */
  Objdump(String program, Duration patience) {
    this.program = program;
    this.patience = patience;
  }

  /** A unit's code as text: instructions where objdump is there, else bytes. */
  public String listing(HostCode code) {
    return code.text(read(List.of(code)).getFirst());
  }

  /**
   * For each code its instructions by offset; all empty if this host has no objdump, or it does not
   * do what it should.
   */
  List<NavigableMap<Integer, String>> read(List<HostCode> codes) {
    List<NavigableMap<Integer, String>> lines = new ArrayList<>();
    codes.forEach(code -> lines.add(new TreeMap<>()));
    try {
      Path file = Files.createTempFile("kasuari-code", ".elf");
      Path text = Files.createTempFile("kasuari-code", ".txt");
      try {
        Files.write(file, ElfOfUnits.write(codes));
        sort(run(file, text), codes, lines);
      } finally {
        Files.delete(file);
        Files.delete(text);
      }
    } catch (IOException e) {
      lines.forEach(NavigableMap::clear);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      lines.forEach(NavigableMap::clear);
    }
    return lines;
  }

  /** What it says, by way of a file: a pipe would have to be read while the time runs. */
  private String run(Path file, Path text) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(program, "-D", "-z", "-w", "-M", "intel", file.toString())
            .redirectErrorStream(true)
            .redirectOutput(text.toFile())
            .start();
    try {
      process.getOutputStream().close();
      boolean ended = process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
      return ended && process.exitValue() == 0 ? Files.readString(text) : "";
    } finally {
      process.destroyForcibly();
    }
  }

  private static void sort(
      String output, List<HostCode> codes, List<NavigableMap<Integer, String>> lines) {
    int unit = 0;
    for (String line : output.split("\n", -1)) {
      Matcher section = SECTION.matcher(line);
      Matcher instruction = LINE.matcher(line);
      if (section.matches()) {
        unit = Integer.parseInt(section.group(1));
      } else if (instruction.matches()) {
        long address = Long.parseUnsignedLong(instruction.group(1), 16);
        lines.get(unit).put((int) (address - codes.get(unit).address()), line.strip());
      }
    }
  }
}
