package dev.kasuari.guests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("fast")
final class TransportTest {
  @TempDir Path directory;

  /** Answers one request with these bytes and closes. */
  private static ServerSocket serve(String answer) throws IOException {
    ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    Thread.ofVirtual()
        .start(() -> {
          try (Socket socket = server.accept();
              InputStream in = socket.getInputStream()) {
            int ends = 0;
            while (ends < 4) { // the empty line after the request's headers
              int c = in.read();
              ends = c == '\r' || c == '\n' ? ends + 1 : 0;
            }
            socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
          } catch (IOException e) {
            // The test fails on the other end.
          }
        });
    return server;
  }

  private void fetch(ServerSocket server, long total) throws IOException {
    URI uri = URI.create("http://127.0.0.1:" + server.getLocalPort() + "/file");
    try (Transport transport = new Transport()) {
      transport.fetch(uri, directory.resolve("file"), "file", total, Progress.none());
    }
  }

  @Test
  void fetchesOverHttp() throws IOException {
    try (ServerSocket server = serve("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")) {
      fetch(server, 5);
    }
    assertThat(directory.resolve("file")).hasContent("hello");
  }

  @Test
  void namesAddressAndAnswerOnFailure() throws IOException {
    try (ServerSocket server = serve("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")) {
      assertThatThrownBy(() -> fetch(server, 5))
          .isInstanceOf(GuestException.class)
          .hasMessageContaining("/file: the server answered 404");
    }
    ServerSocket closed = serve("");
    closed.close();
    assertThatThrownBy(() -> fetch(closed, 5)).hasMessageContaining("cannot connect");
  }

  @Test
  void aConnectionThatBreaksIsAnError() throws IOException {
    try (ServerSocket server = serve("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello")) {
      assertThatThrownBy(() -> fetch(server, 50)).isInstanceOf(IOException.class);
    }
  }
}
