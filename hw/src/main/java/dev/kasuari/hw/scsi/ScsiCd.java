package dev.kasuari.hw.scsi;

import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.backend.BlockBackend;
import dev.kasuari.machine.backend.OnError;
import dev.kasuari.machine.memory.DmaFault;
import dev.kasuari.qapi.Options;
import java.nio.ByteBuffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A SCSI drive of CDs and DVDs, which are read. Source: MMC-6. */
@DeviceModel(name = "scsi-cd", bus = ScsiBus.class)
public final class ScsiCd extends ScsiDisk<ScsiCd.Props> {
  /** Bytes of a block of data on any such disc. */
  private static final int BLOCK = 2048;

  /** A thousand bytes a second, of a drive of the first speed. */
  private static final int SINGLE_SPEED = 176;

  private static final int TYPE = 5;

  /**
   * What can be chosen.
   *
   * @param drive the disc's bytes; without one the drive is empty
   * @param channel of the bus
   * @param scsiId the target; by default the first that is free
   * @param lun number of the unit in its target; by default the first that is free
   * @param bootindex where it is among what firmware boots from; negative for nowhere
   * @param serial what the guest is told, at most 36 characters
   * @param deviceId what the guest knows it by, at most 20 characters; by default the serial number
   * @param wwn a name that the whole world knows
   * @param portWwn such a name of its port
   * @param portIndex number of its port
   * @param vendor at most 8 characters
   * @param product at most 16 characters
   * @param ver version of the product, at most 4 characters
   * @param logicalBlockSize bytes of a block
   * @param physicalBlockSize bytes, the unit that is efficient
   * @param rerror what becomes of reads that fail
   * @param werror what becomes of flushes that fail
   */
  public record Props(
      @Nullable BlockBackend drive,
      @Options.Default("0") @Options.Range(min = 0) int channel,
      @Options.Range(min = 0) @Nullable Integer scsiId,
      @Options.Range(min = 0) @Nullable Integer lun,
      @Options.Default("-1") int bootindex,
      @Nullable String serial,
      @Options.Name("device_id") @Nullable String deviceId,
      @Options.Default("0") long wwn,
      @Options.Name("port_wwn") @Options.Default("0") long portWwn,
      @Options.Name("port_index") @Options.Default("0") @Options.Range(min = 0, max = 65535)
          int portIndex,
      @Options.Default("KASUARI") String vendor,
      @Options.Default("KASUARI CD-ROM") String product,
      @Options.Default("1") String ver,
      @Options.Name("logical_block_size")
          @Options.Default("2048")
          @Options.Range(min = 512, max = 32768)
          int logicalBlockSize,
      @Options.Name("physical_block_size")
          @Options.Default("2048")
          @Options.Range(min = 512, max = 32768)
          int physicalBlockSize,
      @Options.Default("auto") OnError rerror,
      @Options.Default("auto") OnError werror) {}

  /** A drive with that disc in it, or none, with all else at its default. */
  public static ScsiCd of(@Nullable BlockBackend drive) {
    return ScsiCdType.TYPE.create(
        new Props(
            drive,
            0,
            null,
            null,
            -1,
            null,
            null,
            0,
            0,
            0,
            "KASUARI",
            "KASUARI CD-ROM",
            "1",
            BLOCK,
            BLOCK,
            OnError.AUTO,
            OnError.AUTO));
  }

  @Override
  public int bootIndex() {
    return props().bootindex();
  }

  @Override
  DiskSettings settings(Props p) {
    var identity =
        new Identity(
            TYPE,
            true,
            p.vendor(),
            p.product(),
            p.ver(),
            p.serial(),
            DiskSettings.name(p.deviceId(), p.serial(), p.drive()),
            p.wwn(),
            p.portWwn(),
            p.portIndex());
    return new DiskSettings(
        p.drive(),
        new ScsiPlace(p.channel(), p.scsiId(), p.lun()),
        identity,
        p.logicalBlockSize(),
        p.physicalBlockSize(),
        true,
        p.rerror(),
        p.werror());
  }

  /** MMC-6, 4.1.6.1: these say what has happened, or do not care. */
  @Override
  boolean overtakesNews(int opcode) {
    return opcode == Opcode.GET_CONFIGURATION
        || opcode == Opcode.GET_EVENT_STATUS_NOTIFICATION
        || super.overtakesNews(opcode);
  }

  @Override
  boolean dpofua() {
    return false;
  }

  @Override
  boolean performOwn(ScsiTask task) throws ScsiFailure, DmaFault {
    return new Disc(task, state(), medium()).perform();
  }

  @Override
  Map<Integer, byte[]> vitalPages() {
    return Map.of();
  }

  @Override
  public int deviceSpecific() {
    return 0;
  }

  /** Drives of discs have none (MMC-6, 7.2.1). */
  @Override
  public byte[] blockDescriptor() {
    return new byte[0];
  }

  @Override
  public Map<Integer, byte[]> pages() {
    ByteBuffer abilities = ByteBuffer.allocate(20); // MM capabilities, MMC-3 6.3.11
    abilities.put(0, (byte) 0x3b); // reads CD-R, CD-RW, DVD-ROM, DVD-R, DVD-RAM
    abilities.put(2, (byte) 0x70); // mode 2 in both forms, sessions
    abilities.put(3, (byte) 0);
    abilities.put(4, (byte) (0x29 | (state().locked ? 2 : 0))); // a tray that can be locked
    abilities.putShort(6, (short) (50 * SINGLE_SPEED));
    abilities.putShort(8, (short) 2).putShort(10, (short) 2048);
    abilities.putShort(12, (short) (16 * SINGLE_SPEED));
    Map<Integer, byte[]> pages = commonPages();
    byte[] recovery = pages.get(0x01);
    if (recovery != null) {
      recovery[1] = 0x20; // how often it tries
    }
    pages.put(0x0e, new byte[14]); // it plays no sound
    pages.put(0x2a, abilities.array());
    return pages;
  }
}
