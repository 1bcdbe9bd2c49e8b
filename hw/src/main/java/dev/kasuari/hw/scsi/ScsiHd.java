package dev.kasuari.hw.scsi;

import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.backend.BlockBackend;
import dev.kasuari.machine.backend.OnError;
import dev.kasuari.machine.memory.DmaFault;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Options;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A SCSI disk. Source: SBC-3 (direct access block device). */
@DeviceModel(name = "scsi-hd", bus = ScsiBus.class)
public final class ScsiHd extends ScsiDisk<ScsiHd.Props> {
  /**
   * What can be chosen.
   *
   * @param drive the disk's bytes
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
   * @param logicalBlockSize bytes, the unit of what the guest asks for
   * @param physicalBlockSize bytes, the unit that is efficient
   * @param minIoSize bytes, the least that is efficient; 0 for none
   * @param optIoSize bytes, the best size of a request; 0 for none
   * @param discardGranularity bytes, the unit in which blocks are given back; 0 for not at all
   * @param maxUnmapSize bytes, the most that is given back at once
   * @param maxIoSize bytes, the most that is read or written at once
   * @param writeCache what is written may stay in the host's cache until a flush
   * @param removable the guest may take the medium out
   * @param dpofua the guest may ask for writes that end on the medium
   * @param rotationRate turns in a minute; 1 for none, 0 for unknown
   * @param rerror what becomes of reads that fail
   * @param werror what becomes of writes that fail
   */
  public record Props(
      BlockBackend drive,
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
      @Options.Default("KASUARI HARDDISK") String product,
      @Options.Default("1") String ver,
      @Options.Name("logical_block_size")
          @Options.Default("512")
          @Options.Range(min = 512, max = 2097152)
          int logicalBlockSize,
      @Options.Name("physical_block_size")
          @Options.Default("512")
          @Options.Range(min = 512, max = 2097152)
          int physicalBlockSize,
      @Options.Name("min_io_size") @Options.Default("0") @Options.Range(min = 0, max = 2097152)
          int minIoSize,
      @Options.Name("opt_io_size") @Options.Default("0") @Options.Range(min = 0) int optIoSize,
      @Options.Name("discard_granularity")
          @Options.Default("4096")
          @Options.Range(min = 0, max = 1073741824)
          int discardGranularity,
      @Options.Name("max_unmap_size") @Options.Size @Options.Default("1G") long maxUnmapSize,
      @Options.Name("max_io_size") @Options.Size @Options.Default("2147483647") long maxIoSize,
      @Options.Default("on") boolean writeCache,
      @Options.Default("off") boolean removable,
      @Options.Default("off") boolean dpofua,
      @Options.Name("rotation_rate") @Options.Default("0") @Options.Range(min = 0, max = 65535)
          int rotationRate,
      @Options.Default("auto") OnError rerror,
      @Options.Default("auto") OnError werror) {}

  private static final int HEADS = 16;
  private static final int SECTORS = 63;
  private static final int MOST_CYLINDERS = 16383;

  /** The disk of a drive, with all else at its default. */
  public static ScsiHd of(BlockBackend drive) {
    return at(drive, null, null);
  }

  /** As {@link #of}, at an address; what is null is the first that is free. */
  public static ScsiHd at(BlockBackend drive, @Nullable Integer target, @Nullable Integer lun) {
    return ScsiHdType.TYPE.create(
        new Props(
            drive,
            0,
            target,
            lun,
            -1,
            null,
            null,
            0,
            0,
            0,
            "KASUARI",
            "KASUARI HARDDISK",
            "1",
            512,
            512,
            0,
            0,
            4096,
            1L << 30,
            Integer.MAX_VALUE,
            true,
            false,
            false,
            0,
            OnError.AUTO,
            OnError.AUTO));
  }

  @Override
  protected void realize(Wiring w) {
    super.realize(w);
    int unit = props().discardGranularity();
    int block = props().logicalBlockSize();
    if (unit % block != 0) {
      throw new OptionException(
          "-device scsi-hd: discard_granularity=" + unit + " is no multiple of a block's " + block);
    }
  }

