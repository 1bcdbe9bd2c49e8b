package dev.kasuari.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * An objdump of binutils that disassembles words of four bytes.
 *
 * @param program the program's name, which Debian's binutils package for the target has
 * @param comment what begins a comment at the end of a line
 */
public record Objdump(String program, String comment) {
  /**
   * The text of the instruction at the start of each word, blanks made single. The word at index i
   * has the address 4 i.
   *
   * @param file what objdump reads
   * @param words how many words the file has
   */
  public List<String> disassemble(Path file, int words, List<String> options) throws IOException {
    var command = new ArrayList<>(List.of(program));
    command.addAll(options);
    command.add(file.toString());
    Process process = start(command);
    var texts = new ArrayList<String>(words);
    try (var lines = process.inputReader(StandardCharsets.US_ASCII).lines()) {
      lines.forEach(line -> collect(line, texts));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    if (texts.size() != words) {
      throw new AssertionError(program + " showed " + texts.size() + " of " + words + " words");
    }
    return texts;
  }

  private Process start(List<String> command) {
    try {
      return new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new AssertionError(
          program + " cannot be run; it is in a Debian package binutils-*-linux-gnu", e);
    }
  }

  /** Lines are {@code " 10:\t00b50533 \tadd\ta0,a0,a1"}. */
  private void collect(String line, List<String> texts) {
    int colon = line.indexOf(":\t");
    if (colon < 0) {
      return;
    }
    long address = Long.parseUnsignedLong(line.substring(0, colon).strip(), 16);
    if (address != 4L * texts.size()) {
      return;
    }
    String text = line.substring(line.indexOf('\t', colon + 2) + 1);
    int note = text.indexOf(" <");
    if (note < 0) {
      note = text.indexOf(comment);
    }
    texts.add(singleBlanks(note < 0 ? text : text.substring(0, note)));
  }

  /** The text with every run of blanks made one space, and none at the end. */
  public static String singleBlanks(String text) {
    var s = new StringBuilder(text.length());
    boolean blank = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == ' ' || c == '\t') {
        blank = true;
      } else {
        s.append(blank ? " " : "").append(c);
        blank = false;
      }
    }
    return s.toString();
  }
}
