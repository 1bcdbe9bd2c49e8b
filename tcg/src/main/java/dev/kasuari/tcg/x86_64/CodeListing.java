package dev.kasuari.tcg.x86_64;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kasuari.host.RawMemory;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Printer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Emitted code as text: under each operation its bytes, and what they mean if the host has
 * binutils' objdump. For reports and logs; slow.
 */
final class CodeListing {
  private static final Pattern LINE = Pattern.compile("\\s*([0-9a-f]+):\t.*");
  private static final int PATIENCE_SECONDS = 10;
  private static final byte NOP = (byte) 0x90;

  private final IrUnit unit;
  private final long entry;
  private final byte[] code;
  private final int[] opStarts;

  /** Lines by offset: of instructions, or of bytes. */
  private final TreeMap<Integer, String> lines = new TreeMap<>();

  CodeListing(IrUnit unit, long entry, int size, Sites sites, int[] opStarts) {
    this.unit = unit;
    this.entry = entry;
    this.opStarts = opStarts;
    code = new byte[size];
    RawMemory.get(entry, code, 0, size);
    // The number of the code, behind each exit, is no instruction.
    for (int site = 0; site < sites.count(); site++) {
      for (int i = 0; i < Integer.BYTES && sites.end(site) + i < size; i++) {
        code[sites.end(site) + i] = NOP;
      }
    }
  }

  String text() {
    if (!disassemble()) {
      bytesByOperation();
    }
    var text = new StringBuilder();
    var operations = new TreeMap<Integer, Integer>();
    for (int i = 0; i < opStarts.length; i++) {
      if (opStarts[i] >= 0) {
        operations.put(opStarts[i], i);
      }
    }
    int shown = 0;
    for (var line : lines.entrySet()) {
      for (int i : operations.subMap(shown, line.getKey() + 1).values()) {
        text.append("; ").append(Printer.line(unit, i)).append('\n');
      }
      shown = line.getKey() + 1;
      text.append("  ").append(line.getValue()).append('\n');
    }
    return text.toString();
  }

  private void bytesByOperation() {
    var starts = new TreeMap<Integer, Integer>();
    starts.put(0, 0);
    for (int start : opStarts) {
      if (start >= 0) {
        starts.put(start, start);
      }
    }
    for (int from : starts.keySet()) {
      Integer next = starts.higherKey(from);
      int to = next == null ? code.length : next;
      String bytes = HexFormat.ofDelimiter(" ").formatHex(code, from, to);
      lines.put(from, "%x:\t%s".formatted(entry + from, bytes));
    }
  }

  // ---- objdump ---------------------------------------------------------------------------------

  /** False if there is no objdump, or it does not do what it should. */
  private boolean disassemble() {
    try {
      Path file = Files.createTempFile("kasuari-code", ".bin");
      try {
        Files.write(file, code);
        return objdump(file);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private boolean objdump(Path file) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                "objdump",
                "-D",
                "-z",
                "-b",
                "binary",
                "-m",
                "i386:x86-64",
                "-M",
                "intel",
                "--adjust-vma=0x" + Long.toHexString(entry),
                file.toString())
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
      process.destroyForcibly();
      return false;
    }
    output.lines().forEach(this::line);
    return !lines.isEmpty();
  }

  private void line(String line) {
    Matcher matcher = LINE.matcher(line);
    if (matcher.matches()) {
      long address = Long.parseUnsignedLong(matcher.group(1), 16);
      lines.put((int) (address - entry), line.strip());
    }
  }
}
