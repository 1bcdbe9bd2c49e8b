package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.ImageAmender;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code qcow2}: QEMU copy on write. */
public final class Qcow2Driver implements BlockDriver<Qcow2Driver.Qcow2> {
  /**
   * How one is opened.
   *
   * @param lazyRefcounts whether reference counts are left for later; as the image says if left out
   * @param cacheSize the most memory for metadata; or for what the other size is not given of
   * @param l2CacheSize the most memory for tables that say where clusters are
   * @param l2CacheEntrySize bytes of these tables that are read together
   * @param refcountCacheSize the most memory for reference counts
   * @param overlapCheck what nothing is written over: none, constant, cached, all; or template and
   *     on or off for main-header, active-l1, active-l2, refcount-table, refcount-block,
   *     snapshot-table, inactive-l1, inactive-l2 and bitmap-directory
   * @param passDiscardRequest whether the file is told what a guest discards; yes if left out
   * @param passDiscardSnapshot whether it is told what only deleted snapshots had; yes if left out
   * @param passDiscardOther whether it is told what else is not used any more; no if left out
   * @param discardNoUnref whether clusters that a guest discards stay the image's, zero, so that it
   *     does not get into pieces; no if left out
   * @param cacheCleanInterval seconds after which tables that were not used leave memory; 0 or left
   *     out for never
   * @param encrypt what decrypts it
   */
  @Options
  public record Qcow2(
      @Nullable Boolean lazyRefcounts,
      @Options.Size @Nullable Long cacheSize,
      @Options.Size @Nullable Long l2CacheSize,
      @Options.Size @Nullable Long l2CacheEntrySize,
      @Options.Size @Nullable Long refcountCacheSize,
      @Nullable Json overlapCheck,
      @Nullable Boolean passDiscardRequest,
      @Nullable Boolean passDiscardSnapshot,
      @Nullable Boolean passDiscardOther,
      @Nullable Boolean discardNoUnref,
      @Nullable Long cacheCleanInterval,
      @Nullable Encrypt encrypt) {}

  /**
   * What decrypts an image.
   *
   * @param format how it is encrypted; as the image says if left out
   * @param keySecret the id of the secret that is the password
   */
  @Options
  public record Encrypt(@Nullable String format, @Nullable String keySecret) {}

  /** What we keep up to date of what others clear. */
  private static final long KEPT = Header.RAW_EXTERNAL | Header.BITMAPS;

  @Override
  public String name() {
    return "qcow2";
  }

  @Override
  public String doc() {
    return "QEMU copy on write, versions 2 and 3";
  }

  @Override
  public OptionCodec<Qcow2> options() {
    return Qcow2DriverQcow2Codec.CODEC;
  }

  @Override
  public List<String> slots() {
    return List.of("file", "backing", "data-file");
  }

  @Override
  public ImageAmender<?> amender() {
    return new Qcow2Amender();
  }

  @Override
  public ImageCreator<?> creator() {
    return new Qcow2Creator();
  }

  @Override
  public BlockNode open(Qcow2 options, Opening opening) {
    BlockNode file = opening.file();
    if (!file.writable()) {
      opening.readOnly();
    }
    Header header = Tables.read("Could not read qcow2 header", () -> Header.read(file));
    if (opening.access().writable() && !opening.access().recovery()) {
      refuseCorrupt(header);
    }
    BlockNode backing = backing(opening, file, header);
    GuestData data =
        GuestData.of(
            header,
            file,
            dataFile(opening, header),
            Encryption.kind(header),
            Encryption.open(options, opening, header, file));
    Qcow2Node node =
        new Qcow2Node(
            opening,
            file,
            backing,
            data,
            options.encrypt() == null ? null : options.encrypt().keySecret(),
            header,
            caches(options, header.geometry()),
            OverlapCheck.of(options.overlapCheck()));
    try {
      node.refcounts.discards = Discards.of(options, header);
      if (options.lazyRefcounts() != null) {
        node.commit.lazy(options.lazyRefcounts());
      }
      if (opening.access().writable() && !opening.access().recovery()) {
        prepare(node);
      }
      if (!opening.access().recovery()) {
        node.storedBitmaps().load();
      }
      Long interval = options.cacheCleanInterval();
      if (interval != null && interval != 0) {
        node.cleanCaches(interval);
      }
    } catch (RuntimeException | Error e) {
      node.abandon();
      throw e;
    }
    return node;
  }

  private static void refuseCorrupt(Header header) {
    if (header.has(Header.CORRUPT)) {
      throw new BlockException(
          BlockException.Kind.PERMISSION, "qcow2: Image is corrupt; cannot be opened read/write");
    }
  }

  private static @Nullable BlockNode dataFile(Opening opening, Header header) {
    if (!header.has(Header.EXTERNAL_DATA)) {
      if (opening.has("data-file")) {
        throw BlockException.invalid(
            "'data-file' can only be set for images with an external data file");
      }
      return null;
    }
    if (opening.has("data-file")) {
      return opening.data("data-file");
    }
    String name = header.dataFile();
    if (name == null) {
      throw BlockException.invalid("'data-file' is required for this image");
    }
    return opening.ownFile("data-file", name);
  }

  private static @Nullable BlockNode backing(Opening opening, BlockNode file, Header header) {
    return opening.backingOf(file, header.backingFile, header.backingFormat());
  }

  private static Caches caches(Qcow2 options, Geometry geometry) {
    return Caches.of(
        options.cacheSize(),
        options.l2CacheSize(),
        options.refcountCacheSize(),
        options.l2CacheEntrySize(),
        geometry);
  }

  /** What must be so before an image is written. */
  static void prepare(Qcow2Node node) {
    Header header = node.header;
    refuseCorrupt(header);
    if (header.has(Header.DIRTY)) {
      CheckResult result = node.check(CheckResult.Repair.ALL, line -> {});
      if (result.corruptions() > 0) {
        throw BlockException.corrupt("Could not repair dirty image");
      }
    }
    if ((header.autoclear & ~KEPT) != 0) {
      header.autoclear &= KEPT;
      header.writeFixed(node.file);
    }
    if ((header.autoclear & Header.BITMAPS) == 0
        && header.extension(Header.EXTENSION_BITMAPS) != null) {
      // Somebody wrote the image who knew nothing of them: their clusters are leaks now.
      header.setExtensionBytes(Header.EXTENSION_BITMAPS, null);
      header.update(node.file);
    }
  }
}
