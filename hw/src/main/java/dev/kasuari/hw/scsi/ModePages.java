package dev.kasuari.hw.scsi;

import dev.kasuari.machine.memory.DmaFault;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** MODE SENSE and MODE SELECT. Source: SPC-4, 6.13 to 6.16 and 7.5 "Mode parameters". */
final class ModePages {
  /** Write cache and its kin (SBC-3, 6.5.5). */
  static final int CACHING = 0x08;

  static final int WCE = 4;
  private static final int ALL = 0x3f;
  private static final int CHANGEABLE = 1;
  private static final int SAVED = 3;

  /** Whose pages they are. */
  interface Unit {
    /** Bytes of the pages that there are, without number and length, by number. */
    Map<Integer, byte[]> pages();

    /** WP and DPOFUA (SBC-3, 6.5.1). */
    int deviceSpecific();

    /** A block descriptor (SPC-4, 7.5.5.1), or nothing. */
    byte[] blockDescriptor();

    /** The initiator wants what is written kept in a cache, or not. */
    void setWriteCache(boolean on);
  }

  private ModePages() {}

  static void sense(ScsiTask task, Unit unit) throws ScsiFailure, DmaFault {
    Cdb cdb = task.cdb();
    int control = cdb.u8(2) >> 6;
    if (control == SAVED) {
      throw ScsiFailure.of(Sense.SAVING_NOT_SUPPORTED);
    }
    boolean small = cdb.length() == 6;
    byte[] descriptor = cdb.bit(1, 8) ? new byte[0] : unit.blockDescriptor();
    byte[] pages = pages(unit, cdb.u8(2) & ALL, cdb.u8(3), control == CHANGEABLE);
    int header = small ? 4 : 8;
    ByteBuffer out = ByteBuffer.allocate(header + descriptor.length + pages.length);
    if (small) {
      out.put((byte) (out.capacity() - 1)).put((byte) 0);
      out.put((byte) unit.deviceSpecific()).put((byte) descriptor.length);
    } else {
      out.putShort((short) (out.capacity() - 2)).put((byte) 0).put((byte) unit.deviceSpecific());
      out.putShort((short) 0).putShort((short) descriptor.length);
    }
    out.put(descriptor).put(pages);
    task.answer(out.array(), cdb.count());
  }

  private static byte[] pages(Unit unit, int wanted, int subpage, boolean changeable)
      throws ScsiFailure {
    var out = new ByteArrayOutputStream();
    new TreeMap<>(unit.pages())
        .forEach((number, page) -> {
          if (wanted == ALL || wanted == number) {
            out.write(number);
            out.write(page.length);
            out.writeBytes(changeable ? mask(number, page.length) : page);
          }
        });
    boolean whole = subpage == 0 || (wanted == ALL && subpage == 0xff);
    if (out.size() == 0 || !whole) {
      throw ScsiFailure.of(Sense.INVALID_FIELD);
    }
    return out.toByteArray();
  }

  /** The bits that an initiator may change. */
  private static byte[] mask(int number, int length) {
    byte[] mask = new byte[length];
    if (number == CACHING) {
      mask[0] = WCE;
    }
    return mask;
  }

  static void select(ScsiTask task, Unit unit) throws ScsiFailure, DmaFault {
    Cdb cdb = task.cdb();
    int length = (int) cdb.count();
    task.needOut(length);
    if (!cdb.bit(1, 0x10) || cdb.bit(1, 1)) { // pages of the standard, and none saved
      throw ScsiFailure.of(Sense.INVALID_FIELD);
    }
    if (length == 0) {
      task.good();
      return;
    }
    byte[] list = task.take(0, length);
    int header = cdb.length() == 6 ? 4 : 8;
    if (length < header) {
      throw ScsiFailure.of(Sense.PARAMETER_LENGTH);
    }
    int descriptor = header == 4 ? list[3] & 0xff : (list[6] & 0xff) << 8 | (list[7] & 0xff);
    if (descriptor != 0 && descriptor != 8) {
      throw ScsiFailure.of(Sense.INVALID_PARAMETER);
    }
    // All is looked at before anything changes.
    apply(list, header + descriptor, unit, false);
    apply(list, header + descriptor, unit, true);
    task.good(length);
  }

  private static void apply(byte[] list, int from, Unit unit, boolean change) throws ScsiFailure {
    Map<Integer, byte[]> pages = unit.pages();
    int at = from;
    if (at > list.length) {
      throw ScsiFailure.of(Sense.PARAMETER_LENGTH);
    }
    while (at < list.length) {
      if (at + 2 > list.length || at + 2 + (list[at + 1] & 0xff) > list.length) {
        throw ScsiFailure.of(Sense.PARAMETER_LENGTH);
      }
      int number = list[at] & 0x7f; // the first bit is reserved here
      byte[] page = Arrays.copyOfRange(list, at + 2, at + 2 + (list[at + 1] & 0xff));
      byte[] now = pages.get(number);
      if (now == null || now.length != page.length) {
        throw ScsiFailure.of(Sense.INVALID_PARAMETER);
      }
      byte[] mask = mask(number, now.length);
      for (int i = 0; i < now.length; i++) {
        if (((now[i] ^ page[i]) & ~mask[i]) != 0) {
          throw ScsiFailure.of(Sense.INVALID_PARAMETER);
        }
      }
      if (change && number == CACHING) {
        unit.setWriteCache((page[0] & WCE) != 0);
      }
      at += 2 + page.length;
    }
  }
}
