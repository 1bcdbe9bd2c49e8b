package dev.kasuari.block;

import dev.kasuari.qapi.Json;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What tools can ask of the node of an image format, beside its bytes. */
public interface ImageNode {
  /**
   * What an image says of itself.
   *
   * @param clusterSize the unit in which it has room, bytes; 0 if it has none
   * @param dirty it was not closed as it should have been
   * @param encrypted its bytes are
   * @param backingFile what is read where it says nothing, as it is written there
   * @param backingFormat of that, as it is written there
   * @param specific what only its format has; empty for nothing
   */
  record Facts(
      int clusterSize,
      boolean dirty,
      boolean encrypted,
      @Nullable String backingFile,
      @Nullable String backingFormat,
      Json.Members specific) {}

  /** What it says of itself. */
  Facts facts();

  /**
   * Looks whether all of its metadata makes sense.
   *
   * @param report hears a line for each thing that does not
   */
  default CheckResult check(CheckResult.Repair repair, Consumer<String> report) {
    throw BlockException.notSupported("This image format does not support checks");
  }

  /** Its snapshots. */
  default List<Snapshot> snapshots() {
    return List.of();
  }

  /**
   * Keeps the disk as it is now.
   *
   * @param seconds the time, since the epoch
   */
  default void createSnapshot(String name, long seconds, int nanoseconds) {
    throw noSnapshots();
  }

  /** Makes the disk what it was; nobody uses it meanwhile. */
  default void applySnapshot(String idOrName) {
    throw noSnapshots();
  }

  /** Forgets a snapshot. */
  default void deleteSnapshot(String idOrName) {
    throw noSnapshots();
  }

  /** True if it can show what a snapshot has. */
  default boolean showsSnapshots() {
    return false;
  }

  /** Reads as the snapshot of that id from now on; nobody uses it meanwhile, nor writes it. */
  default void showSnapshot(String id) {
    throw noSnapshots();
  }

  private static BlockException noSnapshots() {
    return BlockException.notSupported("Operation not supported");
  }

  /** True if it has a place for what a machine was, beside its disk. */
  default boolean keepsState() {
    return false;
  }

  /** Where that place would be if it were on the disk, bytes; 0 if there is none. */
  default long stateOffset() {
    return 0;
  }

  /** Reads what a machine was; zeroes where nothing was written. */
  default void readState(long offset, MemorySegment to) {
    throw BlockException.notSupported("Operation not supported");
  }

  /** Writes what a machine was. */
  default void writeState(long offset, MemorySegment from) {
    throw BlockException.notSupported("Operation not supported");
  }

  /** True if it can keep dirty bitmaps. */
  default boolean keepsBitmaps() {
    return false;
  }

  /** True if clusters can be written compressed. */
  default boolean compresses() {
    return false;
  }

  /** True if clusters can be written in no other way. */
  default boolean compressesAlways() {
    return false;
  }

  /** Writes a whole cluster, or the last one as far as the disk goes, compressed. */
  default void writeCompressed(long offset, MemorySegment from) {
    throw BlockException.notSupported("Compression not supported for this file format");
  }

  /** Names another backing file, or none, in the image; the node's child stays as it is. */
  default void changeBacking(@Nullable String file, @Nullable String format) {
    throw BlockException.notSupported("Operation not supported");
  }

  /** True if its file says in which state what is behind it is, and refuses it in another. */
  default boolean knowsStateBehind() {
    return false;
  }

  /**
   * Hears that what is behind it is about to be written with what this image shows, so that its
   * file knows the state before and the one after, wherever the power is cut; or that this has been
   * done.
   *
   * @param begins false if it has been done
   * @throws BlockException if the other image is not in the state in which it should be
   */
  default void behindChanges(BlockNode behind, boolean begins) {}

  /** Forgets all that was written, which what is behind it has by now: it shows the same. */
  default void makeEmpty() {
    throw BlockException.notSupported("Operation not supported");
  }
}
