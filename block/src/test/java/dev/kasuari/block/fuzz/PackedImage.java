package dev.kasuari.block.fuzz;

import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Images as inputs of a fuzzer: what is not zero, so that a few hundred bytes are an image of
 * megabytes. A flag, then runs: how many sectors of 64 bytes are skipped (16 bits, little endian),
 * how many bytes follow (8 bits, one less), and these.
 */
final class PackedImage {
  private static final int UNIT = 64;
  private static final int MOST_RUN = 256;
  private static final int MOST_IMAGE = 8 << 20;

  /** The rest of the last sector, so that the end is one. */
  private static final int SECTOR = 512;

  private PackedImage() {}

  /** True if checksums are to be made right. */
  static boolean sealed(byte[] input) {
    return input.length > 0 && (input[0] & 1) != 0;
  }

  /** The image that an input is; whatever its bytes are, it is one. */
  static byte[] unpack(byte[] input) {
    byte[] image = new byte[each(input, null)];
    var _ = each(input, image);
    return image;
  }

  /** Puts runs into an image if there is one; the size that it must have. */
  private static int each(byte[] input, byte @Nullable [] image) {
    int end = 0;
    for (int at = 1; at + 3 <= input.length; ) {
      int skip = ((input[at] & 0xff) | ((input[at + 1] & 0xff) << 8)) * UNIT;
      int length = Math.min((input[at + 2] & 0xff) + 1, input.length - at - 3);
      int start = end + skip;
      if (start + length > MOST_IMAGE) {
        break;
      }
      if (image != null) {
        System.arraycopy(input, at + 3, image, start, length);
      }
      end = (start + length + UNIT - 1) / UNIT * UNIT;
      at += 3 + length;
    }
    return (end + SECTOR - 1) / SECTOR * SECTOR;
  }

  /** The input that is an image. */
  static byte[] pack(byte[] image, boolean seal) {
    var out = new ByteArrayOutputStream();
    out.write(seal ? 1 : 0);
    int end = 0;
    for (int at = 0; at < image.length; ) {
      boolean last = at + UNIT >= image.length;
      if (empty(image, at, UNIT) && !last) {
        at += UNIT;
        continue;
      }
      int length = UNIT;
      while (length < MOST_RUN && !empty(image, at + length, UNIT)) {
        length += UNIT;
      }
      length = Math.min(length, image.length - at);
      while (length > 1 && image[at + length - 1] == 0) {
        length--;
      }
      skip(out, (at - end) / UNIT);
      out.write(length - 1);
      out.write(image, at, length);
      end = (at + length + UNIT - 1) / UNIT * UNIT;
      at = end;
    }
    return out.toByteArray();
  }

  private static void skip(ByteArrayOutputStream out, int units) {
    if (units >= 1 << 16) {
      throw new IllegalArgumentException("a hole of " + units + " units");
    }
    out.write(units);
    out.write(units >>> 8);
  }

  private static boolean empty(byte[] image, int at, int length) {
    for (int i = at; i < Math.min(at + length, image.length); i++) {
      if (image[i] != 0) {
        return false;
      }
    }
    return true;
  }
}
