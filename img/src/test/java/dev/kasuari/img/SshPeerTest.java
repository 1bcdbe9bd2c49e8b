package dev.kasuari.img;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockException.Kind;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Root;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Images on a server of OpenSSH, used by us and by qemu-img 7.2, whose ssh driver is libssh's. */
@Tag("guest")
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SshPeerTest {
  private static final String ANY = "?host_key_check=no";

  @TempDir Path folder;
  private final List<Process> processes = new ArrayList<>();
  private final String home = System.getProperty("user.home");
  private int port;

  /** There, nothing may be written. */
  private int lockedPort;

  @BeforeEach
  void start() throws Exception {
    Path ssh = Files.createDirectories(folder.resolve("home/.ssh"));
    for (String key : new String[] {"DIR/host", "DIR/other", "DIR/home/.ssh/id_ed25519"}) {
      run("ssh-keygen -q -t ed25519 -N  -f " + key);
    }
    run("ssh-keygen -q -t ecdsa -N  -f DIR/ecdsa");
    Files.copy(ssh.resolve("id_ed25519.pub"), folder.resolve("authorized"));
    port = freePort();
    lockedPort = freePort();
    Files.writeString(
        folder.resolve("conf"),
        """
        Port PORT
        Port LOCKED
        ListenAddress 127.0.0.1
        HostKey DIR/host
        AuthorizedKeysFile DIR/authorized
        PidFile DIR/pid
        StrictModes no
        UsePAM no
        PasswordAuthentication no
        PermitRootLogin yes
        MaxStartups 100
        Subsystem sftp internal-sftp
        Match LocalPort LOCKED
          ForceCommand internal-sftp -R
        """
            .replace("DIR", folder.toString())
            .replace("PORT", "" + port)
            .replace("LOCKED", "" + lockedPort));
    if (!Files.exists(Path.of("/run/sshd"))) {
      Files.createDirectory(Path.of("/run/sshd")); // which sshd needs, and its service makes
    }
    start("/usr/sbin/sshd -D -e -f DIR/conf", "pid");
    start("ssh-agent -D -a DIR/agent", "agent");
    run("env SSH_AUTH_SOCK=DIR/agent ssh-add -q DIR/home/.ssh/id_ed25519");
    System.setProperty("user.home", folder.resolve("home").toString());
  }

  @AfterEach
  void stop() throws Exception {
    System.setProperty("user.home", home);
    for (Process process : processes) {
      process.descendants().forEach(ProcessHandle::destroy);
      process.destroy();
      process.waitFor();
    }
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private ProcessBuilder process(String words) {
    return new ProcessBuilder(List.of(words.replace("DIR", folder.toString()).split(" ", -1)))
        .redirectErrorStream(true);
  }

  private void run(String words) throws Exception {
    Process process = process(words).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(words + ": " + out).isZero();
  }

  /** Starts a server, which makes a file when it is ready. */
  private void start(String words, String ready) throws Exception {
    Path log = folder.resolve(ready + ".log");
    Process process = process(words).redirectOutput(log.toFile()).start();
    processes.add(process);
    while (!Files.exists(folder.resolve(ready))) {
      assertThat(process.isAlive()).as(Files.readString(log)).isTrue();
      Thread.sleep(20);
    }
  }

  private ToolRun theirs(String words) {
    ToolRun run =
        ToolRun.theirs(folder, "env", "SSH_AUTH_SOCK=DIR/agent qemu-img " + named(words, port));
    String err = run.err().replaceAll("libssh error code: \\d+, ", "");
    return new ToolRun(run.out(), err, run.code());
  }

  private ToolRun ours(String words) {
    return ToolRun.ours(folder, named(words, port));
  }

  private String named(String words, int at) {
    return words.replace("URL", "ssh://127.0.0.1:" + at + folder).replace("ANY", ANY);
  }

  @Test
  void theSameIsSaid() throws Exception {
    theirs("create -q -f qcow2 DIR/a.qcow2 3M");
    String wrong = "00112233445566778899aabbccddeeff";
    for (String words :
        new String[] {
          "info URL/a.qcow2ANY",
          "info URL/none.rawANY",
          "info URL/a.qcow2?host_key_check=md5:" + wrong,
          "info URL/a.qcow2?host_key_check=sha256:00:11",
          "info URL/a.qcow2?host_key_check=perhaps",
          "info ssh://127.0.0.1:" + freePort() + "/xANY",
          "info ssh://nobody-at-all@127.0.0.1:" + port + "/xANY",
          "create -f qcow2 URL/made.qcow2ANY 10M",
          "create -f raw URL/made.rawANY 10M",
          "create -f raw URL/no/made.rawANY 10M",
          "info URL/made.rawANY",
          "resize -f raw URL/made.rawANY 20M",
          "resize -f raw --shrink URL/made.rawANY 1M",
          "map --output=json URL/made.rawANY",
          "resize -f raw URL/made.rawANY 30M".replace("URL", named("URL", lockedPort)),
          "info --image-opts driver=qcow2,file.driver=ssh,file.host=127.0.0.1,file.port="
              + port
              + ",file.path=DIR/a.qcow2,file.host-key-check.mode=none",
        }) {
      ToolRun expected = theirs(words);
      assertThat(ours(words)).as(words).isEqualTo(expected);
    }
    assertThat(Files.size(folder.resolve("made.raw"))).isEqualTo(20 << 20);
  }

  @Test
  void imagesGoBothWays() throws Exception {
    byte[] content = new byte[5 << 20];
    new Random(9).nextBytes(content);
    Files.write(folder.resolve("base.raw"), content);
    String[] steps = {
      "convert -f raw -O qcow2 DIR/base.raw URL/ours.qcow2ANY",
      "convert -O raw URL/ours.qcow2ANY URL/ours.rawANY",
      "convert -c -O qcow2 URL/ours.rawANY DIR/back.qcow2",
      "compare -f raw -F raw DIR/base.raw URL/ours.rawANY",
    };
    for (String words : steps) {
      assertThat(ours(words))
          .as(words)
          .extracting(ToolRun::err, ToolRun::code)
          .containsExactly("", 0);
    }
    assertThat(folder.resolve("ours.raw")).hasSameBinaryContentAs(folder.resolve("base.raw"));
    for (String words :
        new String[] {"check URL/ours.qcow2ANY", "compare URL/ours.qcow2ANY DIR/back.qcow2"}) {
      assertThat(theirs(words))
          .as(words)
          .extracting(ToolRun::err, ToolRun::code)
          .containsExactly("", 0);
    }
    assertThat(theirs("convert -f raw -O qcow2 DIR/base.raw URL/theirs.qcow2ANY").err()).isEmpty();
    assertThat(ours("check URL/theirs.qcow2ANY").code()).isZero();
    assertThat(ours("compare URL/theirs.qcow2ANY URL/ours.qcow2ANY").out())
        .isEqualTo("Images are identical.\n");
  }

  @Test
  void knownHosts() throws Exception {
    Path list = folder.resolve("home/.ssh/known_hosts");
    Files.writeString(folder.resolve("x.raw"), "x".repeat(512));
    String words = "info -f raw URL/x.raw";
    assertThat(ours(words).err()).contains("no host key was found in known_hosts");
    Files.writeString(list, entry("ecdsa"));
    assertThat(ours(words).err()).containsAnyOf("another type exists", "no host key was found");
    Files.writeString(list, entry("other"));
    assertThat(ours(words).err())
        .contains("host key (ssh-ed25519 key with fingerprint SHA256:")
        .contains("does not match the one in known_hosts; this may be a possible attack");
    Files.writeString(list, entry("host"));
    assertThat(ours(words).err()).isEmpty();
    Files.delete(folder.resolve("home/.ssh/id_ed25519"));
    assertThat(ours(words).err()).contains("failed to authenticate using publickey authentication");
  }

  private String entry(String key) throws IOException {
    return "[127.0.0.1]:" + port + " " + Files.readString(folder.resolve(key + ".pub"));
  }

  @Test
  void whatMayNotBeWrittenIsReadIfThatWillDo() throws Exception {
    Files.writeString(folder.resolve("x.raw"), "x".repeat(512));
    var graph = new BlockGraph();
    String name = named("URL/x.rawANY", lockedPort);
    assertThatThrownBy(() -> graph.openFile("", name, "raw", Access.write()))
        .isInstanceOfSatisfying(
            BlockException.class, e -> assertThat(e.kind()).isEqualTo(Kind.PERMISSION));
    BlockNode node = graph.openFile("", name, "raw", Access.write().withAutoReadOnly(true));
    try (Root root = Root.of(graph, "test", node)) {
      assertThat(root.node().writable()).isFalse();
      assertThat(root.node().size()).isEqualTo(512);
    }
  }

  /** The connection is cut; what is under way fails, and what comes then goes over another. */
  @Test
  void aLostConnectionIsMadeAgain() throws Exception {
    Files.writeString(folder.resolve("x.raw"), "x".repeat(1 << 20));
    try (var way = new Way(port);
        Arena arena = Arena.ofShared()) {
      var graph = new BlockGraph();
      BlockNode node = graph.openFile("", named("URL/x.rawANY", way.port()), "raw", Access.write());
      try (Root root = Root.of(graph, "test", node)) {
        MemorySegment some = arena.allocate(1 << 19).fill((byte) 'y');
        root.node().write(0, some);
        way.cut();
        try {
          root.node().read(0, some); // if the loss was noticed, over another connection already
        } catch (BlockException e) {
          assertThat(e.kind()).isEqualTo(Kind.IO_ERROR);
          assertThat(e).hasMessageContaining("'127.0.0.1:" + way.port() + "' lost");
        }
        assertThatThrownBy(root.node()::flush).hasMessageContaining("had been written");
        root.node().write(1 << 19, some);
        root.node().flush();
      }
      assertThat(Files.readString(folder.resolve("x.raw"))).isEqualTo("y".repeat(1 << 20));
    }
  }

  /** Carries bytes to a server, until it is cut. */
  private static final class Way implements AutoCloseable {
    private final ServerSocket socket = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
    private final List<Socket> open = new CopyOnWriteArrayList<>();

    Way(int to) throws IOException {
      Thread.ofVirtual().start(() -> accept(to));
    }

    int port() {
      return socket.getLocalPort();
    }

    private void accept(int to) {
      try {
        while (true) {
          Socket client = socket.accept();
          var server = new Socket(InetAddress.getLoopbackAddress(), to);
          open.addAll(List.of(client, server));
          Thread.ofVirtual().start(() -> carry(client, server));
          Thread.ofVirtual().start(() -> carry(server, client));
        }
      } catch (IOException e) {
        return; // closed
      }
    }

    private static void carry(Socket from, Socket to) {
      try (InputStream in = from.getInputStream();
          OutputStream out = to.getOutputStream()) {
        in.transferTo(out);
      } catch (IOException e) {
        return; // cut
      }
    }

    void cut() throws IOException {
      for (Socket one : open) {
        one.close();
      }
      open.clear();
    }

    @Override
    public void close() throws IOException {
      socket.close();
      cut();
    }
  }
}
