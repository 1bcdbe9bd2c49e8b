package dev.kasuari.guests;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;

/** Fetches files over http, https and from file: URIs. */
final class Transport implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(20);
  private static final Duration ANSWER = Duration.ofSeconds(60);

  private final HttpClient client =
      HttpClient.newBuilder()
          .followRedirects(HttpClient.Redirect.NORMAL)
          .connectTimeout(CONNECT)
          .build();

  /**
   * Fetches one file.
   *
   * @param total its size in bytes as the index has it, or -1; a longer answer is refused
   */
  void fetch(URI uri, Path target, String name, long total, Progress progress) throws IOException {
    try (InputStream in = open(uri);
        OutputStream out = Files.newOutputStream(target)) {
      byte[] buffer = new byte[1 << 16];
      long done = 0;
      for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
        out.write(buffer, 0, n);
        done += n;
        if (total >= 0 && done > total) {
          throw new GuestException(uri + ": longer than the " + total + " bytes its index says");
        }
        progress.update(name, done, total < 0 ? -1 : total);
      }
      if (total >= 0 && done < total) {
        throw new GuestException(uri + ": ended after " + done + " of " + total + " bytes");
      }
    }
  }

  private InputStream open(URI uri) throws IOException {
    try {
      if ("file".equals(uri.getScheme())) {
        return Files.newInputStream(Path.of(uri));
      }
      HttpRequest request = HttpRequest.newBuilder(uri).timeout(ANSWER).build();
      HttpResponse<InputStream> response =
          client.send(request, HttpResponse.BodyHandlers.ofInputStream());
      if (response.statusCode() != 200) {
        response.body().close();
        throw new GuestException(uri + ": the server answered " + response.statusCode());
      }
      return response.body();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new GuestException(uri + ": interrupted", e);
    } catch (NoSuchFileException e) {
      throw new GuestException(uri + ": no such file", e);
    } catch (ConnectException e) {
      throw new GuestException(uri + ": cannot connect to the server", e);
    } catch (IllegalArgumentException e) {
      throw new GuestException(uri + ": not an http, https or file address", e);
    }
  }

  @Override
  public void close() {
    client.close();
  }
}
