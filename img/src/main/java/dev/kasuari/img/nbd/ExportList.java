package dev.kasuari.img.nbd;

import dev.kasuari.block.nbd.NbdAddress;
import dev.kasuari.block.nbd.NbdExports;
import dev.kasuari.block.object.TlsCredentials;
import dev.kasuari.img.ToolException;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code -L}: what another server shows. */
final class ExportList {
  /** What exports can do, from bit 1 on. Source: NBD protocol, "Transmission flags". */
  private static final List<String> FLAGS =
      List.of(
          "readonly",
          "flush",
          "fua",
          "rotational",
          "trim",
          "zeroes",
          "df",
          "multi",
          "resize",
          "cache",
          "fast-zero",
          "block-status-payload");

  private ExportList() {}

  static void print(
      PrintStream out, NbdAddress address, @Nullable TlsCredentials tls, @Nullable String host) {
    List<NbdExports.Listed> exports;
    try {
      exports = NbdExports.of(address, tls, host);
    } catch (IOException e) {
      throw new ToolException(
          "Failed to connect to '" + address + "': " + String.valueOf(e.getMessage()));
    }
    out.println("exports available: " + exports.size());
    exports.forEach(export -> print(out, export));
  }

  private static void print(PrintStream out, NbdExports.Listed export) {
    out.println(" export: '" + export.name() + "'");
    if (!export.description().isEmpty()) {
      out.println("  description: " + export.description());
    }
    if (export.size() < 0) {
      return;
    }
    out.println("  size:  " + export.size());
    out.println("  flags: 0x" + Integer.toHexString(export.flags()) + flags(export.flags()));
    NbdExports.Blocks blocks = export.blocks();
    if (blocks != null) {
      out.println("  min block: " + blocks.minimum());
      out.println("  opt block: " + blocks.preferred());
      out.println("  max block: " + blocks.maximum());
    }
    if (!export.contexts().isEmpty()) {
      out.println("  available meta contexts: " + export.contexts().size());
      export.contexts().forEach(context -> out.println("   " + context));
    }
  }

  private static String flags(int flags) {
    var text = new StringBuilder(" (");
    for (int i = 0; i < FLAGS.size(); i++) {
      if ((flags & 2 << i) != 0) {
        text.append(' ').append(FLAGS.get(i));
      }
    }
    return text.append(" )").toString();
  }
}
