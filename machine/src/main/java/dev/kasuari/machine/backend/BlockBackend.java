package dev.kasuari.machine.backend;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The bytes of a disk. Operations return at once and end by calling their {@link Completion}
 * exactly once, on any thread, perhaps before they return. Several may be under way; what overlaps
 * is the caller's affair. A flush covers what had completed before it was asked for.
 */
public interface BlockBackend extends AutoCloseable {
  /** How an operation ended. */
  enum Status {
    OK,
    /** The storage failed. */
    IO_ERROR,
    /** The storage is full. */
    NO_SPACE,
    /** It may not be written. */
    READ_ONLY,
    /** The range is not on the disk. */
    OUT_OF_RANGE,
    /** There is no medium. */
    NO_MEDIUM,
    /** The back end has no such operation; a caller can do without. */
    NOT_SUPPORTED
  }

  /** What is to become of a request that failed ({@code rerror=}, {@code werror=}). */
  enum ErrorAction {
    /** The guest hears of it. */
    REPORT,
    /** The guest hears that it was done. */
    IGNORE,
    /** The machine stops, and the request is done again when it runs on. */
    STOP
  }

  /** Hears the end of an operation. */
  @FunctionalInterface
  interface Completion {
    /** The operation has ended. */
    void done(Status status);
  }

  /** Its id ({@code -drive id=}, {@code node-name=}). */
  String id();

  /** Bytes. May change; see {@link #onResize}. */
  long size();

  /** True if writing is refused. */
  boolean readOnly();

  /** The smallest unit of an efficient operation, bytes; a power of two, at least 512. */
  default int blockSize() {
    return 512;
  }

  /** Reads from {@code offset} into {@code to}, one segment after the other. */
  void read(long offset, List<MemorySegment> to, Completion done);

  /**
   * Writes {@code from}, one segment after the other, at {@code offset}.
   *
   * @param throughCache ends only when the bytes are on the medium (FUA)
   */
  void write(long offset, List<MemorySegment> from, boolean throughCache, Completion done);

  /** Brings what was written to the medium. */
  void flush(Completion done);

  /** Says that the bytes are not needed any more; they may read as anything, as a rule as zero. */
  void discard(long offset, long length, Completion done);

  /**
   * Makes the bytes zero.
   *
   * @param mayUnmap whether their room may be given back
   */
  void writeZeroes(long offset, long length, boolean mayUnmap, Completion done);

  /** Calls {@code listener}, on any thread, when {@link #size} has changed. */
  default void onResize(Runnable listener) {}

  /**
   * What the user wants to become of a request that failed; a device may know better.
   *
   * @param write whether it was to change the disk
   */
  default ErrorAction onError(boolean write, Status status) {
    return ErrorAction.REPORT;
  }

  /** Ends the use of the back end, after all operations have ended. */
  @Override
  void close();
}
