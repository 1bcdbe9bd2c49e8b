package dev.kasuari.block.table;

import dev.kasuari.block.BlockException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * What an image says of the blocks of a disk, all of one size: what formats with tables differ in.
 * A {@link SparseDisk} calls it under its lock unless said otherwise; changes are in memory until
 * the disk commits them.
 */
public interface BlockMap {
  /** Where the bytes of a block are. */
  enum Kind {
    /** In the file, as they are. */
    DATA,
    /** Nowhere: they are zero. */
    ZERO,
    /** Nowhere: what is behind the image has them, or they are zero. */
    ABSENT,
    /** In the file in another shape: {@link BlockMap#unpack} knows. */
    PACKED
  }

  /**
   * What is said of one block.
   *
   * @param offset where it begins in the file, if that is known
   */
  record Entry(Kind kind, long offset) {
    public static final Entry ZERO = new Entry(Kind.ZERO, 0);
    public static final Entry ABSENT = new Entry(Kind.ABSENT, 0);

    /** A block that is there. */
    public static Entry data(long offset) {
      return new Entry(Kind.DATA, offset);
    }
  }

  /**
   * What is said of a block.
   *
   * @throws BlockException if it makes no sense
   */
  Entry get(long index);

  /**
   * How many blocks from this one on are surely as it is: 1, or more where one entry of a table of
   * tables says so of many.
   */
  default long alike(long index) {
    return 1;
  }

  /**
   * How many blocks from this one on surely lie in a row in the file as soon as one of them has a
   * place: 1, or as far as their group goes.
   */
  default long together(long index) {
    return 1;
  }

  /** Room in the file for a block that will be written, which nobody else gets. */
  long place(long index);

  /** Writes what stands beside a new block in the file, before it is linked. Not under the lock. */
  default void prepare(long index, long offset) {}

  /** Hears that a block is written where it is. Not under the lock. */
  default void beforeOverwrite(long index, long offset) {}

  /** From now on the block is there. */
  void link(long index, long offset);

  /** From now on the block is zero; false if there is no way to say that. */
  default boolean linkZero(long index) {
    return false;
  }

  /** From now on blocks of a group, none of which is there, are zero; false as above. */
  default boolean linkZeroes(long index, long blocks) {
    return blocks == 1 && linkZero(index);
  }

  /** Reads a whole block that is {@link Kind#PACKED}. Not under the lock. */
  default void unpack(long index, Entry entry, MemorySegment to) {
    throw BlockException.notSupported("compressed blocks");
  }

  /** Writes what must be on the medium before tables name new blocks. Not under the lock. */
  default void beforeLinks() {}

  /** Writes changed tables; what they name is on the medium. Not under the lock. */
  default void writeLinks(List<TablePages.Copy> changed) {
    changed.forEach(TablePages.Copy::write);
  }
}
