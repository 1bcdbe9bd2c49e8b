package dev.kasuari.hw.scsi;

import dev.kasuari.machine.backend.BlockBackend;
import dev.kasuari.machine.backend.OnError;
import dev.kasuari.qapi.OptionException;
import org.jspecify.annotations.Nullable;

/**
 * What disks and discs have in common, as their properties say.
 *
 * @param drive the bytes, or null for a drive without a medium
 * @param place where it is to be
 * @param identity who it is
 * @param logicalBlockSize bytes, the unit of what is asked for
 * @param physicalBlockSize bytes, the unit that is efficient
 * @param writeCache whether what is written may stay in a cache
 * @param ofReads what becomes of reads that failed
 * @param ofWrites what becomes of writes that failed
 */
record DiskSettings(
    @Nullable BlockBackend drive,
    ScsiPlace place,
    Identity identity,
    int logicalBlockSize,
    int physicalBlockSize,
    boolean writeCache,
    OnError ofReads,
    OnError ofWrites) {
  private static final int MOST_SERIAL = 36;
  private static final int MOST_NAME = 20;

  /**
   * Complains of what does not go together.
   *
   * @param type the device's name
   */
  void check(String type) {
    String where = "-device " + type + ": ";
    powerOfTwo(where + "logical_block_size", logicalBlockSize);
    powerOfTwo(where + "physical_block_size", physicalBlockSize);
    if (physicalBlockSize < logicalBlockSize) {
      throw new OptionException(where + "physical_block_size is below logical_block_size");
    }
    shortText(where + "vendor", identity.vendor(), 8);
    shortText(where + "product", identity.product(), 16);
    shortText(where + "ver", identity.version(), 4);
    String serial = identity.serial();
    if (serial != null) {
      shortText(where + "serial", serial, MOST_SERIAL);
    }
  }

  static void powerOfTwo(String what, int value) {
    if (Integer.bitCount(value) != 1) {
      throw new OptionException(what + "=" + value + " is not a power of two");
    }
  }

  private static void shortText(String what, String text, int most) {
    if (text.length() > most || !text.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
      throw new OptionException(
          what + "=" + text + ": at most " + most + " characters of ASCII can be told");
    }
  }

  /** By which a unit is known apart: what the user says, or its serial number, or its drive's. */
  static String name(@Nullable String own, @Nullable String serial, @Nullable BlockBackend drive) {
    String name = own != null ? own : serial != null ? serial : drive == null ? "" : drive.id();
    String ascii = name.replaceAll("[^ -~]", "?");
    return ascii.substring(0, Math.min(MOST_NAME, ascii.length()));
  }
}
