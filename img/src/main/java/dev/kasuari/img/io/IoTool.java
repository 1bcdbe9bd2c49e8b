package dev.kasuari.img.io;

import dev.kasuari.block.BlockException;
import dev.kasuari.img.Arguments;
import dev.kasuari.img.ToolException;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionException;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The command {@code kasuari-io}. */
public final class IoTool {
  private static final List<IoCommand> COMMANDS = ProgramCommands.everything();
  private final String program;
  private final PrintStream out;
  private final PrintStream err;

  private IoTool(String program, PrintStream out, PrintStream err) {
    this.program = program;
    this.out = out;
    this.err = err;
  }

  /** Runs commands and ends the process with the exit code. */
  public static void main(String[] arguments) {
    var out =
        new PrintStream(
            new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16),
            false,
            StandardCharsets.UTF_8);
    var err =
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
    int code = run(List.of(arguments), System.in, out, err);
    out.flush();
    System.exit(code);
  }

  /** Runs commands and returns the exit code. */
  public static int run(List<String> arguments, InputStream in, PrintStream out, PrintStream err) {
    String program = System.getProperty("kasuari.program", "kasuari-io");
    return new IoTool(program, out, err).run(arguments, in);
  }

  private int run(List<String> given, InputStream in) {
    Arguments a;
    try {
      a =
          new Arguments(
              given,
              Set.of(
                  "h",
                  "help",
                  "V",
                  "version",
                  "r",
                  "read-only",
                  "s",
                  "snapshot",
                  "n",
                  "nocache",
                  "C",
                  "copy-on-read",
                  "m",
                  "misalign",
                  "k",
                  "native-aio",
                  "U",
                  "force-share",
                  "image-opts"),
              Set.of(
                  "c", "cmd", "f", "format", "i", "aio", "t", "cache", "d", "discard", "T", "trace",
                  "object"));
    } catch (ToolException e) {
      err.println(program + ": " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
      out.print(help());
      return 1;
    }
    if (a.has("h") || a.has("help")) {
      out.print(help());
      return 0;
    }
    if (a.has("V") || a.has("version")) {
      out.println(program + " (Kasuari)");
      return 0;
    }
    if (a.words().size() > 1) {
      out.print(help());
      return 1;
    }
    try (var session = new IoSession(program, out, err)) {
      if (!a.words().isEmpty()) {
        session.image(OpenImage.open(how(a), session));
      }
      return execute(session, commands(a), in);
    } catch (ToolException e) {
      err.println(program + ": " + e.getMessage());
    } catch (BlockException | OptionException e) { // a flush at the end
      err.println(program + ": " + e.getMessage());
    } finally {
      out.flush();
    }
    return 1;
  }

  private OpenImage.How how(Arguments a) {
    boolean options = a.has("image-opts");
    String name = a.words().getFirst();
    String format = first(a, "f", "format");
    if (options && format != null) {
      throw new ToolException("--image-opts and -f are mutually exclusive");
    }
    String aio = first(a, "i", "aio");
    if (aio != null && !List.of("threads", "native", "io_uring").contains(aio)) {
      throw new ToolException("Invalid aio option: " + aio);
    }
    String cache = a.has("n") || a.has("nocache") ? "none" : first(a, "t", "cache");
    boolean direct = cache != null && List.of("none", "off", "directsync").contains(cache);
    if (!direct && (a.has("k") || a.has("native-aio") || "native".equals(aio))) {
      throw new ToolException(
          "can't open device "
              + name
              + ": aio=native was specified, but it requires cache.direct=on, which was not"
              + " specified.");
    }
    String discard = first(a, "d", "discard");
    return new OpenImage.How(
        options ? null : name,
        format,
        options ? OpenImage.options(name) : new Json.Members(Map.of()),
        a.has("r") || a.has("read-only"),
        a.has("s") || a.has("snapshot"),
        a.has("U") || a.has("force-share"),
        a.has("C") || a.has("copy-on-read"),
        cache == null ? "writeback" : cache,
        discard == null ? "unmap" : discard,
        a.values("object"));
  }

  private static @Nullable String first(Arguments a, String letter, String word) {
    String value = a.value(letter);
    return value == null ? a.value(word) : value;
  }

  private static List<String> commands(Arguments a) {
    List<String> short1 = a.values("c");
    return short1.isEmpty() ? a.values("cmd") : short1;
  }

  private int execute(IoSession session, List<String> commands, InputStream in) {
    if (!commands.isEmpty()) {
      for (String command : commands) {
        if (session.quitting()) {
          break;
        }
        execute(session, command);
      }
    } else {
      interactive(session, in);
    }
    session.drain();
    return session.failed() ? 1 : 0;
  }

  private void interactive(IoSession session, InputStream in) {
    try {
      var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      while (!session.quitting()) {
        out.print(program + "> ");
        out.flush();
        String line = lines.readLine();
        if (line == null) {
          return;
        }
        execute(session, line);
      }
    } catch (IOException e) {
      err.println(program + ": " + e.getMessage());
      session.fail();
    }
  }

  private void execute(IoSession session, String line) {
    List<String> words = Arrays.stream(line.split("[ \n]+", -1)).filter(w -> !w.isEmpty()).toList();
    if (words.isEmpty()) {
      return;
    }
    for (IoCommand command : COMMANDS) {
      if (command.called(words.getFirst())) {
        execute(session, command, words);
        session.printEnded();
        return;
      }
    }
    err.println("command \"" + words.getFirst() + "\" not found");
    session.fail();
  }

  private void execute(IoSession session, IoCommand command, List<String> words) {
    try {
      if (command.needs() != IoCommand.Needs.NOTHING) {
        boolean writable = session.node().writable();
        command.requireWords(words);
        if (!writable && command.needs() == IoCommand.Needs.WRITABLE) {
          throw session.complaint("Block node is read-only");
        }
      } else {
        command.requireWords(words);
      }
      Words taken = new Words(words, command.letters(), err);
      if (taken.wrong()) {
        throw IoException.usage();
      }
      command.body().run(session, taken);
    } catch (IoException e) {
      String text = String.valueOf(e.getMessage());
      out.flush();
      (e.complains() ? err : out).println(text.isEmpty() ? command.line() : text);
      session.fail();
    } catch (BlockException | OptionException e) {
      err.println(program + ": " + e.getMessage());
      session.fail();
    }
  }

  private static String help() {
    return """
    Reads and writes disk images request by request, as qemu-io does.

    Usage: kasuari-io [OPTIONS]... [-c COMMAND]... [IMAGE]

      -c, --cmd COMMAND    run a command; without any, commands are read from the input
      -f, --format FORMAT  the image's format; found out if left out
      --image-opts         IMAGE is options of a node: driver=qcow2,file.filename=...
      --object OBJECT      define what options refer to: secret, tls-creds-x509
      -r, --read-only      refuse writes
      -s, --snapshot       what is written is forgotten
      -n, --nocache        past the host's cache, as -t none
      -t, --cache MODE     none, writeback, writethrough, directsync or unsafe
      -d, --discard MODE   ignore or unmap
      -i, --aio MODE       threads, native or io_uring: all the same here
      -U, --force-share    without locks; with -r
      -k, -m, -T ARGUMENT  accepted, without effect
      -V, --version        say which program this is

    'kasuari-io -c help' lists the commands.
    """;
  }
}
