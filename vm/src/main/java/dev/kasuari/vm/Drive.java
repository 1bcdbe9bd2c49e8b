package dev.kasuari.vm;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.DriveExtras;
import dev.kasuari.block.DriveOptions;
import dev.kasuari.block.Drivers;
import dev.kasuari.block.file.FileDriver;
import dev.kasuari.block.filter.Limits;
import dev.kasuari.block.filter.LimitsCodec;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A disk ({@code -drive}): what was said of it. */
public final class Drive {
  /** What a drive looks like. */
  public enum Media {
    /** Something to be written. */
    DISK,
    /** A disc that somebody has written. */
    CDROM
  }

  private final DriveKeys keys;
  private final Json.Members node;
  private final @Nullable String group;

  private Drive(DriveKeys keys, Json.Members node, @Nullable String group) {
    this.keys = keys;
    this.node = node;
    this.group = group;
  }

  private static final List<String> INTERFACES = List.of("virtio", "pflash", "none");

  /** No board here has such a controller of its own, as none of QEMU's of these names has. */
  private static final List<String> BOARDS_HAVE_NONE =
      List.of("ide", "scsi", "sd", "mtd", "floppy", "xen");

  private static final List<String> FORMATS =
      Drivers.all().stream().<String>map(BlockDriver::name).toList();

  /** A folder that nobody allows to be written is a disk that cannot be, and no mistake. */
  private static final String FOLDER = "vvfat";

  /** Those of QEMU 7.2 that are missing here. */
  private static final List<String> OTHER_FORMATS =
      List.of(
          "blkreplay",
          "ftp",
          "ftps",
          "gluster",
          "host_cdrom",
          "iscsi",
          "iser",
          "nfs",
          "nvme",
          "rbd",
          "replication",
          "ssh");

  private static final List<String> OTHER_KEYS =
      List.of("stats-account-invalid", "stats-account-failed");

  /** A raw disk that the guest sees as a virtio device. */
  public static Drive raw(String file) {
    Json name = new Json.Text(file);
    var members = Map.of("file", name, "format", new Json.Text("raw"));
    return parse(OptionSource.of("-drive", new Json.Members(members)));
  }

  /** The short form of a file's name beside other keys of its node: {@code file.locking=off}. */
  private static final Pattern FILE_KEYS = Pattern.compile("(^|(?<!,),)file\\.");

  private static final Pattern FILE_NAME = Pattern.compile("(^|(?<!,),)file=");

  /** Takes {@code -drive}'s argument apart; {@code file=} may stand beside {@code file.KEY=}. */
  public static OptionSource source(String where, String text) {
    boolean both = FILE_KEYS.matcher(text).find();
    String whole = both ? FILE_NAME.matcher(text).replaceFirst("$1file.filename=") : text;
    return OptionSource.of(where, whole, "");
  }

  /**
   * Reads {@code -drive}'s argument.
   *
   * @throws OptionException if it makes no sense, or names what is not there yet
   */
  public static Drive parse(OptionSource source) {
    String where = source.where();
    for (String key : source.tree().members().keySet()) {
      if (OTHER_KEYS.contains(key)) {
        throw NotYet.of(where + ": '" + key + "'", "property");
      }
    }
    var words = new DriveWords(source);
    DriveKeys keys = DriveKeysCodec.CODEC.parse(words.drive());
    if (BOARDS_HAVE_NONE.contains(keys.interfaceName())) {
      throw new OptionException(
          where
              + ": machine type does not support if="
              + keys.interfaceName()
              + (keys.interfaceName().equals("scsi")
                  ? ": take if=none,id=NAME with -device virtio-scsi-device -device"
                      + " scsi-hd,drive=NAME"
                  : ""));
    }
    check(where, "if", keys.interfaceName(), INTERFACES, List.of(), "interface");
    String format = keys.format();
    if (format != null) {
      check(where, "format", format, FORMATS, OTHER_FORMATS, "image format");
    }
    Json.Members node = words.node();
    if (keys.index() != null && (keys.bus() != null || keys.unit() != null)) {
      throw new OptionException(where + ": index cannot be used with bus and unit");
    }
    if (keys.file() == null && format == null && !node.members().containsKey("file")) {
      throw new OptionException(where + ": 'file' is missing");
    }
    if (keys.file() != null && keys.file().isEmpty()) {
      throw new OptionException(where + ": 'file' names no file");
    }
    if (keys.throttling() != null) {
      keys.throttling().check(where);
    }
    return new Drive(keys, node, words.group().isEmpty() ? null : words.group());
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

  /** The file that holds its bytes, or null if options of nodes say where they are. */
  public @Nullable String file() {
    return keys.file();
  }

  /** What {@code -device ...,drive=} calls it, or null. */
  public @Nullable String id() {
    return keys.id();
  }

  /** How the guest sees it. */
  public String interfaceName() {
    return keys.interfaceName();
  }

  /** Its place among the drives of its interface, from {@code index=} or {@code unit=}, or null. */
  @Nullable Integer unit() {
    return keys.index() == null ? keys.unit() : keys.index();
  }

  /** The bus of its interface. */
  int bus() {
    return keys.bus() == null ? 0 : keys.bus();
  }

  /** What {@code index=} says, or -1. */
  int index() {
    return keys.index() == null ? -1 : keys.index();
  }

  /** True if the guest cannot write. */
  public boolean guestReadOnly() {
    return keys.readonly() || keys.media() == Media.CDROM;
  }

  /** The part of it that is about the bytes. */
  DriveOptions image(String imageId) {
    String file = keys.file();
    return new DriveOptions(
        imageId,
        file == null ? "" : file,
        keys.format(),
        guestReadOnly(),
        keys.autoReadOnly() || FOLDER.equals(keys.format()),
        keys.discard(),
        FileDriver.Locking.AUTO,
        keys.cache(),
        keys.detectZeroes());
  }

  /**
   * What else is said of it.
   *
   * @param snapshots whether drives that say nothing of it have what is written forgotten
   */
  DriveExtras extras(boolean snapshots) {
    boolean snapshot = keys.snapshot() == null ? snapshots : keys.snapshot();
    Limits limits = keys.throttling();
    return new DriveExtras(
        node,
        keys.aio(),
        snapshot && !guestReadOnly(),
        keys.copyOnRead(),
        limits == null ? Limits.none() : limits,
        group,
        keys.rerror(),
        keys.werror());
  }

  /** True if the machine is to plug a device for it. */
  public boolean plugged() {
    return interfaceName().equals("virtio");
  }

  /** What {@code -drive help} prints. */
  public static String help() {
    return DriveKeysCodec.CODEC.schema().help()
        + "Interfaces: "
        + String.join(", ", INTERFACES)
        + System.lineSeparator()
        + "Formats: "
        + String.join(", ", FORMATS)
        + System.lineSeparator()
        + "Limits, each as throttling.NAME=:"
        + System.lineSeparator()
        + LimitsCodec.CODEC.schema().help();
  }
}
