package dev.kasuari.block.curl;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.Opening;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * A file on a web server. A request asks for more than is needed, and what the last ones brought is
 * kept for those that follow.
 */
final class CurlNode extends BlockNode {
  /** Bytes that may be read ahead. */
  static final int MAX_READAHEAD = 16 << 20;

  /** Bytes of one request, but for what is read ahead. */
  private static final int MAX_REQUEST = 4 << 20;

  /** Answers that are kept: so many readers may go through the file beside one another. */
  private static final int KEPT = 4;

  /** What a request brought. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Part(long offset, byte[] bytes) {
    boolean has(long at) {
      return at >= offset && at < offset + bytes.length;
    }
  }

  private final String url;
  private final HttpFile file;
  private final int readahead;

  /** The one used last is last. */
  private final Deque<Part> parts = new ArrayDeque<>();

  CurlNode(Opening opening, String url, HttpFile file, int readahead) {
    super(opening);
    this.url = url;
    this.file = file;
    this.readahead = readahead;
  }

  @Override
  public String filename() {
    return url;
  }

  @Override
  public long size() {
    return file.size();
  }

  @Override
  protected void readAt(long offset, MemorySegment to) {
    for (long at = 0; at < to.byteSize(); ) {
      Part part = part(offset + at, to.byteSize() - at);
      int from = (int) (offset + at - part.offset);
      int length = (int) Math.min(part.bytes.length - from, to.byteSize() - at);
      MemorySegment.copy(part.bytes, from, to, ValueLayout.JAVA_BYTE, at, length);
      at += length;
    }
  }

  private Part part(long offset, long wanted) {
    Part known = known(offset);
    if (known != null) {
      return known;
    }
    long length = Math.min(wanted, MAX_REQUEST) + readahead;
    int most = (int) Math.min(length, file.size() - offset);
    var read = new Part(offset, file.read(offset, most)); // others read meanwhile
    if (readahead > 0) {
      keep(read);
    }
    return read;
  }

  private synchronized @Nullable Part known(long offset) {
    for (Part part : parts) {
      if (part.has(offset)) {
        parts.remove(part);
        parts.add(part);
        return part;
      }
    }
    return null;
  }

  private synchronized void keep(Part part) {
    if (parts.size() >= KEPT) {
      parts.remove();
    }
    parts.add(part);
  }

  @Override
  protected synchronized void closeNow() {
    parts.clear();
  }

  @Override
  protected void writeAt(long offset, MemorySegment from) {
    throw readOnly();
  }

  @Override
  protected void zeroAt(long offset, long length, boolean mayUnmap) {
    throw readOnly();
  }

  @Override
  protected void discardAt(long offset, long length) {
    throw readOnly();
  }

  private static BlockException readOnly() {
    return new BlockException(BlockException.Kind.READ_ONLY, "curl driver does not support writes");
  }

  @Override
  protected void flushNow() {}

  @Override
  protected BlockStatus statusAt(long offset, long length) {
    return BlockStatus.data(length, offset);
  }
}
