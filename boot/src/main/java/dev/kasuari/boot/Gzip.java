package dev.kasuari.boot;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/** Decompresses what a user gave. */
final class Gzip {
  /** More than any kernel; keeps a hostile file from filling the host's memory. */
  private static final int LARGEST = 512 << 20;

  private Gzip() {}

  static boolean matches(Bytes file) throws BootException {
    return file.has(0, 0x1f, 0x8b, 8);
  }

  static byte[] decompress(String name, byte[] file) throws BootException {
    ByteArrayOutputStream out = new ByteArrayOutputStream(Math.min(file.length, LARGEST / 8) * 4);
    byte[] buffer = new byte[1 << 16];
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(file), 1 << 16)) {
      for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
        if (out.size() > LARGEST - n) {
          throw new BootException(name + ": larger than 512 MiB when decompressed");
        }
        out.write(buffer, 0, n);
      }
      return out.toByteArray();
    } catch (EOFException e) {
      throw new BootException(name + ": truncated: its gzip data has no end", e);
    } catch (IOException e) {
      throw new BootException(name + ": damaged gzip data: " + e.getMessage(), e);
    }
  }
}
