package dev.kasuari.hw.scsi;

/**
 * Where a logical unit is.
 *
 * @param channel 0 on adapters with one
 * @param target its number, {@code scsi-id}
 * @param lun number of the unit in its target, up to 16383
 */
public record ScsiAddress(int channel, int target, int lun) {
  /** The first with an address of its own that needs two bytes (SAM-5, 4.7.7.2). */
  private static final int FLAT = 256;

  /** The unit's number in the first level of a LUN's eight bytes: peripheral or flat. */
  public int level() {
    return lun < FLAT ? lun : 0x4000 | lun;
  }

  @Override
  public String toString() {
    return channel + ":" + target + ":" + lun;
  }
}
