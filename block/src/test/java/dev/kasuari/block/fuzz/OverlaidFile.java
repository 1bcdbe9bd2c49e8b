package dev.kasuari.block.fuzz;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.Preallocation;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** A file whose bytes are given and stay as they are; what is written is beside them. */
final class OverlaidFile extends BlockNode {
  private static final int PAGE = 4096;

  /** It is not a disk for hostile images to fill. */
  private static final long MOST = 64 << 20;

  private final byte[] under;
  private final Map<Long, byte[]> pages = new HashMap<>();
  private long size;

  OverlaidFile(byte[] under) {
    super("overlaid", "overlaid", Access.write().withUnmap(true));
    this.under = under;
    size = under.length;
  }

  @Override
  public synchronized long size() {
    return size;
  }

  @Override
  protected boolean grows() {
    return true;
  }

  @Override
  public boolean growsAsZeroes() {
    return true;
  }

  @Override
  protected synchronized void readAt(long offset, MemorySegment to) {
    for (long done = 0; done < to.byteSize(); ) {
      long at = offset + done;
      int in = (int) (at % PAGE);
      int n = (int) Math.min(PAGE - in, to.byteSize() - done);
      byte[] page = pages.get(at / PAGE);
      MemorySegment part = to.asSlice(done, n);
      if (page != null) {
        MemorySegment.copy(page, in, part, ValueLayout.JAVA_BYTE, 0, n);
      } else {
        int there = Math.clamp(Math.min(under.length, size) - at, 0, n);
        if (there > 0) {
          MemorySegment.copy(under, (int) at, part, ValueLayout.JAVA_BYTE, 0, there);
        }
        part.asSlice(there).fill((byte) 0);
      }
      done += n;
    }
  }

  @Override
  protected synchronized void writeAt(long offset, MemorySegment from) {
    refuseTooLarge(offset, from.byteSize());
    for (long done = 0; done < from.byteSize(); ) {
      long at = offset + done;
      int in = (int) (at % PAGE);
      int n = (int) Math.min(PAGE - in, from.byteSize() - done);
      MemorySegment.copy(from, ValueLayout.JAVA_BYTE, done, page(at / PAGE), in, n);
      done += n;
    }
    size = Math.max(size, offset + from.byteSize());
  }

  private byte[] page(long number) {
    return pages.computeIfAbsent(
        number,
        n -> {
          int start = (int) Math.min(n * PAGE, under.length);
          int end = (int) Math.min((n + 1) * PAGE, under.length);
          return Arrays.copyOf(Arrays.copyOfRange(under, start, end), PAGE);
        });
  }

  private static void refuseTooLarge(long offset, long length) {
    if (length > MOST - offset) {
      throw new BlockException(
          BlockException.Kind.NO_SPACE, "a file of " + offset + " and " + length + " bytes");
    }
  }

  @Override
  protected synchronized void zeroAt(long offset, long length, boolean mayUnmap) {
    refuseTooLarge(offset, length);
    for (long done = 0; done < length; ) {
      long at = offset + done;
      int in = (int) (at % PAGE);
      int n = (int) Math.min(PAGE - in, length - done);
      if (n == PAGE) {
        pages.put(at / PAGE, new byte[PAGE]);
      } else {
        Arrays.fill(page(at / PAGE), in, in + n, (byte) 0);
      }
      done += n;
    }
    size = Math.max(size, offset + length);
  }

  @Override
  protected void discardAt(long offset, long length) {}

  @Override
  protected void flushNow() {}

  @Override
  protected BlockStatus statusAt(long offset, long length) {
    return BlockStatus.data(length, offset);
  }

  @Override
  protected synchronized void truncateTo(long bytes, Preallocation preallocation) {
    refuseTooLarge(bytes, 0);
    if (bytes < size) {
      zeroAt(bytes, size - bytes, false);
    }
    size = bytes;
  }
}
