package dev.kasuari.vm;

import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.Options;
import dev.kasuari.qapi.Sizes;
import org.jspecify.annotations.Nullable;

/**
 * How much memory a machine has ({@code -m}).
 *
 * @param size the guest's RAM; a number without suffix counts MiB
 * @param slots how many modules can be plugged while it runs
 * @param maxmem memory with all of them plugged
 */
@Options(implied = "size")
public record MemoryOptions(
    @Options.Size(unit = 'M') @Nullable Long size,
    @Nullable Integer slots,
    @Nullable String maxmem) {
  /** RAM is made of such pieces; odd sizes are rounded up to them, as QEMU does. */
  private static final long GRANULE = 8192;

  /**
   * Bytes of RAM.
   *
   * @param standard what it is if nothing is said
   * @throws OptionException if it cannot be
   */
  public static long ram(OptionSource source, long standard) {
    MemoryOptions options = MemoryOptionsCodec.CODEC.parse(source);
    if (options.slots != null || options.maxmem != null) {
      throw NotYet.of(source.where() + ": slots= and maxmem=", "way to plug memory");
    }
    long bytes = options.size == null ? standard : options.size;
    if (bytes == 0) {
      throw new OptionException(
          source.where() + ": a machine needs memory; the default is " + Sizes.format(standard));
    }
    return bytes > Long.MAX_VALUE - GRANULE ? bytes / GRANULE * GRANULE : roundUp(bytes);
  }

  /** What {@code -m help} prints. */
  public static String help() {
    return MemoryOptionsCodec.CODEC.schema().help();
  }

  private static long roundUp(long bytes) {
    return (bytes + GRANULE - 1) / GRANULE * GRANULE;
  }
}
