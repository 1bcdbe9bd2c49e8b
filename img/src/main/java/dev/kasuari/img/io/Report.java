package dev.kasuari.img.io;

import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.Locale;

/** What is printed of a request that has ended. */
final class Report {
  private Report() {}

  /**
   * How long it took.
   *
   * @param verb {@code read}, {@code wrote}, {@code discard}
   * @param total bytes that were moved
   * @param count bytes that were asked for
   * @param nanoseconds how long it took
   * @param machine in one line for programs
   */
  static void statistics(
      PrintStream out,
      String verb,
      long offset,
      long total,
      long count,
      long nanoseconds,
      boolean machine) {
    double seconds = Math.max(nanoseconds, 1) / 1e9;
    if (machine) {
      out.println(
          String.format(
              Locale.ROOT,
              "%d,1,%s,%.3f,%.3f",
              total,
              time(nanoseconds, true),
              total / seconds,
              1 / seconds));
      return;
    }
    out.println(verb + " " + total + "/" + count + " bytes at offset " + offset);
    out.println(
        String.format(
            Locale.ROOT,
            "%s, 1 ops; %s sec (%s/sec and %.4f ops/sec)",
            Numbers.human(total),
            time(nanoseconds, false),
            Numbers.human(total / seconds),
            1 / seconds));
  }

  private static String time(long nanoseconds, boolean whole) {
    long hundredths = nanoseconds / 10_000_000;
    long seconds = hundredths / 100;
    long hours = seconds / 3600;
    long minutes = seconds / 60 % 60;
    String last = "%02d.%02d".formatted(seconds % 60, hundredths % 100);
    return whole || hours > 0 || minutes > 0 ? "%d:%02d:%s".formatted(hours, minutes, last) : last;
  }

  /** Bytes in hexadecimal and, where they are letters and digits, as such. */
  static void dump(PrintStream out, MemorySegment bytes, long offset) {
    var line = new StringBuilder();
    HexFormat hex = HexFormat.of();
    for (long at = 0; at < bytes.byteSize(); at += 16) {
      line.setLength(0);
      line.append("%08x:  ".formatted(offset + at));
      var text = new StringBuilder();
      for (long i = at; i < Math.min(at + 16, bytes.byteSize()); i++) {
        byte b = bytes.get(ValueLayout.JAVA_BYTE, i);
        hex.toHexDigits(line, b).append(' ');
        boolean word = (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z');
        text.append(word ? (char) b : '.');
      }
      out.println(line.append(' ').append(text));
    }
  }

  /** True if all bytes are {@code pattern}. */
  static boolean all(MemorySegment bytes, byte pattern) {
    long size = bytes.byteSize();
    if (size == 0) {
      return true;
    }
    return bytes.get(ValueLayout.JAVA_BYTE, 0) == pattern
        && bytes.asSlice(1).mismatch(bytes.asSlice(0, size - 1)) < 0;
  }
}
