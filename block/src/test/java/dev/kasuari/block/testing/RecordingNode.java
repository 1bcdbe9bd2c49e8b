package dev.kasuari.block.testing;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.Preallocation;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;

/** A file in memory that remembers in which order it was written, and where barriers were. */
public final class RecordingNode extends BlockNode {
  private static final int SECTOR = 512;

  /** It is not a disk for hostile images to fill. */
  private static final long MOST = 64 << 20;

  /** What happened. */
  public sealed interface Event {}

  /** Bytes were written. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Write(long offset, byte[] bytes) implements Event {}

  /** Everything before is on the medium. */
  public record Barrier() implements Event {}

  /** Something that a test notes. */
  public record Note(Object what) implements Event {}

  public final List<Event> events = new ArrayList<>();
  private byte[] content = new byte[0];

  /** A file that has these bytes. */
  public RecordingNode(byte[] content) {
    super("recording", "recording", Access.write().withUnmap(true));
    this.content = content.clone();
  }

  /** What is there now. */
  public byte[] content() {
    return content.clone();
  }

  @Override
  public long size() {
    return content.length;
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
    int there = (int) Math.clamp(content.length - offset, 0, to.byteSize());
    if (there > 0) {
      MemorySegment.copy(content, (int) offset, to, ValueLayout.JAVA_BYTE, 0, there);
    }
    to.asSlice(there).fill((byte) 0);
  }

  @Override
  protected void writeAt(long offset, MemorySegment from) {
    record(offset, from.toArray(ValueLayout.JAVA_BYTE));
  }

  private static void refuseTooLarge(long size) {
    if (size > MOST) {
      throw new BlockException(BlockException.Kind.NO_SPACE, "a file of " + size + " bytes");
    }
  }

  private synchronized void record(long offset, byte[] bytes) {
    refuseTooLarge(offset + bytes.length);
    // A medium writes whole sectors: what is around the bytes is written again.
    int start = (int) (offset & -SECTOR);
    int end = (int) ((offset + bytes.length + SECTOR - 1) & -SECTOR);
    if (end > content.length) {
      content = Arrays.copyOf(content, end);
    }
    System.arraycopy(bytes, 0, content, (int) offset, bytes.length);
    events.add(new Write(start, Arrays.copyOfRange(content, start, end)));
  }

  @Override
  protected void zeroAt(long offset, long length, boolean mayUnmap) {
    refuseTooLarge(offset + length);
    record(offset, new byte[(int) length]);
  }

  @Override
  protected void discardAt(long offset, long length) {
    int there = (int) Math.clamp(content.length - offset, 0, length);
    if (there > 0) {
      byte[] noise = new byte[there]; // what is discarded may read as anything
      Arrays.fill(noise, (byte) 0xa5);
      record(offset, noise);
    }
  }

  @Override
  protected synchronized void flushNow() {
    events.add(new Barrier());
  }

  /** Something happened that a test will want to know. */
  public synchronized void note(Object what) {
    events.add(new Note(what));
  }

  @Override
  protected BlockStatus statusAt(long offset, long length) {
    return BlockStatus.data(length, offset);
  }

  @Override
  protected synchronized void truncateTo(long size, Preallocation preallocation) {
    refuseTooLarge(size);
    content = Arrays.copyOf(content, (int) size);
  }

  /**
   * What a medium may have after power was cut when {@code cut} events had happened: all that was
   * before the last barrier, and any sectors of what came later, of each an old or a new state.
   */
  public static byte[] afterCut(byte[] before, List<Event> events, int cut, Random random) {
    int barrier = 0;
    for (int i = 0; i < cut; i++) {
      if (events.get(i) instanceof Barrier) {
        barrier = i;
      }
    }
    var image = new TreeMap<Long, byte[]>();
    for (int i = 0; i < cut; i++) {
      if (events.get(i) instanceof Write write) {
        boolean sure = i < barrier;
        int mood = random.nextInt(4); // all of it, nothing, or some sectors
        for (int at = 0; at < write.bytes.length; at += SECTOR) {
          if (sure || mood == 0 || (mood > 1 && random.nextBoolean())) {
            image.put(write.offset + at, Arrays.copyOfRange(write.bytes, at, at + SECTOR));
          }
        }
      }
    }
    long end = image.isEmpty() ? 0 : image.lastKey() + SECTOR;
    byte[] out = Arrays.copyOf(before, (int) Math.max(before.length, end));
    image.forEach((at, sector) -> System.arraycopy(sector, 0, out, at.intValue(), SECTOR));
    return out;
  }
}
