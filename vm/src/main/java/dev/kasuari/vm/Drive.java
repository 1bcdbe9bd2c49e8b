package dev.kasuari.vm;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.DriveOptions;
import dev.kasuari.block.DriveOptions.CacheMode;
import dev.kasuari.block.Drivers;
import dev.kasuari.block.ImageFormat;
import dev.kasuari.block.NodeOptions;
import dev.kasuari.block.file.FileDriver;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.Options;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A disk ({@code -drive}).
 *
 * @param file the file that holds its bytes
 * @param id what {@code -device ...,drive=} calls it
 * @param interfaceName how the guest sees it: virtio, or none for a -device to say
 * @param format of the file; where it is left out the file is looked at
 * @param readonly whether writing is refused
 * @param media disk, or cdrom, which is read only
 * @param index its place among the drives of its interface
 * @param discard what happens to bytes that the guest does not need any more
 * @param cache what the host keeps, and when a write has ended
 * @param detectZeroes what is done with zeroes that the guest writes as data
 * @param autoReadOnly read only where the file cannot be written
 */
@Options
public record Drive(
    String file,
    @Nullable String id,
    @Options.Name("if") @Options.Default("virtio") String interfaceName,
    @Nullable String format,
    @Options.Default("off") boolean readonly,
    @Options.Default("disk") Media media,
    @Options.Range(min = 0, max = 1023) @Nullable Integer index,
    @Options.Default("ignore") NodeOptions.Discard discard,
    @Options.Default("writeback") CacheMode cache,
    @Options.Default("off") BlockNode.DetectZeroes detectZeroes,
    @Options.Default("off") boolean autoReadOnly) {

  /** What a drive looks like. */
  public enum Media {
    /** Something to be written. */
    DISK,
    /** A disc that somebody has written. */
    CDROM
  }

  private static final List<String> INTERFACES = List.of("virtio", "none");
  private static final List<String> OTHER_INTERFACES =
      List.of("ide", "scsi", "sd", "mtd", "floppy", "pflash", "xen");
  private static final List<String> FORMATS =
      Drivers.all().stream().filter(BlockDriver::isFormat).<String>map(BlockDriver::name).toList();
  private static final List<String> OTHER_FORMATS =
      List.of(
          "qcow",
          "parallels",
          "bochs",
          "cloop",
          "dmg",
          "vvfat",
          "nbd",
          "host_device",
          "host_cdrom",
          "ssh",
          "iscsi",
          "http",
          "https",
          "ftp",
          "ftps",
          "rbd",
          "gluster",
          "nfs",
          "blkdebug",
          "quorum",
          "null-co",
          "null-aio",
          "throttle");

  private static final List<String> OTHER_KEYS =
      List.of(
          "aio",
          "bus",
          "unit",
          "snapshot",
          "rerror",
          "werror",
          "copy-on-read",
          "force-share",
          "read-zeroes",
          "bps",
          "bps_rd",
          "bps_wr",
          "iops",
          "iops_rd",
          "iops_wr",
          "throttling",
          "node-name",
          "driver",
          "cyls",
          "heads",
          "secs",
          "trans",
          "serial",
          "addr",
          "stats-account-invalid",
          "stats-account-failed",
          "backing",
          "encrypt");

  /** A raw disk that the guest sees as a virtio device. */
  public static Drive raw(String file) {
    return new Drive(
        file,
        null,
        "virtio",
        "raw",
        false,
        Media.DISK,
        null,
        NodeOptions.Discard.IGNORE,
        CacheMode.WRITEBACK,
        BlockNode.DetectZeroes.OFF,
        false);
  }

  /**
   * Reads {@code -drive}'s argument.
   *
   * @throws OptionException if it makes no sense, or names what is not there yet
   */
  public static Drive parse(OptionSource source) {
    for (String key : source.tree().members().keySet()) {
      if (OTHER_KEYS.contains(key)) {
        throw NotYet.of(source.where() + ": '" + key + "'", "property");
      }
    }
    Drive drive = DriveCodec.CODEC.parse(oneReadOnly(source));
    String where = source.where();
    check(where, "if", drive.interfaceName, INTERFACES, OTHER_INTERFACES, "interface");
    if (drive.format != null) {
      check(where, "format", drive.format, FORMATS, otherFormats(), "image format");
    }
    if (drive.cache == CacheMode.NONE || drive.cache == CacheMode.DIRECTSYNC) {
      String name = drive.cache.name().toLowerCase(Locale.ROOT);
      throw NotYet.of(where + ": cache=" + name, "cache mode");
    }
    if (drive.file.isEmpty()) {
      throw new OptionException(where + ": 'file' names no file");
    }
    return drive;
  }

  /** Formats that are known by their first bytes, too. */
  private static List<String> otherFormats() {
    return Stream.concat(
            Stream.of(ImageFormat.values()).map(ImageFormat::option), OTHER_FORMATS.stream())
        .toList();
  }

  /** QEMU has two names for one thing. */
  private static OptionSource oneReadOnly(OptionSource source) {
    var members = new LinkedHashMap<String, Json>(source.tree().members());
    Json readOnly = members.remove("read-only");
    if (readOnly == null) {
      return source;
    }
    members.putIfAbsent("readonly", readOnly);
    return new OptionSource(
        source.where(), new Json.Members(members), source.strict(), source.bare());
  }

  private static void check(
      String where, String key, String value, List<String> ours, List<String> others, String kind) {
    if (ours.contains(value)) {
      return;
    }
    if (others.contains(value)) {
      throw NotYet.of(where + ": " + key + "=" + value, kind);
    }
    throw new OptionException(
        where + ": '" + key + "': unknown value '" + value + "'" + Nearest.hint(value, ours));
  }

  /** True if the guest cannot write. */
  public boolean guestReadOnly() {
    return readonly || media == Media.CDROM;
  }

  /** The part of it that is about the bytes. */
  DriveOptions image(String imageId) {
    return new DriveOptions(
        imageId,
        file,
        format,
        guestReadOnly(),
        autoReadOnly,
        discard,
        FileDriver.Locking.AUTO,
        cache,
        detectZeroes);
  }

  /** True if the machine is to plug a device for it. */
  public boolean plugged() {
    return interfaceName.equals("virtio");
  }

  /** What {@code -drive help} prints. */
  public static String help() {
    return DriveCodec.CODEC.schema().help()
        + "Interfaces: "
        + String.join(", ", INTERFACES)
        + System.lineSeparator()
        + "Formats: "
        + String.join(", ", FORMATS)
        + System.lineSeparator();
  }
}
