package dev.kasuari.img.nbd;

import dev.kasuari.block.nbd.NbdAddress;
import dev.kasuari.block.nbd.NbdExport;
import dev.kasuari.block.nbd.NbdServer;
import dev.kasuari.block.object.TlsCredentials;
import dev.kasuari.img.Arguments;
import dev.kasuari.img.Session;
import dev.kasuari.img.ToolException;
import dev.kasuari.img.daemon.Background;
import dev.kasuari.img.daemon.Ending;
import dev.kasuari.img.daemon.PidFile;
import dev.kasuari.img.daemon.ServerCommand;
import dev.kasuari.qapi.OptionException;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** The command {@code kasuari-nbd}. */
public final class NbdTool {
  private static final Set<String> FLAGS =
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
          "t",
          "persistent",
          "v",
          "verbose",
          "L",
          "list",
          "A",
          "allocation-depth",
          "fork",
          "image-opts");
  private static final Set<String> VALUED =
      Set.of(
          "p",
          "port",
          "b",
          "bind",
          "k",
          "socket",
          "o",
          "offset",
          "e",
          "shared",
          "x",
          "export-name",
          "D",
          "description",
          "B",
          "bitmap",
          "object",
          "tls-creds",
          "tls-hostname",
          "tls-authz",
          "T",
          "trace",
          "pid-file",
          "selinux-label",
          "c",
          "connect",
          "d",
          "disconnect",
          "f",
          "format",
          "l",
          "load-snapshot",
          "cache",
          "aio",
          "discard",
          "detect-zeroes");

  private final String program;
  private final Arguments given;
  private final PrintStream out;
  private final PrintStream err;

  private NbdTool(String program, Arguments given, PrintStream out, PrintStream err) {
    this.program = program;
    this.given = given;
    this.out = out;
    this.err = err;
  }

  /** Runs the server and ends the process with its exit code. */
  @SuppressWarnings("SystemOut")
  public static void main(String[] arguments) {
    System.exit(run(List.of(arguments), System.out, System.err));
  }

  /** Runs the server until it ends, and returns the exit code. */
  public static int run(List<String> arguments, PrintStream out, PrintStream err) {
    return new ServerCommand("kasuari-nbd", HELP, FLAGS, VALUED)
        .run(
            arguments,
            out,
            err,
            (program, given) -> new NbdTool(program, given, out, err).run(arguments));
  }

  private @Nullable String value(String letter, String word) {
    String value = given.value(letter);
    return value == null ? given.value(word) : value;
  }

  private String value(String letter, String word, String otherwise) {
    String value = value(letter, word);
    return value == null ? otherwise : value;
  }

  private boolean has(String letter, String word) {
    return given.has(letter) || given.has(word);
  }

  private int run(List<String> arguments) {
    for (String kernel : List.of("c", "connect", "d", "disconnect")) {
      if (given.has(kernel)) {
        throw new ToolException(
            "-"
                + kernel
                + ": connecting the kernel's devices needs ioctl calls that are not there"
                + " yet; a client in user space does (nbdcopy, nbdfuse, kasuari-img)");
      }
    }
    for (String later : List.of("tls-authz", "selinux-label", "l", "load-snapshot")) {
      if (given.has(later)) {
        throw new ToolException((later.length() == 1 ? "-" : "--") + later + " is not supported");
      }
    }
    NbdAddress address = address();
    if (has("L", "list")) {
      return list(address);
    }
    if (given.words().size() != 1) {
      throw new ToolException(
          "Invalid number of arguments"
              + System.lineSeparator()
              + "Try `"
              + program
              + " --help' for more information.");
    }
    if (given.has("fork") && !Background.inside()) {
      return Background.start(arguments, err);
    }
    try (Session session = new Session()) {
      session.warnTo(err, program);
      return serve(session, address);
    }
  }

  private NbdAddress address() {
    String path = value("k", "socket");
    String bind = value("b", "bind");
    String port = value("p", "port");
    if (path == null) {
      return new NbdAddress.Inet(bind == null ? "" : bind, port(port == null ? "10809" : port));
    }
    if (bind != null || port != null) {
      throw new ToolException("Don't use both -k and -p or -b");
    }
    if (!path.startsWith("/")) {
      throw new ToolException("socket path must be absolute");
    }
    return new NbdAddress.Unix(path);
  }

  private static int port(String text) {
    try {
      int port = Integer.parseInt(text);
      if (port >= 0 && port <= 0xffff) {
        return port;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new ToolException("Invalid port '" + text + "'");
  }

  private int shared() {
    String text = value("e", "shared", "1");
    try {
      int shared = Integer.parseInt(text);
      if (shared >= 0) {
        return shared;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new ToolException("Invalid shared device number '" + text + "'");
  }

  private int list(NbdAddress address) {
    if (!given.words().isEmpty()) {
      throw new ToolException("List mode is incompatible with a file name");
    }
    NbdAddress at =
        address instanceof NbdAddress.Inet inet && inet.host().isEmpty()
            ? new NbdAddress.Inet("0.0.0.0", inet.port())
            : address;
    try (Session session = new Session()) {
      session.define(given.values("object"));
      String id = given.value("tls-creds");
      TlsCredentials tls =
          id == null ? null : session.graph().objects().tls("", id, TlsCredentials.Endpoint.CLIENT);
      ExportList.print(out, at, tls, given.value("tls-hostname"));
      return 0;
    }
  }

  private int serve(Session session, NbdAddress address) {
    session.define(given.values("object"));
    TlsCredentials tls = serverCredentials(session);
    int most = shared();
    NbdExport export = new ExportedImage(session, given).open();
    boolean persistent = has("t", "persistent");
    var ended = new CountDownLatch(1);
    try (NbdServer server = new NbdServer(address, tls, most, this::log)) {
      server.add(export);
      server.onLeft(() -> {
        if (!persistent && server.clients() == 0) {
          ended.countDown();
        }
      });
      try (var _ = new Ending(program, out, err, () -> end(server, session, address))) {
        PidFile.write(given.value("pid-file"));
        server.start();
        Background.ready();
        ended.await();
      }
      removeSocket(address);
      return 0;
    } catch (IOException e) {
      throw new ToolException(address.bindFailed(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }

  private void end(NbdServer server, Session session, NbdAddress address) {
    try {
      server.close();
    } finally {
      removeSocket(address);
      session.close();
    }
  }

  private void removeSocket(NbdAddress address) {
    try {
      address.removeSocket();
    } catch (IOException e) {
      log("cannot remove " + address + ": " + e.getMessage());
    }
  }

  private void log(String text) {
    err.println(program + ": " + text);
  }

  private @Nullable TlsCredentials serverCredentials(Session session) {
    String id = given.value("tls-creds");
    if (id == null) {
      return null;
    }
    try {
      return session.graph().objects().tls("", id, TlsCredentials.Endpoint.SERVER);
    } catch (OptionException e) {
      throw new ToolException("Failed to get TLS creds: " + e.getMessage());
    }
  }

  private static final String HELP =
      """
      Shows a disk image to clients of the NBD protocol, as qemu-nbd does.

      Usage: kasuari-nbd [OPTIONS] IMAGE
             kasuari-nbd -L [OPTIONS]

      Connections:
        -p, --port PORT            listen there (10809)
        -b, --bind ADDRESS         listen on this address alone
        -k, --socket PATH          listen on a socket of the file system
        -e, --shared N             so many clients at a time (1; 0: any number)
        -t, --persistent           stay when the last client has left
        -x, --export-name NAME     what clients ask for (the empty name)
        -D, --description TEXT     what clients are told about it
        --tls-creds ID             encrypt; ID is of an --object tls-creds-x509
        --tls-hostname NAME        with -L: what the server's certificate is for
        -L, --list                 say what another server shows
        --fork                     go to the background once clients may come
        --pid-file PATH            note the process there

      The image:
        -f, --format FORMAT        its format; found out if left out
        --image-opts               IMAGE is options of a node
        --object TYPE,id=ID,...    define what options refer to
        -r, --read-only            clients may not write
        -s, --snapshot             what they write is forgotten
        -o, --offset OFFSET        leave out what is before
        -A, --allocation-depth     tell which image of a chain has what
        -B, --bitmap NAME          tell what is dirty; any number of times
        -n, --nocache              past the host's cache
        --cache MODE               none, writeback, writethrough, directsync, unsafe
        --discard MODE             ignore or unmap
        --detect-zeroes MODE       off, on or unmap
        --aio MODE                 threads, native, io_uring: all the same here
        -v, -T                     accepted, without effect
        -V, --version              say which program this is
      """;
}
