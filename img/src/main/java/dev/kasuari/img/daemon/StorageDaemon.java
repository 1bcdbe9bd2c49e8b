package dev.kasuari.img.daemon;

import dev.kasuari.block.BlockException;
import dev.kasuari.img.Arguments;
import dev.kasuari.img.ToolException;
import dev.kasuari.qapi.OptionException;
import java.io.PrintStream;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

/** The command {@code kasuari-storage-daemon}: nodes and exports, until a signal ends it. */
public final class StorageDaemon {
  private static final Set<String> FLAGS = Set.of("h", "help", "V", "version", "daemonize");
  private static final Set<String> VALUED =
      Set.of("blockdev", "chardev", "export", "monitor", "nbd-server", "object", "pidfile");

  private final String program;
  private final Arguments given;
  private final PrintStream out;
  private final PrintStream err;

  private StorageDaemon(String program, Arguments given, PrintStream out, PrintStream err) {
    this.program = program;
    this.given = given;
    this.out = out;
    this.err = err;
  }

  /** Runs it and ends the process with its exit code. */
  @SuppressWarnings("SystemOut")
  public static void main(String[] arguments) {
    System.exit(run(List.of(arguments), System.out, System.err));
  }

  /** Runs it; returns the exit code if it did not come as far as serving. */
  public static int run(List<String> arguments, PrintStream out, PrintStream err) {
    return new ServerCommand("kasuari-storage-daemon", HELP, FLAGS, VALUED)
        .run(
            arguments,
            out,
            err,
            (program, given) -> new StorageDaemon(program, given, out, err).run(arguments));
  }

  private int run(List<String> arguments) {
    if (!given.words().isEmpty()) {
      throw new ToolException(given.words().getFirst() + ": Unexpected argument");
    }
    String help = help();
    if (!help.isEmpty()) {
      out.print(help);
      return 0;
    }
    if (given.has("daemonize") && !Background.inside()) {
      return Background.start(arguments, err);
    }
    try (var serving = new Serving(text -> err.println(program + ": " + text));
        var _ = new Ending(program, out, err, serving::close)) {
      for (Arguments.Option option : given.inOrder()) {
        apply(serving, option);
      }
      PidFile.write(given.value("pidfile"));
      Background.ready();
      new CountDownLatch(1).await(); // a signal ends it
      return 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }

  private String help() {
    var text = new StringBuilder();
    for (Arguments.Option option : given.inOrder()) {
      text.append(Serving.help(option.name(), option.value()));
    }
    return text.toString();
  }

  private static void apply(Serving serving, Arguments.Option option) {
    try {
      serving.apply(option.name(), option.value());
    } catch (ToolException | OptionException | BlockException e) {
      throw new ToolException("--" + option.name() + " " + option.value() + ": " + e.getMessage());
    }
  }

  private static final String HELP =
      """
      Opens disk images and shows them to clients, as qemu-storage-daemon does, until SIGTERM or
      SIGINT ends it. Options are taken in the order in which they are written.

      Usage: kasuari-storage-daemon [OPTIONS]

        --blockdev [driver=]DRIVER,node-name=NAME[,PROP=VALUE]...
                                   open a node; 'kasuari system riscv64 -blockdev help' lists
                                   drivers and what they take
        --nbd-server addr.type=unix,addr.path=PATH[,tls-creds=ID][,max-connections=N]
        --nbd-server addr.type=inet,addr.host=HOST,addr.port=PORT[,...]
                                   listen for clients of the NBD protocol
        --export [type=]nbd,id=ID,node-name=NODE[,name=NAME][,description=TEXT][,writable=on]
                 [,writethrough=on][,allocation-depth=on][,bitmaps.N=BITMAP]...
                                   show a node; needs an --nbd-server before it
        --object TYPE,id=ID[,PROP=VALUE]...
                                   define what options refer to ('help' lists the types)
        --pidfile PATH             note the process there once clients may come
        --daemonize                go to the background then
        -h, --help                 say this
        -V, --version              say which program this is

      All arguments but PATHs may be JSON objects.
      """;
}
