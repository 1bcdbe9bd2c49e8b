package dev.kasuari.img;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Images that nginx serves, plain and with TLS, read by us and by qemu-img 7.2. */
@Tag("guest")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WebPeerTest {
  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init")
  private Process server;

  private int port;
  private int tlsPort;

  @BeforeEach
  void start() throws Exception {
    byte[] content = new byte[3 << 20];
    new Random(8).nextBytes(content);
    Files.write(folder.resolve("base.raw"), content);
    theirs("create -q -f qcow2 -b base.raw -F raw DIR/image.qcow2");
    run("qemu-io", "-c", "write -P 7 1M 100k", folder.resolve("image.qcow2").toString());
    Files.writeString(
        folder.resolve("info"), "cn = localhost\ntls_www_server\nexpiration_days = 2\n");
    String key = folder.resolve("key.pem").toString();
    run("certtool", "--generate-privkey", "--bits", "2048", "--outfile", key);
    run(
        "certtool",
        "--generate-self-signed",
        "--load-privkey",
        key,
        "--template",
        folder.resolve("info").toString(),
        "--outfile",
        folder.resolve("cert.pem").toString());
    port = freePort();
    tlsPort = freePort();
    Files.writeString(
        folder.resolve("nginx.conf"),
        """
        daemon off;
        master_process off;
        pid DIR/pid;
        error_log DIR/log;
        events {}
        http {
          access_log off;
          client_body_temp_path DIR/t1;
          proxy_temp_path DIR/t2;
          fastcgi_temp_path DIR/t3;
          uwsgi_temp_path DIR/t4;
          scgi_temp_path DIR/t5;
          root DIR;
          server { listen 127.0.0.1:PORT; }
          server {
            listen 127.0.0.1:TLS ssl;
            ssl_certificate DIR/cert.pem;
            ssl_certificate_key DIR/key.pem;
          }
        }
        """
            .replace("DIR", folder.toString())
            .replace("PORT", "" + port)
            .replace("TLS", "" + tlsPort));
    server =
        new ProcessBuilder("/usr/sbin/nginx", "-c", folder.resolve("nginx.conf").toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("out").toFile())
            .start();
    while (!Files.exists(folder.resolve("pid"))) {
      assertThat(server.isAlive()).as(Files.readString(folder.resolve("out"))).isTrue();
      Thread.sleep(20);
    }
  }

  @AfterEach
  void stop() throws Exception {
    server.destroy();
    server.waitFor();
  }

  private static int freePort() throws Exception {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isZero();
  }

  private ToolRun theirs(String words) {
    return ToolRun.theirs(folder, "qemu-img", words);
  }

  private ToolRun ours(String words) {
    return ToolRun.ours(folder, words);
  }

  @Test
  void aChainIsReadAsQemuReadsIt() {
    String url = "http://127.0.0.1:" + port + "/image.qcow2";
    for (String words :
        new String[] {
          "info -U " + url, "map " + url, "check " + url, "info http://127.0.0.1:" + port + "/none"
        }) {
      ToolRun expected = theirs(words);
      ToolRun run = ours(words);
      assertThat(run.code()).as(words + run.err()).isEqualTo(expected.code());
      if (run.code() == 0) {
        assertThat(run.out()).isEqualTo(expected.out());
      }
    }
    assertThat(ours("convert -O raw " + url + " DIR/a").err()).isEmpty();
    // From the folder: QEMU 7.2 may wait for ever for the answers to several requests at once.
    assertThat(theirs("convert -O raw DIR/image.qcow2 DIR/b").err()).isEmpty();
    assertThat(folder.resolve("a")).hasSameBinaryContentAs(folder.resolve("b"));
  }

  @Test
  void certificatesAreLookedAt() {
    String url = "https://127.0.0.1:" + tlsPort + "/base.raw";
    ToolRun refused = ours("info -f raw " + url);
    assertThat(refused.code()).isOne();
    assertThat(refused.err()).contains("CURL: Error opening file").contains("certificat");
    String options = "driver=raw,file.driver=https,file.sslverify=off,file.url=" + url;
    assertThat(ours("compare --image-opts " + options + " driver=raw,file.filename=DIR/base.raw"))
        .isEqualTo(new ToolRun("Images are identical.\n", "", 0));
  }
}
