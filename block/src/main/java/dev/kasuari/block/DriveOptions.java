package dev.kasuari.block;

import dev.kasuari.qapi.Options;
import org.jspecify.annotations.Nullable;

/**
 * What a user says of a disk's bytes: the part of {@code -drive} that is not about the device.
 *
 * @param id what {@code drive=} calls it
 * @param file the image's path
 * @param format of the image; found out if left out
 * @param readonly nothing may be written
 * @param autoReadOnly where the file may not be written, do as with readonly
 * @param discard what happens to bytes that the guest does not need any more
 * @param locking keep two from writing the same image
 */
@Options
public record DriveOptions(
    String id,
    String file,
    @Nullable String format,
    @Options.Default("off") boolean readonly,
    @Options.Default("off") boolean autoReadOnly,
    @Options.Default("ignore") Discard discard,
    @Options.Default("auto") Locking locking) {

  /** What happens to bytes that the guest does not need any more. */
  public enum Discard {
    /** They stay. */
    IGNORE,
    /** Their room is given back to the host; they read as zero. */
    UNMAP
  }

  /** Whether images are locked. */
  public enum Locking {
    /** Where the host can. */
    AUTO,
    /** Always; an error where the host cannot. */
    ON,
    /** Never. */
    OFF
  }

  /** A raw image with all else left out. */
  public static DriveOptions raw(String id, String file, boolean readonly) {
    return new DriveOptions(id, file, "raw", readonly, false, Discard.IGNORE, Locking.AUTO);
  }
}
