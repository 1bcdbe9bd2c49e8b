package dev.kasuari.guests;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Zstandard through the program of that name; Debian's own packages do not need it. */
final class Zstandard {
  private Zstandard() {}

  static InputStream decompress(InputStream compressed) throws IOException {
    Path file = Files.createTempFile("kasuari", ".zst");
    try {
      Files.write(file, compressed.readAllBytes());
      Process process =
          new ProcessBuilder("zstd", "-dc", file.toString())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      byte[] plain = process.getInputStream().readAllBytes();
      if (process.waitFor() != 0) {
        throw new GuestException("a damaged zstd stream");
      }
      return new ByteArrayInputStream(plain);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new GuestException("interrupted while decompressing", e);
    } catch (GuestException e) {
      throw e;
    } catch (IOException e) {
      throw new GuestException("this package is zstd-compressed; install the program zstd", e);
    } finally {
      Files.deleteIfExists(file);
    }
  }
}
