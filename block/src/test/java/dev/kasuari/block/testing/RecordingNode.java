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
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** A file in memory that remembers in which order it was written, and where barriers were. */
public final class RecordingNode extends BlockNode {
  private static final int SECTOR = 512;

  /** It is not a disk for hostile images to fill. */
  private static final long MOST = 64 << 20;

  /** What happened. */
  public sealed interface Event {}

  /** Bytes were written. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Write(RecordingNode file, long offset, byte[] bytes) implements Event {}

  /** The file got another length. */
  public record Truncate(RecordingNode file, int size) implements Event {}

  /** Everything before is on the medium. */
  public record Barrier(RecordingNode file) implements Event {}

  /** Something that a test notes. */
  public record Note(Object what) implements Event {}

  /** What happened, to all files of an image in one order. */
  public final List<Event> events;

  private byte[] content = new byte[0];

  /** A file that has these bytes. */
  public RecordingNode(byte[] content) {
    this("recording", content, Collections.synchronizedList(new ArrayList<>()));
  }

  /** One of several files whose events are in one list. */
  public RecordingNode(String name, byte[] content, List<Event> events) {
    super(name, "recording", Access.write().withUnmap(true));
    this.content = content.clone();
    this.events = events;
  }

  /** What is there now. */
  public byte[] content() {
    return content.clone();
  }

  /** Has it have other bytes, as if nothing had happened. */
  public void replace(byte[] bytes) {
    content = bytes.clone();
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
    events.add(new Write(this, start, Arrays.copyOfRange(content, start, end)));
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
    events.add(new Barrier(this));
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
    events.add(new Truncate(this, (int) size));
  }

  @Override
  protected void accessChanging(Access to) {}

  /**
   * What a medium may have of this file after power was cut when {@code cut} events had happened:
   * all that was before the last barrier, and any sectors of what came later, of each an old or a
   * new state.
   *
   * @param before what the file had when nothing had happened
   */
  public byte[] afterCut(byte[] before, int cut, Random random) {
    int barrier = 0;
    for (int i = 0; i < cut; i++) {
      if (events.get(i) instanceof Barrier(RecordingNode file) && file.equals(this)) {
        barrier = i;
      }
    }
    Medium medium = new Medium(before);
    for (int i = 0; i < cut; i++) {
      boolean sure = i < barrier;
      if (events.get(i) instanceof Write write && write.file.equals(this)) {
        medium.write(write, sure, random);
      } else if (events.get(i) instanceof Truncate(RecordingNode file, int size)
          && file.equals(this)
          && (sure || random.nextBoolean())) {
        medium.truncate(size);
      }
    }
    return Arrays.copyOf(medium.bytes, medium.length);
  }

  /** The bytes of a file that grows often. */
  private static final class Medium {
    private byte[] bytes;
    private int length;

    Medium(byte[] before) {
      bytes = before.clone();
      length = before.length;
    }

    void write(Write write, boolean sure, Random random) {
      int mood = random.nextInt(4); // all of it, nothing, or some sectors
      for (int at = 0; at < write.bytes.length; at += SECTOR) {
        if (sure || mood == 0 || (mood > 1 && random.nextBoolean())) {
          int end = (int) write.offset + at + SECTOR;
          grow(end);
          System.arraycopy(write.bytes, at, bytes, end - SECTOR, SECTOR);
        }
      }
    }

    void truncate(int size) {
      if (size < length) {
        Arrays.fill(bytes, size, length, (byte) 0);
        length = size;
      }
      grow(size);
    }

    private void grow(int end) {
      if (end > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.max(end, 2 * bytes.length));
      }
      length = Math.max(length, end);
    }
  }
}
