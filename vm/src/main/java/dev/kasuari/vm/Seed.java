package dev.kasuari.vm;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;

/** Where a machine's random numbers begin if nobody says so. */
final class Seed {
  private Seed() {}

  /** One that cannot be foretold. */
  static long fresh() {
    // SecureRandom reads the same file, after looking for who provides it: a tenth of the start.
    try (var random = new FileInputStream("/dev/urandom")) {
      byte[] bytes = random.readNBytes(Long.BYTES);
      if (bytes.length == Long.BYTES) {
        return ByteBuffer.wrap(bytes).getLong();
      }
    } catch (IOException e) {
      // A host without such a file.
    }
    return new SecureRandom().nextLong();
  }
}
