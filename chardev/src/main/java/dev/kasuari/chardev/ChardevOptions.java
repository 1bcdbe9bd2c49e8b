package dev.kasuari.chardev;

import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Options;
import java.util.List;

/** A character stream as {@code -chardev} describes it. */
@Options(implied = "backend", discriminator = "backend")
public sealed interface ChardevOptions {
  /** What {@code chardev=} calls it. */
  String id();

  /**
   * Standard input and output.
   *
   * @param id what {@code chardev=} calls it
   * @param mux listen for commands that begin with Ctrl-A
   * @param signal Ctrl-C ends the emulator instead of going to the guest
   */
  @Options(branch = "stdio")
  record Stdio(
      String id, @Options.Default("off") boolean mux, @Options.Default("on") boolean signal)
      implements ChardevOptions {}

  /**
   * Nothing: output is dropped, there is no input.
   *
   * @param id what {@code chardev=} calls it
   */
  @Options(branch = "null")
  record Nothing(String id) implements ChardevOptions {}

  /**
   * A file that output is written to.
   *
   * @param id what {@code chardev=} calls it
   * @param path of the file
   * @param append keep what is in the file
   */
  @Options(branch = "file")
  record File(String id, String path, @Options.Default("off") boolean append)
      implements ChardevOptions {}

  /**
   * A pseudo-terminal of the host, for a terminal program to open.
   *
   * @param id what {@code chardev=} calls it
   */
  @Options(branch = "pty")
  record Pty(String id) implements ChardevOptions {}

  /**
   * Reads the short form of {@code -serial}: {@code stdio}, {@code mon:stdio}, {@code pty}, {@code
   * null}, {@code file:PATH}.
   *
   * @param where what a complaint begins with: {@code -serial}
   * @param id the id of the result
   * @throws OptionException if it is none of these
   */
  static ChardevOptions ofShort(String where, String text, String id) {
    if (text.startsWith("file:") && text.length() > 5) {
      return new File(id, text.substring(5), false);
    }
    return switch (text) {
      case "stdio" -> new Stdio(id, false, true);
      case "mon:stdio" -> new Stdio(id, true, false);
      case "pty" -> new Pty(id);
      case "null" -> new Nothing(id);
      default ->
          throw new OptionException(
              where
                  + " "
                  + text
                  + ": no such stream"
                  + Nearest.hint(text, List.of("stdio", "mon:stdio", "pty", "null", "file:PATH")));
    };
  }

  /**
   * Makes the stream.
   *
   * @param commands what Ctrl-A commands do, where the stream listens for them
   * @throws OptionException if it cannot be had
   */
  default dev.kasuari.machine.backend.CharBackend open(MuxChardev.Commands commands) {
    return switch (this) {
      case Nothing nothing -> new NullChardev(nothing.id());
      case Pty pty -> PtyChardev.open(pty.id());
      case File file ->
          FileChardev.open(file.id(), java.nio.file.Path.of(file.path()), file.append());
      case Stdio stdio -> {
        StdioChardev stream = StdioChardev.open(stdio.id(), stdio.signal());
        yield stdio.mux() ? new MuxChardev(stream, stream.interactive(), commands) : stream;
      }
    };
  }
}
