package dev.kasuari.block.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Root;
import dev.kasuari.block.object.TlsCredentials;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** libnbd's and QEMU's clients at our server; our client at QEMU's and nbdkit's servers; TLS. */
@Tag("guest")
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NbdPeerTest {
  private static final int SIZE = 4 << 20;
  @TempDir Path folder;
  private final List<AutoCloseable> open = new ArrayList<>();
  private final BlockGraph graph = new BlockGraph();
  private final List<String> log = new CopyOnWriteArrayList<>();
  private byte[] content = new byte[0];

  @BeforeEach
  void image() throws Exception {
    for (String tool : List.of("qemu-nbd", "nbdkit", "nbdinfo", "certtool")) {
      assertThat(Path.of("/usr/bin", tool))
          .as("qemu-utils, nbdkit, libnbd-bin, gnutls-bin")
          .isExecutable();
    }
    content = new byte[SIZE];
    new Random(7).nextBytes(content);
    Arrays.fill(content, 1 << 20, 2 << 20, (byte) 0);
    Files.write(folder.resolve("raw"), content);
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", path("raw"), path("q"));
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(String.join(" ", command) + ": " + out).isZero();
    return out;
  }

  /** An authority, and certificates of both ends. */
  private void certificates() throws Exception {
    certificates("tls");
  }

  private void certificates(String name) throws Exception {
    Path dir = Files.createDirectories(folder.resolve(name));
    template("ca", "cn = authority\nca\ncert_signing_key\n");
    template(
        "server",
        """
        cn = localhost
        dns_name = localhost
        ip_address = 127.0.0.1
        tls_www_server
        encryption_key
        signing_key
        """);
    template("client", "cn = client\ntls_www_client\nencryption_key\nsigning_key\n");
    for (String who : List.of("ca", "server", "client")) {
      String key = dir.resolve(who + "-key.pem").toString();
      run("certtool", "--generate-privkey", "--bits", "2048", "--outfile", key);
      var command = new ArrayList<>(List.of("certtool", "--template", path(who + ".info")));
      command.addAll(List.of("--load-privkey", key));
      command.addAll(List.of("--outfile", dir.resolve(who + "-cert.pem").toString()));
      if (who.equals("ca")) {
        command.add("--generate-self-signed");
      } else {
        command.addAll(List.of("--generate-certificate", "--load-ca-certificate"));
        command.add(dir.resolve("ca-cert.pem").toString());
        command.addAll(List.of("--load-ca-privkey", dir.resolve("ca-key.pem").toString()));
      }
      run(command.toArray(String[]::new));
    }
  }

  private void template(String who, String text) throws IOException {
    Files.writeString(folder.resolve(who + ".info"), text + "expiration_days = 2\n");
  }

  private void define(BlockGraph where, String endpoint) {
    where
        .objects()
        .add("", "tls-creds-x509,id=" + endpoint + ",dir=" + path("tls") + ",endpoint=" + endpoint);
  }

  /** Another authority's certificates, and folders in which parts of the two are. */
  private void wrongCertificates() throws Exception {
    certificates();
    certificates("rogue");
    Path stranger = Files.createDirectories(folder.resolve("stranger"));
    Path nobody = Files.createDirectories(folder.resolve("nobody"));
    Path right = folder.resolve("tls");
    Path rogue = folder.resolve("rogue");
    for (Path to : List.of(stranger, nobody)) {
      Files.copy(right.resolve("ca-cert.pem"), to.resolve("ca-cert.pem"));
    }
    for (String part : List.of("client-cert.pem", "client-key.pem")) {
      Files.copy(rogue.resolve(part), stranger.resolve(part));
    }
  }

  private static void define(BlockGraph where, Path dir, String endpoint) {
    where
        .objects()
        .add("", "tls-creds-x509,id=" + endpoint + ",dir=" + dir + ",endpoint=" + endpoint);
  }

  /** Who has no certificate, or that of another authority, is told so and logged; others go on. */
  @Test
  void ourServerRefusesWhomItDoesNotKnow() throws Exception {
    wrongCertificates();
    define(graph, "server");
    int port = serve(graph.objects().tls("", "server", TlsCredentials.Endpoint.SERVER));
    for (String who : List.of("nobody", "stranger")) {
      log.clear();
      BlockGraph own = new BlockGraph();
      define(own, folder.resolve(who), "client");
      assertThatThrownBy(() -> tcp(own, port))
          .as(who)
          .isInstanceOf(BlockException.class)
          .hasMessageContaining("certificate");
      logged(who);
      log.clear();
      String uri = "nbds://localhost:" + port + "/x?tls-certificates=" + path(who);
      Process info =
          new ProcessBuilder("nbdinfo", uri)
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("log").toFile())
              .start();
      assertThat(info.waitFor()).as(who).isEqualTo(1);
      logged(who);
    }
    BlockGraph own = new BlockGraph();
    define(own, "client");
    use(tcp(own, port));
  }

  /** The server says why; the client may hear of it before. */
  private void logged(String who) throws InterruptedException {
    for (int i = 0; i < 500 && log.isEmpty(); i++) {
      Thread.sleep(10);
    }
    assertThat(log).as(who).singleElement().asString().contains("certificate");
  }

  private BlockNode tcp(BlockGraph own, int port) {
    String name =
        "json:{\"driver\":\"nbd\",\"host\":\"127.0.0.1\",\"port\":\"%d\",\"export\":\"x\",\"tls-creds\":\"client\"}"
            .formatted(port);
    Root root = Root.of(own, "test", own.openFile("", name, null, Access.write()));
    open.add(root);
    return root.node();
  }

  /** A server with a certificate of another authority is none that we talk to. */
  @Test
  void ourClientRefusesAServerThatItDoesNotKnow() throws Exception {
    wrongCertificates();
    qemuWithTls("dir=" + path("rogue") + ",verify-peer=off");
    BlockGraph own = new BlockGraph();
    define(own, "client");
    String options = ",\"tls-creds\":\"client\",\"tls-hostname\":\"localhost\"";
    assertThatThrownBy(() -> client(own, options, false))
        .isInstanceOf(BlockException.class)
        .hasMessageContaining("certificate");
    BlockGraph other = new BlockGraph();
    define(other, folder.resolve("rogue"), "client");
    use(client(other, options, true));
  }

  /** Our server at a port of the loopback. */
  private int serve(@Nullable TlsCredentials tls) throws IOException {
    Access access = Access.write().withUnmap(true);
    Root root = Root.of(graph, "test", graph.openFile("", path("q"), "qcow2", access));
    open.add(root);
    var server = new NbdServer(new NbdAddress.Inet("127.0.0.1", 0), tls, 0, log::add);
    server.add(new NbdExport("x", "text", root.node(), true, true, true, List.of()));
    server.add(new NbdExport("", null, root.node(), false, true, false, List.of()));
    server.start();
    open.add(server);
    return server.port();
  }

  @Test
  void othersClientsUseOurServer() throws Exception {
    int port = serve(null);
    String uri = "nbd://127.0.0.1:" + port + "/x";
    String info = run("nbdinfo", uri);
    assertThat(info)
        .contains("export-size: 4194304", "description: text", "can_multi_conn: true")
        .contains("can_fast_zero: true")
        .contains("base:allocation", "qemu:allocation-depth", "using structured packets");
    assertThat(run("nbdinfo", "--list", "nbd://127.0.0.1:" + port))
        .contains("export=\"\"", "export=\"x\"");
    assertThat(run("nbdinfo", "--map", uri).replaceAll(" +", " ").strip())
        .isEqualTo("0 1048576 0 data\n 1048576 1048576 3 hole,zero\n 2097152 2097152 0 data");
    run("nbdcopy", uri, path("copy"));
    assertThat(Files.readAllBytes(folder.resolve("copy"))).isEqualTo(content);
    run("qemu-img", "convert", "-f", "raw", "-O", "raw", uri, path("copy2"));
    assertThat(Files.readAllBytes(folder.resolve("copy2"))).isEqualTo(content);
    String io =
        run(
            "qemu-io",
            "-f",
            "raw",
            "-c",
            "write -P 5 100 70000",
            "-c",
            "write -z 2M 1M",
            "-c",
            "discard 3M 512k",
            "-c",
            "flush",
            "-c",
            "read -P 5 100 70000",
            "-c",
            "read -P 0 2M 1M",
            uri);
    assertThat(io).doesNotContain("failed");
    Files.write(folder.resolve("other"), content);
    run("nbdcopy", path("other"), uri);
    assertThat(run("qemu-img", "compare", "-f", "raw", "-F", "raw", path("raw"), uri))
        .contains("identical");
  }

  @Test
  void othersClientsUseOurServerWithTls() throws Exception {
    certificates();
    define(graph, "server");
    int port = serve(graph.objects().tls("", "server", TlsCredentials.Endpoint.SERVER));
    String creds = "tls-creds-x509,id=t,endpoint=client,dir=" + path("tls");
    String image = "driver=nbd,host=127.0.0.1,port=" + port + ",export=x,tls-creds=t";
    String out =
        run(
            "qemu-img",
            "compare",
            "--object",
            creds,
            "--image-opts",
            image,
            "driver=raw,file.filename=" + path("raw"));
    assertThat(out).contains("identical");
    String uri =
        "nbds://localhost:" + port + "/x?tls-certificates=" + path("tls") + "&tls-verify-peer=true";
    assertThat(run("nbdinfo", uri)).contains("newstyle-fixed with TLS");
    run("nbdcopy", uri, path("copy"));
    assertThat(Files.readAllBytes(folder.resolve("copy"))).isEqualTo(content);
    String plain = "nbd://127.0.0.1:" + port + "/x";
    Process refused = new ProcessBuilder("nbdinfo", plain).redirectErrorStream(true).start();
    refused.getInputStream().readAllBytes();
    assertThat(refused.waitFor()).isNotZero();
  }

  private Process start(Path socket, String... command) throws Exception {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile())
            .start();
    open.add(() -> {
      process.destroy();
      process.waitFor();
    });
    for (int i = 0; i < 600 && !Files.exists(socket); i++) {
      assertThat(process.isAlive()).as(Files.readString(folder.resolve("log"))).isTrue();
      Thread.sleep(50);
    }
    return process;
  }

  private BlockNode client(BlockGraph own, String options, boolean writable) {
    String name = "json:{\"driver\":\"nbd\",\"path\":\"" + path("sock") + "\"" + options + "}";
    Access access = Access.read().withWritable(writable).withUnmap(true);
    Root root = Root.of(own, "test", own.openFile("", name, null, access));
    open.add(root);
    return root.node();
  }

  /** What a disk has is what is expected, and stays so while it is changed. */
  private void use(BlockNode node) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment all = arena.allocate(SIZE);
      node.read(0, all);
      assertThat(all.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(content);
      Random random = new Random(3);
      for (int i = 0; i < 50; i++) {
        int length = 1 + random.nextInt(70000);
        int at = random.nextInt(SIZE - length);
        byte value = (byte) random.nextInt();
        switch (random.nextInt(3)) {
          case 0 -> {
            node.writeZeroes(at, length, random.nextBoolean());
            value = 0;
          }
          default -> node.write(at, arena.allocate(length).fill(value));
        }
        Arrays.fill(content, at, at + length, value);
      }
      node.flush();
      node.read(0, all);
      assertThat(all.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(content);
    }
  }

  @Test
  void ourClientUsesQemusServer() throws Exception {
    start(
        folder.resolve("sock"),
        "qemu-nbd",
        "-t",
        "-f",
        "qcow2",
        "-k",
        path("sock"),
        "-x",
        "e",
        path("q"));
    BlockNode node = client(new BlockGraph(), ",\"export\":\"e\"", true);
    assertThat(node.status(1 << 20, 1 << 20).zero()).isTrue();
    assertThat(node.status(0, SIZE).data()).isTrue();
    use(node);
  }

  /** QEMU's server, with these words for its certificates. */
  private void qemuWithTls(String credentials) throws Exception {
    start(
        folder.resolve("sock"),
        "qemu-nbd",
        "-t",
        "-f",
        "qcow2",
        "-k",
        path("sock"),
        "--object",
        "tls-creds-x509,id=t,endpoint=server," + credentials,
        "--tls-creds",
        "t",
        "-e",
        "4",
        path("q"));
  }

  @Test
  void ourClientUsesQemusServerWithTls() throws Exception {
    certificates();
    qemuWithTls("dir=" + path("tls") + ",verify-peer=on");
    BlockGraph own = new BlockGraph();
    define(own, "client");
    use(client(own, ",\"tls-creds\":\"client\",\"tls-hostname\":\"localhost\"", true));
    BlockGraph other = new BlockGraph();
    define(other, "client");
    String wrong = ",\"tls-creds\":\"client\",\"tls-hostname\":\"example.org\"";
    assertThatThrownBy(() -> client(other, wrong, false))
        .isInstanceOf(BlockException.class)
        .hasMessageContaining("example.org");
    assertThatThrownBy(() -> client(new BlockGraph(), "", false))
        .isInstanceOf(BlockException.class)
        .hasMessageContaining("TLS");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "--filter=delay rdelay=2ms wdelay=2ms",
        "--filter=blocksize-policy blocksize-minimum=4096 blocksize-preferred=4096"
            + " blocksize-maximum=64K blocksize-error-policy=error",
        "--filter=nozero",
        "--filter=noextents",
      })
  void ourClientUsesNbdkit(String filter) throws Exception {
    var command = new ArrayList<>(List.of("nbdkit", "-f", "-U", path("sock")));
    List<String> words = filter.isEmpty() ? List.of() : List.of(filter.split(" "));
    words.stream().filter(w -> w.startsWith("--")).forEach(command::add);
    command.addAll(List.of("file", path("raw")));
    words.stream().filter(w -> !w.startsWith("--")).forEach(command::add);
    start(folder.resolve("sock"), command.toArray(String[]::new));
    use(client(new BlockGraph(), "", true));
  }

  /** Where the server says so, quickly or not at all. */
  @ParameterizedTest
  @CsvSource({
    "memory | 4M, true",
    "--filter=nozero | memory | 4M, false",
    "--filter=nozero | memory | 4M | zeromode=emulate | fastzeromode=slow, false",
    "--filter=nozero | memory | 4M | zeromode=emulate | fastzeromode=none, false",
    "zero=echo ENOTSUP no >&2; exit 1, false",
    "zero=case $5 in *fast*) exit 0;; esac; exit 1, true",
  })
  void asksNbdkitForZeroesThatAreQuick(String words, boolean quick) throws Exception {
    var command = new ArrayList<>(List.of("nbdkit", "-f", "-U", path("sock")));
    if (words.startsWith("zero=")) {
      command.addAll(List.of("eval", "get_size=echo 4194304", "pread=exit 1", "pwrite=exit 1"));
      command.add("can_fast_zero=exit 0");
    }
    command.addAll(List.of(words.split(" \\| ")));
    start(folder.resolve("sock"), command.toArray(String[]::new));
    BlockNode node = client(new BlockGraph(), "", true);
    assertThat(node.zeroQuickly(0, 1 << 20, true)).isEqualTo(quick);
    assertThat(node.zeroQuickly(1 << 20, 1 << 20, false)).isEqualTo(quick);
  }

  @Test
  void errorsOfAServerAreErrors() throws Exception {
    start(
        folder.resolve("sock"),
        "nbdkit",
        "-f",
        "-U",
        path("sock"),
        "--filter=error",
        "file",
        path("raw"),
        "error-pwrite-rate=100%",
        "error-pwrite=ENOSPC");
    BlockNode node = client(new BlockGraph(), "", true);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment some = arena.allocate(512);
      assertThatThrownBy(() -> node.write(0, some))
          .isInstanceOfSatisfying(
              BlockException.class,
              e -> assertThat(e.kind()).isEqualTo(BlockException.Kind.NO_SPACE));
      node.read(0, some);
      assertThat(some.get(ValueLayout.JAVA_BYTE, 9)).isEqualTo(content[9]);
    }
  }
}
