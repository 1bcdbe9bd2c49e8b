package dev.kasuari.vm;

import dev.kasuari.chardev.ChardevOptions;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.qapi.OptionException;
import java.util.List;

/** What a serial port is connected to ({@code -serial}). */
public sealed interface SerialPort {
  /** A stream that the machine opens. */
  record Stream(ChardevOptions options) implements SerialPort {}

  /** A stream that {@code -chardev} describes, by its id. */
  record Named(String id) implements SerialPort {}

  /** What an embedding program brings; closed with the machine. */
  record Given(CharBackend backend) implements SerialPort {}

  /** The kinds of character streams that QEMU knows and we do not. */
  List<String> OTHERS =
      List.of(
          "vc",
          "pipe",
          "tcp",
          "telnet",
          "websocket",
          "udp",
          "unix",
          "msmouse",
          "wctablet",
          "braille",
          "con",
          "ringbuf",
          "tn3270",
          "mouse");

  /** Nothing: output is dropped. */
  static SerialPort nothing() {
    return new Stream(new ChardevOptions.Nothing("null"));
  }

  /** Standard input and output, where Ctrl-A begins commands to the emulator. */
  static SerialPort terminal() {
    return new Stream(new ChardevOptions.Stdio("stdio", true, false));
  }

  /** True if it is standard input and output. */
  default boolean stdio() {
    return this instanceof Stream(ChardevOptions.Stdio stdio);
  }

  /**
   * Reads {@code -serial}'s argument.
   *
   * @throws OptionException if there is no such thing
   */
  static SerialPort parse(String text) {
    String plain = text.startsWith("mon:") ? text.substring(4) : text;
    if (OTHERS.contains(plain.replaceFirst("[:,].*", "")) || plain.startsWith("/dev/")) {
      throw NotYet.of("-serial " + text, "kind of character stream");
    }
    if (text.startsWith("chardev:")) {
      return new Named(text.substring("chardev:".length()));
    }
    return text.equals("none")
        ? nothing()
        : new Stream(ChardevOptions.ofShort("-serial", text, text));
  }
}