  @Override
  public int bootIndex() {
    return props().bootindex();
  }

  @Override
  DiskSettings settings(Props p) {
    var identity =
        new Identity(
            0,
            p.removable(),
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
        p.writeCache(),
        p.rerror(),
        p.werror());
  }

  @Override
  boolean dpofua() {
    return props().dpofua();
  }

  @Override
  boolean unmaps() {
    return props().discardGranularity() != 0;
  }

  @Override
  boolean performOwn(ScsiTask task) throws ScsiFailure, DmaFault {
    return new DiskWriting(task, io(), props(), !state().writeCache).perform();
  }

  // What it says of itself.

  @Override
  Map<Integer, byte[]> vitalPages() {
    Props p = props();
    long block = p.logicalBlockSize();
    byte[] limits = new byte[0x3c];
    ByteBuffer out = ByteBuffer.wrap(limits);
    out.put(0, (byte) 1); // WSNZ: WRITE SAME of 0 blocks is refused
    out.putShort(2, (short) Math.min(0xffff, p.minIoSize() / block));
    out.putInt(4, blocks(p.maxIoSize(), block));
    out.putInt(8, blocks(p.optIoSize(), block));
    if (unmaps()) {
      out.putInt(16, blocks(p.maxUnmapSize(), block));
      out.putInt(20, DiskWriting.MOST_RANGES);
      out.putInt(24, blocks(p.discardGranularity(), block));
    }
    out.putLong(32, p.maxIoSize() / block);
    byte[] characteristics = new byte[0x3c];
    ByteBuffer.wrap(characteristics).putShort((short) p.rotationRate());
    byte[] provisioning = new byte[4];
    provisioning[1] = (byte) (unmaps() ? 0xe0 : 0); // UNMAP, WRITE SAME (16) and (10) give back
    provisioning[2] = (byte) (unmaps() ? 2 : 0); // thin
    var pages = new TreeMap<Integer, byte[]>();
    pages.put(0xb0, limits);
    pages.put(0xb1, characteristics);
    pages.put(0xb2, provisioning);
    return pages;
  }

  private static int blocks(long bytes, long block) {
    return (int) Math.min(0xffff_ffffL, bytes / block);
  }

  @Override
  public byte[] blockDescriptor() {
    DiskIo present = medium();
    long blocks = present == null ? 0 : present.blocks();
    ByteBuffer out = ByteBuffer.allocate(8);
    out.putInt(blocks > 0xff_ffff ? 0 : (int) blocks).putInt(props().logicalBlockSize());
    return out.array();
  }

  /** With the geometry of a disk that turns, which some software still asks for (SCSI-2, 9.3.3). */
  @Override
  public Map<Integer, byte[]> pages() {
    DiskIo present = medium();
    long blocks = present == null ? 0 : present.blocks();
    int cylinders = Math.clamp(blocks / (HEADS * SECTORS), 2, MOST_CYLINDERS);
    ByteBuffer rigid = ByteBuffer.allocate(22);
    rigid.putShort(1, (short) cylinders).put(3, (byte) HEADS);
    rigid.putShort(5, (short) cylinders).putShort(8, (short) cylinders);
    rigid.putShort(10, (short) 200); // step rate
    rigid.put(12, (byte) -1).put(13, (byte) -1).put(14, (byte) -1); // landing zone
    rigid.putShort(18, (short) 5400);
    ByteBuffer flexible = ByteBuffer.allocate(30);
    flexible.putShort(0, (short) 5000).put(2, (byte) HEADS).put(3, (byte) SECTORS);
    flexible.putShort(4, (short) props().logicalBlockSize()).putShort(6, (short) cylinders);
    flexible.putShort(8, (short) cylinders).putShort(10, (short) cylinders);
    flexible.putShort(12, (short) 1).put(14, (byte) 1).putShort(15, (short) 1);
    flexible.put(17, (byte) 1).put(18, (byte) 1).putShort(26, (short) 5400);
    Map<Integer, byte[]> pages = commonPages();
    pages.put(0x04, rigid.array());
    pages.put(0x05, flexible.array());
    return pages;
  }
}
