package dev.kasuari.vm;

import dev.kasuari.chardev.ChardevOptions;
import dev.kasuari.chardev.ChardevOptionsCodec;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import java.util.List;

/** Character streams for devices to name ({@code -chardev}). */
public final class Chardevs {
  private static final List<String> KINDS = List.of("stdio", "pty", "file", "null", "testdev");
  private static final List<String> OTHER_KINDS =
      List.of(
          "socket",
          "udp",
          "msmouse",
          "wctablet",
          "hub",
          "vc",
          "ringbuf",
          "memory",
          "pipe",
          "console",
          "serial",
          "tty",
          "parallel",
          "parport",
          "braille",
          "spicevmc",
          "spiceport",
          "qemu-vdagent",
          "dbus");
  private static final List<String> OTHER_KEYS = List.of("logfile", "logappend");

  private Chardevs() {}

  /** Takes {@code -chardev}'s argument apart. */
  public static OptionSource source(String text) {
    return OptionSource.of("-chardev " + text, text, "backend");
  }

  /**
   * Understands it.
   *
   * @throws OptionException if it makes no sense, or names what is not there yet
   */
  static ChardevOptions parse(OptionSource source) {
    String kind = source.text("backend");
    if (kind != null && OTHER_KINDS.contains(kind)) {
      throw NotYet.of(source.where(), "kind of character stream");
    }
    if (kind != null && !KINDS.contains(kind)) {
      throw new OptionException(
          source.where() + ": no such stream '" + kind + "'" + Nearest.hint(kind, KINDS));
    }
    for (String key : source.tree().members().keySet()) {
      if (OTHER_KEYS.contains(key) || (key.equals("mux") && !"stdio".equals(kind))) {
        throw NotYet.of(source.where() + ": '" + key + "'", "property");
      }
    }
    return ChardevOptionsCodec.CODEC.parse(source);
  }

  /** What {@code -chardev help} prints. */
  public static String help() {
    return """
    Character streams:
      stdio,id=ID[,mux=on|off][,signal=on|off]   standard input and output
      pty,id=ID                                  a pseudo-terminal; its name is printed
      file,id=ID,path=PATH[,append=on|off]       a file that output is written to
      null,id=ID                                 nothing
      testdev,id=ID                              ends the machine with code 2N+1 when the guest writes Nq
    """;
  }
}
