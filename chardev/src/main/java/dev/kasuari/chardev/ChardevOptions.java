package dev.kasuari.chardev;

import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Options;
import java.nio.file.Path;
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
      implements ChardevOptions {
    @Override
    public CharBackend open(Commands commands) {
      StdioChardev stream = StdioChardev.open(id, signal);
      return mux ? new MuxChardev(stream, stream.interactive(), commands) : stream;
    }
  }

  /**
   * Nothing: output is dropped, there is no input.
   *
   * @param id what {@code chardev=} calls it
   */
  @Options(branch = "null")
  record Nothing(String id) implements ChardevOptions {
    @Override
    public CharBackend open(Commands commands) {
      return new NullChardev(id);
    }
  }

  /**
   * An end for the machine of a guest that tests hardware, see {@link TestChardev}.
   *
   * @param id what {@code chardev=} calls it
   */
  @Options(branch = "testdev")
  record Test(String id) implements ChardevOptions {
    @Override
    public CharBackend open(Commands commands) {
      return new TestChardev(id, commands);
    }
  }

  /**
   * A file that output is written to.
   *
   * @param id what {@code chardev=} calls it
   * @param path of the file
   * @param append keep what is in the file
   */
  @Options(branch = "file")
  record File(String id, String path, @Options.Default("off") boolean append)
      implements ChardevOptions {
    @Override
    public CharBackend open(Commands commands) {
      return FileChardev.open(id, Path.of(path), append);
    }
  }

  /**
   * A pseudo-terminal of the host, for a terminal program to open.
   *
   * @param id what {@code chardev=} calls it
   */
  @Options(branch = "pty")
  record Pty(String id) implements ChardevOptions {
    @Override
    public CharBackend open(Commands commands) {
      return PtyChardev.open(id);
    }
  }

  /**
   * Reads the short form of {@code -serial}: {@code stdio}, {@code mon:stdio}, {@code pty}, {@code
   * null}, {@code testdev}, {@code file:PATH}.
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
      case "testdev" -> new Test(id);
      default ->
          throw new OptionException(
              where
                  + " "
                  + text
                  + ": no such stream"
                  + Nearest.hint(
                      text, List.of("stdio", "mon:stdio", "pty", "null", "testdev", "file:PATH")));
    };
  }

  /**
   * Makes the stream.
   *
   * @param commands what the stream may ask for
   * @throws OptionException if it cannot be had
   */
  CharBackend open(Commands commands);
}
