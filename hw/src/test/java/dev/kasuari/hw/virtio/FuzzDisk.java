package dev.kasuari.hw.virtio;

import dev.kasuari.machine.backend.BlockBackend;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A disk whose operations end when a fuzzer says so, in the order and with the status it says. */
final class FuzzDisk implements BlockBackend {
  private static final int SECTOR = 512;

  private record Held(List<MemorySegment> toFill, Completion done) {}

  private final List<Held> held = new ArrayList<>();
  private final boolean readOnly;
  private long size;
  private Runnable resized = () -> {};

  FuzzDisk(long sectors, boolean readOnly) {
    size = sectors * SECTOR;
    this.readOnly = readOnly;
  }

  void resize(long sectors) {
    size = sectors * SECTOR;
    resized.run();
  }

  synchronized int held() {
    return held.size();
  }

  /** Ends one of those that are held. */
  void end(int which, Status status) {
    Held one;
    synchronized (this) {
      one = held.remove(which);
    }
    if (status == Status.OK) {
      one.toFill.forEach(part -> part.fill((byte) 0xdd));
    }
    one.done.done(status);
  }

  void endAll() {
    while (held() > 0) {
      end(held() - 1, Status.OK);
    }
  }

  private synchronized void hold(
      long offset, long length, boolean writes, List<MemorySegment> toFill, Completion done) {
    boolean inside = offset >= 0 && length >= 0 && length <= size - offset;
    if (!inside || offset % SECTOR != 0 || length % SECTOR != 0 || (writes && readOnly)) {
      throw new AssertionError("an operation that no disk has: " + offset + ", " + length);
    }
    held.add(new Held(toFill, done));
  }

  private static long total(List<MemorySegment> parts) {
    return parts.stream().mapToLong(MemorySegment::byteSize).sum();
  }

  @Override
  public String id() {
    return "fuzz";
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public boolean readOnly() {
    return readOnly;
  }

  @Override
  public void read(long offset, List<MemorySegment> to, Completion done) {
    hold(offset, total(to), false, to, done);
  }

  @Override
  public void write(long offset, List<MemorySegment> from, boolean throughCache, Completion done) {
    hold(offset, total(from), true, List.of(), done);
  }

  @Override
  public void flush(Completion done) {
    hold(0, 0, false, List.of(), done);
  }

  @Override
  public void discard(long offset, long length, Completion done) {
    hold(offset, length, true, List.of(), done);
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap, Completion done) {
    hold(offset, length, true, List.of(), done);
  }

  @Override
  public void onResize(Runnable listener) {
    resized = listener;
  }

  @Override
  public void close() {}
}
