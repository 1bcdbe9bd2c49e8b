package dev.kasuari.img.io;

import java.io.PrintStream;
import java.util.Map;

/** What the letters behind commands mean. */
final class OptionHelp {
  private static final Map<String, String> COMMON =
      Map.ofEntries(
          Map.entry("b", "the machine's state instead of the disk"),
          Map.entry("C", "statistics in one line for programs"),
          Map.entry("f", "flush, too"),
          Map.entry("i", "an invalid request, for statistics"),
          Map.entry("k", "ignored: requests are made one way here"),
          Map.entry("l", "how many bytes are compared with the pattern"),
          Map.entry("m", "what is there from the start: off, metadata, falloc, full"),
          Map.entry("p", "ignored"),
          Map.entry("P", "a byte: what is written, or what is expected"),
          Map.entry("q", "no statistics"),
          Map.entry("v", "show the bytes"),
          Map.entry("z", "zeroes, which need not be written"),
          Map.entry("o", "options of the image's driver: key=value,..."));
  private static final Map<String, String> OWN =
      Map.ofEntries(
          Map.entry("read s", "where comparing begins, from the offset on"),
          Map.entry("write s", "a file of which as much is written as fits, again and again"),
          Map.entry("write c", "compressed, in whole clusters"),
          Map.entry("write n", "with -z: fail if they would have to be written"),
          Map.entry("write u", "with -z: their room may be given back"),
          Map.entry("aio_write u", "with -z: their room may be given back"),
          Map.entry("open s", "what is written is forgotten"),
          Map.entry("open r", "refuse writes"),
          Map.entry("open C", "copy on read"),
          Map.entry("open n", "past the host's cache, as -t none"),
          Map.entry("open U", "without locks; with -r"),
          Map.entry("open t", "none, writeback, writethrough, directsync or unsafe"),
          Map.entry("open d", "ignore or unmap"),
          Map.entry("reopen c", "none, writeback, writethrough, directsync or unsafe"),
          Map.entry("reopen r", "refuse writes"),
          Map.entry("reopen w", "allow writes"));

  private OptionHelp() {}

  static void print(PrintStream out, IoCommand command) {
    command
        .letters()
        .chars()
        .filter(c -> c != ':')
        .mapToObj(Character::toString)
        .filter(letter -> command.syntax().contains("-") && known(command, letter) != null)
        .sorted(String.CASE_INSENSITIVE_ORDER)
        .forEach(letter -> out.println(" -" + letter + ", -- " + known(command, letter)));
  }

  private static @org.jspecify.annotations.Nullable String known(IoCommand command, String letter) {
    String own = OWN.get(command.name() + " " + letter);
    return own == null ? COMMON.get(letter) : own;
  }
}
