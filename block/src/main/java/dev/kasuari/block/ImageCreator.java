package dev.kasuari.block;

import dev.kasuari.qapi.OptionCodec;
import org.jspecify.annotations.Nullable;

/**
 * Makes images of a format.
 *
 * @param <O> what {@code -o} takes: an {@link dev.kasuari.qapi.Options} record
 */
public interface ImageCreator<O> {
  /** What {@code -o} takes. */
  OptionCodec<O> options();

  /**
   * Writes an empty image into a file that is there, is empty, and may be written and resized.
   *
   * @param size of the disk, bytes
   * @throws BlockException if the options do not go together, or the file cannot be written
   */
  void create(BlockNode file, long size, O options);

  /**
   * The same, for images whose options name secrets or other files.
   *
   * @throws BlockException as {@link #create(BlockNode, long, Object)}
   */
  default void create(Making making, BlockNode file, long size, O options) {
    create(file, size, options);
  }

  /**
   * Says how many bytes an image would take.
   *
   * @param size of the disk, bytes
   * @param data bytes in clusters of this image that would be there, rounded up by {@link
   *     #measureUnit}
   * @return null if this format cannot say it
   */
  default @Nullable Measure measure(long size, long data, O options) {
    return null;
  }

  /**
   * Bytes that the bitmaps of a node would take in such an image, beside {@link #measure}; −1 if
   * such images or that node keep none.
   */
  default long measureBitmaps(BlockNode source, O options) {
    return -1;
  }

  /** The unit in which such an image has room for data, bytes. */
  default long measureUnit(O options) {
    return 512;
  }

  /**
   * How large an image's file is.
   *
   * @param required as it would be now
   * @param fullyAllocated with all of the disk written
   */
  record Measure(long required, long fullyAllocated) {}
}
