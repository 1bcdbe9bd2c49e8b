package dev.kasuari.block.table;

import dev.kasuari.block.BlockException;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Compressed blocks whose size is known. */
public final class Zlib {
  private Zlib() {}

  /**
   * Unpacks all of {@code out}.
   *
   * @param bare without zlib's header (RFC 1951 instead of RFC 1950)
   * @param what for messages: {@code cloop: block 3}
   */
  public static void inflate(ByteBuffer packed, boolean bare, ByteBuffer out, String what) {
    Inflater inflater = new Inflater(bare);
    try {
      inflater.setInput(packed);
      while (out.hasRemaining()) {
        if (inflater.inflate(out) == 0) {
          throw BlockException.corrupt(what + " ends too early");
        }
      }
    } catch (DataFormatException e) {
      throw BlockException.corrupt(what + " is damaged: " + e.getMessage());
    } finally {
      inflater.end();
    }
  }
}
