package dev.kasuari.img.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.img.ToolProcess;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same words as qemu-storage-daemon 7.2 has, in processes that signals end. */
@Tag("guest")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StorageDaemonPeerTest {
  private static final String OPEN =
      "--blockdev file,node-name=f,filename=DIR/q --blockdev qcow2,node-name=q,file=f ";
  private static final String SERVER = "--nbd-server addr.type=unix,addr.path=DIR/s ";
  @TempDir Path folder;
  private final List<Process> processes = new ArrayList<>();

  private record Run(String out, int code) {}

  @BeforeEach
  void image() throws Exception {
    byte[] content = new byte[1 << 20];
    new Random(5).nextBytes(content);
    Files.write(folder.resolve("raw"), content);
    theirs("qemu-img convert -O qcow2 DIR/raw DIR/q");
    theirs("qemu-img bitmap --add DIR/q b");
  }

  @AfterEach
  void end() throws Exception {
    for (Process process : processes) {
      process.destroyForcibly().waitFor();
    }
  }

  private String[] words(String text) {
    return text.strip().replace("DIR", folder.toString()).split(" +");
  }

  private Process start(List<String> command) throws IOException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectInput(new java.io.File("/dev/null"))
            .start();
    processes.add(process);
    return process;
  }

  private static Run ended(Process process) throws Exception {
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(out, process.waitFor());
  }

  private Run theirs(String text) throws Exception {
    return ended(start(List.of(words(text))));
  }

  private Process ours(String text) throws Exception {
    return start(ToolProcess.command(StorageDaemon.class, words(text)));
  }

  /** Our daemon, once it listens and has written its process id. */
  private Process serving(String text) throws Exception {
    Process process = ours("--pidfile DIR/pid " + text);
    while (!Files.exists(folder.resolve("pid")) || Files.size(folder.resolve("pid")) == 0) {
      assertThat(process.isAlive()).as(text).isTrue();
      Thread.sleep(20);
    }
    assertThat(Files.readString(folder.resolve("pid"))).isEqualTo(process.pid() + "\n");
    return process;
  }

  private String uri(String export) {
    return "nbd+unix:///" + export + "?socket=" + folder.resolve("s");
  }

  private void signal(Process process, String signal) throws Exception {
    assertThat(theirs("kill -" + signal + " " + process.pid()).code()).isZero();
  }

  /** What is written, also without a flush, is in the image, and so is what bitmaps noted. */
  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT"})
  void aSignalClosesImages(String signal) throws Exception {
    Process daemon =
        serving(
            OPEN + SERVER + "--export nbd,id=e,node-name=q,name=x,description=text,writable=on");
    assertThat(theirs("nbdinfo " + uri("x")).out())
        .contains("export-size: 1048576", "description: text", "is_read_only: false");
    Process client = start(List.of("qemu-io", "-f", "raw", "-c", "write -P 7 64k 8k", uri("x")));
    assertThat(ended(client).out()).doesNotContain("failed");
    signal(daemon, signal);
    assertThat(ended(daemon)).isEqualTo(new Run("", 0));
    assertThat(folder.resolve("s")).doesNotExist();
    Process look = start(List.of("qemu-io", "-c", "read -P 7 64k 8k", path("q")));
    assertThat(ended(look).out()).doesNotContain("failed");
    assertThat(theirs("qemu-img check DIR/q").out()).contains("No errors");
    assertThat(theirs("qemu-img info DIR/q").out()).doesNotContain("in-use");
    // Their server reads what our daemon noted.
    theirs("qemu-nbd --fork -r -B b -f qcow2 -k DIR/t DIR/q");
    String map = theirs("nbdinfo --map=qemu:dirty-bitmap:b nbd+unix:///?socket=" + path("t")).out();
    assertThat(map.replaceAll(" +", " ").strip())
        .isEqualTo("0 65536 0 clean\n 65536 65536 1 dirty\n 131072 917504 0 clean");
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  @Test
  void severalExportsOfOneNode() throws Exception {
    theirs("qemu-img bitmap --disable DIR/q b");
    serving(
        OPEN
            + "--object throttle-group,id=g,limits.iops-total=100000 "
            + "--blockdev throttle,node-name=t,throttle-group=g,file=q "
            + "--nbd-server {\"addr\":{\"type\":\"unix\",\"path\":\"DIR/s\"},\"max-connections\":5} "
            + "--export nbd,id=e,node-name=t,name=w,writable=on,writethrough=on "
            + "--export nbd,id=e2,node-name=q,allocation-depth=on,bitmaps.0=b");
    String list = theirs("nbdinfo --list nbd+unix://?socket=" + path("s")).out();
    assertThat(list).contains("export=\"q\"", "export=\"w\"", "qemu:dirty-bitmap:b");
    assertThat(list).contains("qemu:allocation-depth", "is_read_only: true");
    assertThat(theirs("nbdcopy " + uri("q") + " DIR/copy").code()).isZero();
    assertThat(folder.resolve("copy")).hasSameBinaryContentAs(folder.resolve("raw"));
    assertThat(theirs("qemu-img compare -f raw -F raw " + uri("w") + " DIR/raw").code()).isZero();
    Process busy = start(List.of("qemu-io", "-c", "write 0 512", path("q")));
    assertThat(ended(busy).out()).contains("lock");
  }

  @Test
  void itGoesToTheBackground() throws Exception {
    Process launcher =
        ours("--daemonize --pidfile DIR/pid " + OPEN + SERVER + "--export nbd,id=e,node-name=q");
    assertThat(ended(launcher)).isEqualTo(new Run("", 0));
    long pid = Long.parseLong(Files.readString(folder.resolve("pid")).strip());
    ProcessHandle daemon = ProcessHandle.of(pid).orElseThrow();
    try {
      assertThat(pid).isNotEqualTo(launcher.pid());
      String session = Files.readString(Path.of("/proc/" + pid + "/stat")).split(" ", -1)[5];
      assertThat(session).isEqualTo(Long.toString(pid));
      assertThat(theirs("nbdinfo --size " + uri("q")).out()).isEqualTo("1048576\n");
    } finally {
      daemon.destroy();
      daemon.onExit().get();
    }
    assertThat(folder.resolve("s")).doesNotExist();
    Run failed = ended(ours("--daemonize --export nbd,id=e,node-name=q"));
    assertThat(failed.code()).isOne();
    assertThat(failed.out()).contains("NBD server not running");
  }

  /** Ours in this process: it does not come as far as serving. */
  private Run refused(String text) {
    var bytes = new ByteArrayOutputStream();
    var out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    int code = StorageDaemon.run(List.of(words(text)), out, out);
    return new Run(bytes.toString(StandardCharsets.UTF_8), code);
  }

  private static final String READ_ONLY =
      "--blockdev file,node-name=f,filename=DIR/raw,read-only=on ";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "foo",
        "--foo",
        "--blockdev help",
        "--blockdev file,node-name=f,filename=DIR/none",
        "--blockdev file,filename=DIR/raw",
        "--blockdev null-co,node-name=f,read-zeroes=on --blockdev null-co,node-name=f",
        OPEN + "--export nbd,id=e,node-name=q",
        OPEN + SERVER + "--export nbd,id=e,node-name=g",
        OPEN + SERVER + "--export nbd,id=e,node-name=q --export nbd,id=e,node-name=q",
        OPEN + SERVER + "--export nbd,id=e,node-name=q --export nbd,id=e2,node-name=q",
        OPEN + SERVER + "--export nbd,id=e,node-name=q,bitmaps.0=c",
        OPEN + SERVER + "--export nbd,id=e,node-name=q,bitmaps.0=b",
        OPEN + SERVER + "--export foo,id=e,node-name=q",
        READ_ONLY + SERVER + "--export nbd,id=e,node-name=f,writable=on",
        SERVER + SERVER,
        "--nbd-server addr.type=unix",
        "--nbd-server addr.type=inet,addr.host=127.0.0.1",
        "--nbd-server addr.type=unix,addr.path=DIR/s,tls-creds=zz",
        "--object secret",
        "--object throttle-group,id=t --object throttle-group,id=t",
        "--object throttle-group,id=t,limits.bps-total=5,limits.bps-read=5",
        "--pidfile DIR/none/x",
      })
  void whatIsWrongIsSaid(String text) throws Exception {
    Run theirs = theirs("qemu-storage-daemon " + text);
    String expected =
        theirs.out().replace("qemu-storage-daemon:", "kasuari-storage-daemon:").strip();
    theirs("qemu-img bitmap --remove DIR/q b"); // who ends with an error does not close images
    theirs("qemu-img bitmap --add DIR/q b");
    Run ours = refused(text);
    assertThat(ours.code()).isEqualTo(theirs.code());
    String first = ours.out().lines().findFirst().orElse("");
    assertThat(first).isEqualTo(expected.lines().findFirst().orElse(""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"--monitor chardev=m", "--chardev socket,id=m,path=DIR/m"})
  void thereIsNoMonitorYet(String text) throws Exception {
    Run ours = refused(text);
    assertThat(ours.code()).isOne();
    assertThat(ours.out()).contains(words(text)[0] + " ", "no monitor yet");
  }
}
