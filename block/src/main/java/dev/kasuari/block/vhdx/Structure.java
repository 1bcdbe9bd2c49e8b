package dev.kasuari.block.vhdx;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.table.FileBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** What the structures of an image have in common: little endian, GUIDs, and CRC-32C. */
final class Structure {
  static final int MEBIBYTE = 1 << 20;

  private Structure() {}

  static ByteBuffer allocate(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** True if the 32 bits at 4 are the checksum of all, with these zero. */
  static boolean whole(ByteBuffer bytes) {
    int said = bytes.getInt(4);
    bytes.putInt(4, 0);
    boolean right = crc(bytes) == said;
    bytes.putInt(4, said);
    return right;
  }

  /** Puts the checksum at 4. */
  static void seal(ByteBuffer bytes) {
    bytes.putInt(4, 0);
    bytes.putInt(4, crc(bytes));
  }

  private static int crc(ByteBuffer bytes) {
    var crc = new CRC32C();
    crc.update(bytes.duplicate().clear());
    return (int) crc.getValue();
  }

  static byte[] guid(ByteBuffer bytes, int at) {
    byte[] guid = new byte[16];
    bytes.get(at, guid);
    return guid;
  }

  static boolean is(ByteBuffer bytes, int at, String guid) {
    return Arrays.equals(guid(bytes, at), FileBytes.guid(UUID.fromString(guid)));
  }

  static void put(ByteBuffer bytes, int at, String guid) {
    bytes.put(at, FileBytes.guid(UUID.fromString(guid)));
  }

  /** What must be there. */
  static <T> T required(@Nullable T what, String otherwise) {
    if (what == null) {
      throw BlockException.invalid("vhdx: " + otherwise);
    }
    return what;
  }

  static void refuse(boolean wrong, String what) {
    if (wrong) {
      throw BlockException.invalid("vhdx: " + what);
    }
  }
}
