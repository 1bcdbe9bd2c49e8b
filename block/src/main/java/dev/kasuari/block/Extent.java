package dev.kasuari.block;

import org.jspecify.annotations.Nullable;

/**
 * A run of bytes that are all alike, in an image with those behind it.
 *
 * @param start where it begins
 * @param length bytes
 * @param depth how far down the chain it was found: 0 is the image itself
 * @param present an image of the chain says what the bytes are
 * @param data they are stored
 * @param zero they read as zero
 * @param offset where they are in {@code file}, or −1
 * @param node the image that says what they are, or the last one that was asked
 */
public record Extent(
    long start,
    long length,
    int depth,
    boolean present,
    boolean data,
    boolean zero,
    long offset,
    BlockNode node) {

  /** The name of the file that has the bytes. */
  public String file() {
    BlockNode data = node.child("data-file");
    BlockNode file = data == null ? node.child("file") : data;
    return file == null ? node.filename() : file.filename();
  }

  /** The run that begins at {@code start}, of at most {@code length} bytes. */
  public static Extent at(BlockNode top, long start, long length) {
    return at(top, start, length, null);
  }

  /**
   * The run that begins at {@code start}.
   *
   * @param base where the search ends: what only this one has is not present; null for nowhere
   */
  public static Extent at(BlockNode top, long start, long length, @Nullable BlockNode base) {
    BlockNode node = top.image();
    long most = length;
    for (int depth = 0; ; depth++) {
      BlockStatus status = node.status(start, most);
      if (status.allocated()) {
        return new Extent(
            start,
            status.length(),
            depth,
            true,
            status.data(),
            status.zero(),
            status.offset(),
            node);
      }
      most = status.length();
      BlockNode backing = node.behind();
      if (backing == null
          || (base != null && backing.image().equals(base.image()))
          || start >= backing.size()) {
        return new Extent(
            start, most, depth, false, false, base == null, BlockStatus.NO_OFFSET, node);
      }
      most = Math.min(most, backing.size() - start);
      node = backing.image();
    }
  }

  /** True if {@code next}, which follows, is more of the same. */
  public boolean continuedBy(Extent next) {
    boolean here =
        offset == BlockStatus.NO_OFFSET
            ? next.offset == BlockStatus.NO_OFFSET
            : next.offset == offset + length;
    return here
        && depth == next.depth
        && present == next.present
        && data == next.data
        && zero == next.zero
        && node.equals(next.node);
  }

  /** The same, longer. */
  public Extent withLength(long bytes) {
    return new Extent(start, bytes, depth, present, data, zero, offset, node);
  }
}
