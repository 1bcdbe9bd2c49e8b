package dev.kasuari.it.smp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.testkit.ConsoleProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A JVM of its own whose vCPUs, four of them, never leave machine code but to say so. */
final class BusyJvm implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 120;

  /** Iterations between two lines of the guest: some tenths of a second. */
  private static final long BEAT = 40_000_000;

  private final ConsoleProcess process;

  private BusyJvm(List<String> before, List<String> javaOptions, List<String> program)
      throws IOException {
    var command = new ArrayList<>(before);
    command.add(tool("java"));
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-Xmx256m"));
    command.addAll(javaOptions);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(program);
    process = ConsoleProcess.start(command, PATIENCE_SECONDS);
  }

  /** The command line, with options for its JVM; back when the guest runs. */
  static BusyJvm start(Path folder, String... javaOptions) throws Exception {
    return start(
        folder,
        List.of(),
        List.of(javaOptions),
        "dev.kasuari.cli.Main system riscv64 -nographic -m 128M -smp 4 -kernel");
  }

  /** The same, started as shells start what a script puts into the background. */
  static BusyJvm inBackground(Path folder) throws Exception {
    return start(
        folder,
        List.of("sh", "-c", "trap '' INT; exec \"$@\"", "sh"),
        List.of(),
        "dev.kasuari.cli.Main system riscv64 -nographic -m 128M -smp 4 -kernel");
  }

  /** {@link EmbeddedMachine}, which ends as is said. */
  static BusyJvm embedded(Path folder, String end, String... javaOptions) throws Exception {
    return start(
        folder, List.of(), List.of(javaOptions), EmbeddedMachine.class.getName() + " " + end);
  }

  private static BusyJvm start(
      Path folder, List<String> before, List<String> javaOptions, String program) throws Exception {
    String guest = new GuestProgram("busy", 4).with("BEAT", BEAT).build(folder).toString();
    var words = new ArrayList<>(List.of(program.split(" ", -1)));
    words.add(guest);
    var jvm = new BusyJvm(before, javaOptions, words);
    jvm.process.await("beat");
    return jvm;
  }

  private static String tool(String name) {
    return Path.of(System.getProperty("java.home"), "bin", name).toString();
  }

  ConsoleProcess console() {
    return process;
  }

  /** The guest goes on: it says so again, twice, as one line may have been on its way. */
  void beats() throws InterruptedException {
    process.await("beat");
    process.await("beat");
  }

  /** What a tool of the JDK says to this JVM; the words before its number, then those after it. */
  String tell(String tool, String... words) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of(tool(tool), Long.toString(process.pid())));
    command.addAll(List.of(words));
    return run(command);
  }

  /** Sends a signal. */
  void signal(String name) throws IOException, InterruptedException {
    run(List.of("kill", "-" + name, Long.toString(process.pid())));
  }

  private static String run(List<String> command) throws IOException, InterruptedException {
    Process tool = new ProcessBuilder(command).redirectErrorStream(true).start();
    tool.getOutputStream().close();
    String said = new String(tool.getInputStream().readAllBytes(), UTF_8);
    assertThat(tool.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
    assertThat(tool.exitValue()).as("%s: %s", command, said).isZero();
    return said;
  }

  @Override
  public void close() {
    process.close();
  }
}
