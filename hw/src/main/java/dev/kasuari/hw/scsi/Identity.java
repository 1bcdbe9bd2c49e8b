package dev.kasuari.hw.scsi;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Who a logical unit is.
 *
 * @param type peripheral device type: 0 a disk, 5 a CD drive
 * @param removable whether its medium is
 * @param vendor at most 8 characters
 * @param product at most 16 characters
 * @param version at most 4 characters
 * @param serial at most 36 characters, or null
 * @param name by which it is known apart, at most 20 characters, perhaps empty
 * @param wwn its name that the whole world knows, or 0
 * @param portWwn of its port, or 0
 * @param portIndex of its port, or 0
 */
record Identity(
    int type,
    boolean removable,
    String vendor,
    String product,
    String version,
    @Nullable String serial,
    String name,
    long wwn,
    long portWwn,
    int portIndex) {
  private static final int STANDARD = 36;
  private static final int LONGEST = 256;

  /** Standard INQUIRY data (SPC-4, 6.6.2), as much as is wanted: version descriptors are empty. */
  byte[] standard(int wanted) {
    byte[] out = new byte[Math.clamp(wanted, STANDARD, LONGEST)];
    out[0] = (byte) type;
    out[1] = (byte) (removable ? 0x80 : 0);
    out[2] = 5; // SPC-3: who claims more must answer REPORT SUPPORTED OPERATION CODES
    out[3] = 0x12; // LUNs have levels; the format is this one
    out[4] = (byte) (out.length - 5);
    out[7] = 0x12; // 16-bit addresses, command queuing
    text(out, 8, 8, vendor);
    text(out, 16, 16, product);
    text(out, 32, 4, version);
    return out;
  }

  private static void text(byte[] to, int at, int length, String text) {
    Arrays.fill(to, at, at + length, (byte) ' ');
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, to, at, Math.min(length, bytes.length));
  }

  /** Unit serial number (7.8.15), null if there is none. */
  byte @Nullable [] serialNumber() {
    return serial == null ? null : serial.getBytes(StandardCharsets.US_ASCII);
  }

  /** Device identification (7.8.6): one designator for each name that it has. */
  byte[] designators() {
    byte[] text = name.getBytes(StandardCharsets.US_ASCII);
    ByteBuffer out = ByteBuffer.allocate(4 + text.length + 3 * 12);
    if (text.length > 0) {
      out.putInt(0x0200_0000 | text.length).put(text); // ASCII, of no authority
    }
    if (wwn != 0) {
      out.putInt(0x0103_0008).putLong(wwn); // NAA
    }
    if (portWwn != 0) {
      out.putInt(0x6193_0008).putLong(portWwn); // NAA of the target port, of SAS
    }
    if (portIndex != 0) {
      out.putInt(0x6194_0004).putInt(portIndex & 0xffff); // relative target port
    }
    return Arrays.copyOf(out.array(), out.position());
  }
}
