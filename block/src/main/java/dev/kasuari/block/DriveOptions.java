package dev.kasuari.block;

import dev.kasuari.block.file.FileDriver;
import dev.kasuari.qapi.Options;
import org.jspecify.annotations.Nullable;

/**
 * What a user says of a disk's bytes: the part of {@code -drive} that is not about the device.
 *
 * @param id what {@code drive=} calls it
 * @param file the image's path, {@code json:{…}} or {@code PROTOCOL:…}
 * @param format of the image; found out if left out
 * @param readonly nothing may be written
 * @param autoReadOnly where the file may not be written, do as with readonly
 * @param discard what happens to bytes that the guest does not need any more
 * @param locking keep two programs from using one image in ways that do not go together
 * @param cache what the host keeps, and when a write has ended
 * @param detectZeroes what is done with zeroes that are written as data
 */
@Options
public record DriveOptions(
    String id,
    String file,
    @Nullable String format,
    @Options.Default("off") boolean readonly,
    @Options.Default("off") boolean autoReadOnly,
    @Options.Default("ignore") NodeOptions.Discard discard,
    @Options.Default("auto") FileDriver.Locking locking,
    @Options.Default("writeback") CacheMode cache,
    @Options.Default("off") BlockNode.DetectZeroes detectZeroes) {

  /** What the host keeps, and when a write has ended. */
  public enum CacheMode {
    /** The host keeps nothing; the guest flushes. */
    NONE(true, false, false),
    /** The host keeps what it likes; the guest flushes. */
    WRITEBACK(false, false, false),
    /** The host keeps copies; a write ends on the medium. */
    WRITETHROUGH(false, true, false),
    /** The host keeps nothing; a write ends on the medium. */
    DIRECTSYNC(true, true, false),
    /** The host keeps what it likes; flushes are ignored. */
    UNSAFE(false, false, true);

    final boolean direct;
    final boolean writeThrough;
    final boolean noFlush;

    CacheMode(boolean direct, boolean writeThrough, boolean noFlush) {
      this.direct = direct;
      this.writeThrough = writeThrough;
      this.noFlush = noFlush;
    }
  }

  /** A raw image with all else left out. */
  public static DriveOptions raw(String id, String file, boolean readonly) {
    return new DriveOptions(
        id,
        file,
        "raw",
        readonly,
        false,
        NodeOptions.Discard.IGNORE,
        FileDriver.Locking.AUTO,
        CacheMode.WRITEBACK,
        BlockNode.DetectZeroes.OFF);
  }

  /** How the node is opened. */
  Access access() {
    return Access.read()
        .withWritable(!readonly)
        .withAutoReadOnly(autoReadOnly)
        .withUnmap(discard == NodeOptions.Discard.UNMAP || discard == NodeOptions.Discard.ON)
        .withCache(!cache.direct, !cache.noFlush);
  }
}
