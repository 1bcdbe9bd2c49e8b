package dev.kasuari.block.curl;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A web server on the loopback that answers as a test says. */
final class WebServer implements AutoCloseable {
  /** What a client asks: {@code GET /path} and headers, by names in lower case. */
  record Request(String line, Map<String, String> headers) {
    String header(String name) {
      return headers.getOrDefault(name, "");
    }

    /** The first and the last byte that are asked for. */
    int[] range() {
      String[] ends = header("range").replace("bytes=", "").split("-", -1);
      return new int[] {Integer.parseInt(ends[0]), Integer.parseInt(ends[1])};
    }
  }

  /** What it answers: a status and headers, and a body. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Answer(String head, byte[] body) {}

  /** Decides. */
  interface Site {
    Answer answer(Request request) throws InterruptedException;
  }

  final List<Request> requests = new CopyOnWriteArrayList<>();
  private final ServerSocket socket;
  private final Site site;

  WebServer(Site site) throws IOException {
    this.site = site;
    socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofPlatform().daemon(true).start(this::accept);
  }

  /** A part of a file, as the client asks. */
  static Answer part(byte[] file, Request request) {
    int[] range = request.range();
    int last = Math.min(range[1], file.length - 1);
    return new Answer(
        "206 Partial\r\nContent-Range: bytes %d-%d/%d".formatted(range[0], last, file.length),
        java.util.Arrays.copyOfRange(file, range[0], last + 1));
  }

  String url(String path) {
    return "http://127.0.0.1:" + socket.getLocalPort() + path;
  }

  private void accept() {
    while (!socket.isClosed()) {
      try {
        Socket client = socket.accept();
        Thread.ofPlatform().daemon(true).start(() -> serve(client));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(Socket client) {
    try (client;
        InputStream in = new BufferedInputStream(client.getInputStream());
        OutputStream out = client.getOutputStream()) {
      for (String line = line(in); !line.isEmpty(); line = line(in)) {
        var headers = new TreeMap<String, String>();
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
          String[] parts = header.split(": ", 2);
          headers.put(parts[0].toLowerCase(java.util.Locale.ROOT), parts[1]);
        }
        var request = new Request(line.replace(" HTTP/1.1", ""), headers);
        requests.add(request);
        Answer answer = site.answer(request);
        String length =
            answer.head().contains("Content-Length")
                ? ""
                : "\r\nContent-Length: " + answer.body().length;
        out.write(("HTTP/1.1 " + answer.head() + length + "\r\n\r\n").getBytes(ISO_8859_1));
        out.write(answer.body());
        out.flush();
        if (!length.isEmpty()) {
          continue;
        }
        return; // it hangs up before all is said
      }
    } catch (IOException | InterruptedException e) {
      return; // the client has gone
    }
  }

  private static String line(InputStream in) throws IOException {
    var text = new StringBuilder();
    for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
      if (c != '\r') {
        text.append((char) c);
      }
    }
    return text.toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
