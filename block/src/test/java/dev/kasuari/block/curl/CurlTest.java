package dev.kasuari.block.curl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Root;
import dev.kasuari.block.curl.WebServer.Answer;
import dev.kasuari.block.curl.WebServer.Site;
import dev.kasuari.block.testing.TestImages;
import dev.kasuari.qapi.OptionException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Disks on web servers that do as they should, or not. */
@Tag("fast")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CurlTest {
  private static final byte[] NOTHING = {};
  private final byte[] file = new byte[1 << 20];
  private final BlockGraph graph = new BlockGraph();
  private final List<AutoCloseable> open = new ArrayList<>();

  CurlTest() {
    new Random(4).nextBytes(file);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
  }

  private WebServer serve(Site site) throws Exception {
    var server = new WebServer(site);
    open.add(server);
    return server;
  }

  private BlockNode open(String json) {
    Root root = Root.of(graph, "test", graph.openFile("", json, null, Access.read()));
    open.add(root);
    return root.node();
  }

  private BlockNode open(WebServer server, String options) {
    return open(
        "json:{\"driver\":\"http\",\"url\":\"" + server.url("/disk") + "\"" + options + "}");
  }

  @Test
  void partsAreRead() throws Exception {
    WebServer server = serve(request -> WebServer.part(file, request));
    BlockNode node = open(server.url("/a/disk"));
    assertThat(node.driver()).isEqualTo("raw");
    assertThat(node.filename()).isEqualTo(server.url("/a/disk"));
    assertThat(node.size()).isEqualTo(file.length);
    assertThat(TestImages.firstDifference(node, file)).isEqualTo(-1);
    Random random = new Random(7);
    for (int i = 0; i < 100; i++) {
      int at = random.nextInt(file.length);
      int length = 1 + random.nextInt(file.length - at);
      assertThat(TestImages.read(node, at, length))
          .isEqualTo(Arrays.copyOfRange(file, at, at + length));
    }
    assertThat(node.writable()).isFalse();
    assertThat(server.requests).allMatch(r -> r.line().equals("GET /a/disk"));
  }

  @Test
  void whatWasReadAheadIsNotAskedForAgain() throws Exception {
    WebServer server = serve(request -> WebServer.part(file, request));
    BlockNode node = open(server, ",\"readahead\":65536");
    for (int at = 0; at < 10 * 4096; at += 4096) {
      assertThat(TestImages.read(node, at, 4096))
          .isEqualTo(Arrays.copyOfRange(file, at, at + 4096));
    }
    assertThat(server.requests).hasSize(2);
    assertThat(server.requests.getLast().header("range")).isEqualTo("bytes=0-69631");
    BlockNode without = open(server, ",\"readahead\":0");
    for (int i = 0; i < 3; i++) {
      assertThat(TestImages.read(without, 0, 512)).isEqualTo(Arrays.copyOf(file, 512));
    }
    assertThat(server.requests).hasSize(6);
  }

  @Test
  void whoIsAskedKnowsWho() throws Exception {
    WebServer server =
        serve(request ->
            request.header("authorization").equals("Basic dTpsZXRtZWlu") // u:letmein
                    && request.header("cookie").equals("a=b; c=d")
                ? WebServer.part(file, request)
                : new Answer("401 Unauthorized", NOTHING));
    graph.objects().add("", "secret,id=s,data=letmein");
    String who = ",\"username\":\"u\",\"password-secret\":\"s\"";
    BlockNode node = open(server, who + ",\"cookie\":\"a=b; c=d\"");
    assertThat(TestImages.firstDifference(node, file)).isEqualTo(-1);
    graph.objects().add("", "secret,id=c,data=a=b; c=d");
    assertThat(open(server, who + ",\"cookie-secret\":\"c\"").size()).isEqualTo(file.length);
    assertThatThrownBy(() -> open(server, "")).hasMessageContaining("returned error: 401");
  }

  /** Where it has moved to is followed, and is not told the password if it is somebody else. */
  @Test
  void moved() throws Exception {
    WebServer there = serve(request -> WebServer.part(file, request));
    WebServer server =
        serve(request ->
            switch (request.line()) {
              case "GET /disk" -> new Answer("302 Found\r\nLocation: /b", NOTHING);
              case "GET /b" -> new Answer("307 Moved\r\nLocation: " + there.url("/c"), NOTHING);
              case "GET /port" -> new Answer("302 Found\r\nLocation: http://a:99999/", NOTHING);
              case "GET /file" -> new Answer("302 Found\r\nLocation: file:///etc/passwd", NOTHING);
              default -> new Answer("302 Found\r\nLocation: /loop", NOTHING);
            });
    BlockNode node = open(server, ",\"username\":\"u\",\"cookie\":\"a=b\"");
    assertThat(TestImages.firstDifference(node, file)).isEqualTo(-1);
    assertThat(server.requests).allMatch(r -> r.header("authorization").startsWith("Basic "));
    assertThat(there.requests).isNotEmpty();
    assertThat(there.requests)
        .allMatch(r -> r.header("authorization").isEmpty() && r.header("cookie").isEmpty());
    assertThatThrownBy(() -> open(server.url("/loop"))).hasMessageContaining("redirects followed");
    for (String nowhere : List.of("/file", "/port")) {
      assertThatThrownBy(() -> open(server.url(nowhere))).hasMessageContaining("not followed");
    }
  }

  private static Stream<Arguments> wrongSites() {
    byte[] one = new byte[1];
    return Stream.of(
        Arguments.of("error: 404", (Site) r -> new Answer("404 Not Found", NOTHING)),
        Arguments.of("'range'", (Site) r -> new Answer("200 OK", new byte[100])),
        Arguments.of("report file size", (Site) r -> new Answer("206 Partial", one)),
        Arguments.of(
            "report file size",
            (Site) r -> new Answer("206 Partial\r\nContent-Range: bytes 0-0/*", one)),
        Arguments.of(
            "report file size",
            (Site)
                r ->
                    new Answer(
                        "206 Partial\r\nContent-Range: bytes 0-0/99999999999999999999", one)),
        Arguments.of(
            "timed out",
            (Site)
                r -> {
                  new CountDownLatch(1).await();
                  throw new AssertionError();
                }));
  }

  @ParameterizedTest
  @MethodSource("wrongSites")
  void whatCannotBeOpenedIsSaid(String complaint, Site site) throws Exception {
    WebServer server = serve(site);
    assertThatThrownBy(() -> open(server, ",\"timeout\":1"))
        .isInstanceOf(BlockException.class)
        .hasMessageContaining("CURL: Error opening file")
        .hasMessageContaining(complaint);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "200 OK|error: 200",
        "500 Oops|error: 500",
        "206 Partial~Content-Range: bytes 0-511/1048576|another range",
        "206 Partial~Content-Range: bytes 512-1023/1048577|another range",
        "206 Partial~Content-Length: 1000~Content-Range: bytes 512-1023/1048576|Premature EOF",
      })
  void whatIsNotSentIsAnError(String head, String complaint) throws Exception {
    String wrong = head.replace("~", "\r\n");
    WebServer server =
        serve(request ->
            request.range()[0] == 512
                ? new Answer(wrong, new byte[wrong.contains("1000") ? 100 : 512])
                : WebServer.part(file, request));
    BlockNode node = open(server, ",\"readahead\":0");
    assertThatThrownBy(() -> TestImages.read(node, 512, 512))
        .isInstanceOf(BlockException.class)
        .hasMessageContaining(complaint);
    assertThat(TestImages.read(node, 1024, 512)).isEqualTo(Arrays.copyOfRange(file, 1024, 1536));
  }

  /** A byte now and then keeps no request alive: the time is that of all of it. */
  @ParameterizedTest
  @ValueSource(strings = {"HTTP/1.1 206 Partial", "HTTP/1.1 206 Partial\r\nContent-Range: bytes "})
  void whatComesInDripsIsTooLate(String head) throws Exception {
    try (var socket = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      var hungUp = new CompletableFuture<Boolean>();
      Thread.ofPlatform().daemon(true).start(() -> hungUp.complete(drip(socket, head)));
      String url = "http://127.0.0.1:" + socket.getLocalPort() + "/";
      String json = "json:{\"driver\":\"http\",\"timeout\":1,\"url\":\"" + url + "\"}";
      assertThatThrownBy(() -> open(json)).hasMessageContaining("timed out");
      assertThat(hungUp.get(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  /** Sends until the other end has gone. */
  private static boolean drip(ServerSocket socket, String head) {
    try (Socket client = socket.accept()) {
      client.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
      for (int i = 0; i < 500; i++) {
        client.getOutputStream().write('0');
        Thread.sleep(50); // far less than the time there is
      }
      return false;
    } catch (IOException e) {
      return true;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void emptyFiles() throws Exception {
    WebServer server = serve(r -> new Answer("416 Range\r\nContent-Range: bytes */0", NOTHING));
    assertThat(open(server, "").size()).isZero();
    WebServer other = serve(r -> new Answer("200 OK", NOTHING));
    assertThat(open(other, "").size()).isZero();
  }

  @Test
  void whatMakesNoSenseIsRefused() {
    for (String options :
        List.of(
            "\"driver\":\"http\"",
            "\"driver\":\"http\",\"url\":\"https://localhost/\"",
            "\"driver\":\"https\",\"url\":\"ftp://localhost/\"",
            "\"driver\":\"http\",\"url\":\"http://127.0.0.1:1/\",\"readahead\":100",
            "\"driver\":\"http\",\"url\":\"http://127.0.0.1:1/\",\"readahead\":1073741824",
            "\"driver\":\"http\",\"url\":\"http:///x\"",
            "\"driver\":\"http\",\"url\":\"http://127.0.0.1:65536/\"",
            "\"driver\":\"http\",\"url\":\"http://127.0.0.1:1/\",\"cookie\":\"a\\nX: b\"",
            "\"driver\":\"http\",\"url\":\"http://127.0.0.1:1/ \"",
            "\"driver\":\"http\",\"url\":\"http://127.0.0.1:1/\"",
            "\"driver\":\"http\",\"url\":\"http://127.0.0.1:1/\",\"password-secret\":\"no\"")) {
      assertThatThrownBy(() -> open("json:{" + options + "}"))
          .as(options)
          .isInstanceOfAny(BlockException.class, OptionException.class);
    }
    assertThatThrownBy(() -> graph.openFile("", "http://127.0.0.1:1/x", "raw", Access.write()))
        .hasMessageContaining("does not support writes");
  }
}
