package dev.kasuari.block;

/**
 * What a node says of a range that begins where it was asked: a run of bytes that are all alike. A
 * node looks at a bounded part of its metadata for one answer, so that a run may end although the
 * next one is like it.
 *
 * @param length bytes, at least 1
 * @param data the bytes are stored, or stand for themselves, in this node
 * @param zero the bytes read as zero
 * @param allocated this node says what the bytes are; otherwise its backing file does
 * @param offset where they are in the node below, or −1 if they are nowhere as they are
 * @param compressed they are stored compressed
 */
public record BlockStatus(
    long length, boolean data, boolean zero, boolean allocated, long offset, boolean compressed) {

  /** Nowhere. */
  public static final long NO_OFFSET = -1;

  /** Bytes that are stored as they are. */
  public static BlockStatus data(long length, long offset) {
    return new BlockStatus(length, true, false, true, offset, false);
  }

  /** Bytes that are stored in another shape. */
  public static BlockStatus packed(long length) {
    return new BlockStatus(length, true, false, true, NO_OFFSET, true);
  }

  /** Zeroes that this node knows of. */
  public static BlockStatus zero(long length, long offset) {
    return new BlockStatus(length, false, true, true, offset, false);
  }

  /** Bytes that a backing file has, or nobody. */
  public static BlockStatus absent(long length) {
    return new BlockStatus(length, false, false, false, NO_OFFSET, false);
  }

  /** The same for another number of bytes. */
  public BlockStatus withLength(long bytes) {
    return new BlockStatus(bytes, data, zero, allocated, offset, compressed);
  }

  /** True if {@code next}, which follows, says the same of its bytes. */
  public boolean continuedBy(BlockStatus next) {
    boolean here = offset == NO_OFFSET ? next.offset == NO_OFFSET : next.offset == offset + length;
    return here
        && data == next.data
        && zero == next.zero
        && allocated == next.allocated
        && compressed == next.compressed;
  }
}
