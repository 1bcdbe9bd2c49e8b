package dev.kasuari.hw.virtio;

import dev.kasuari.machine.backend.BlockBackend;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A disk in an array; a test can keep operations from ending and let them fail. */
public final class MemoryDisk implements BlockBackend {
  public final byte[] bytes;
  public final List<String> log = new ArrayList<>();
  public final List<Runnable> held = new ArrayList<>();
  public boolean hold;
  public boolean readOnly;
  public Status answer = Status.OK;
  public long size;
  public ErrorAction onError = ErrorAction.REPORT;
  private Runnable resized = () -> {};

  public MemoryDisk(int size) {
    bytes = new byte[size];
    this.size = size;
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) (i / 512 + 1);
    }
  }

  void resize(long newSize) {
    size = newSize;
    resized.run();
  }

  /** Ends held operation number {@code index}. */
  public void release(int index) {
    held.remove(index).run();
  }

  private synchronized void perform(String what, Runnable operation, Completion done) {
    log.add(what);
    Runnable all =
        () -> {
          if (answer == Status.OK) {
            operation.run();
          }
          done.done(answer);
        };
    if (hold) {
      held.add(all);
    } else {
      all.run();
    }
  }

  @Override
  public String id() {
    return "disk";
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
    perform(
        "read " + offset,
        () -> {
          int at = (int) offset;
          for (MemorySegment part : to) {
            part.copyFrom(MemorySegment.ofArray(bytes).asSlice(at, part.byteSize()));
            at += (int) part.byteSize();
          }
        },
        done);
  }

  @Override
  public void write(long offset, List<MemorySegment> from, boolean throughCache, Completion done) {
    perform(
        "write " + offset + (throughCache ? " through" : ""),
        () -> {
          int at = (int) offset;
          for (MemorySegment part : from) {
            MemorySegment.ofArray(bytes).asSlice(at, part.byteSize()).copyFrom(part);
            at += (int) part.byteSize();
          }
        },
        done);
  }

  @Override
  public void flush(Completion done) {
    perform("flush", () -> {}, done);
  }

  @Override
  public void discard(long offset, long length, Completion done) {
    perform("discard " + offset + " " + length, () -> {}, done);
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap, Completion done) {
    perform("zero " + offset + " " + length + (mayUnmap ? " unmap" : ""), () -> {}, done);
  }

  @Override
  public ErrorAction onError(boolean write, Status status) {
    return onError;
  }

  @Override
  public void onResize(Runnable listener) {
    resized = listener;
  }

  @Override
  public void close() {}
}
