package dev.kasuari.block;

/**
 * How a node is opened; children inherit it, with the changes that their role asks for.
 *
 * @param writable whether it may be written; if not, an attempt is refused before it gets anywhere
 * @param autoReadOnly open read only what cannot be opened for writing
 * @param forceShare take part in no locking: others may write meanwhile, and what is read may be
 *     neither old nor new
 * @param direct past the host's cache
 * @param noFlush flushes do nothing: fast, and lost with the host's power
 * @param unmap discards reach the storage
 * @param backing whether backing files are opened
 * @param recovery open even what is marked corrupt or dirty, as it is, to look at or repair it
 */
public record Access(
    boolean writable,
    boolean autoReadOnly,
    boolean forceShare,
    boolean direct,
    boolean noFlush,
    boolean unmap,
    boolean backing,
    boolean recovery) {

  /** For reading. */
  public static Access read() {
    return new Access(false, false, false, false, false, false, true, false);
  }

  /** For reading and writing. */
  public static Access write() {
    return read().withWritable(true);
  }

  /** The same, writable or not. */
  public Access withWritable(boolean value) {
    return new Access(value, autoReadOnly, forceShare, direct, noFlush, unmap, backing, recovery);
  }

  /** The same, with locks or without. */
  public Access withForceShare(boolean value) {
    return new Access(writable, autoReadOnly, value, direct, noFlush, unmap, backing, recovery);
  }

  /** The same, by another way through the host's cache. */
  public Access withCache(boolean throughHost, boolean flushes) {
    return new Access(
        writable, autoReadOnly, forceShare, !throughHost, !flushes, unmap, backing, recovery);
  }

  /** The same; discards reach the storage or not. */
  public Access withUnmap(boolean value) {
    return new Access(
        writable, autoReadOnly, forceShare, direct, noFlush, value, backing, recovery);
  }

  /** The same, with backing files or without. */
  public Access withBacking(boolean value) {
    return new Access(writable, autoReadOnly, forceShare, direct, noFlush, unmap, value, recovery);
  }

  /** The same; what is read only falls back to that. */
  public Access withAutoReadOnly(boolean value) {
    return new Access(writable, value, forceShare, direct, noFlush, unmap, backing, recovery);
  }

  /** The same, for looking at and repairing what is damaged. */
  public Access withRecovery(boolean value) {
    return new Access(writable, autoReadOnly, forceShare, direct, noFlush, unmap, backing, value);
  }

  /** How what is under a backing file's name is opened. */
  public Access forBacking() {
    return new Access(false, false, forceShare, direct, noFlush, false, backing, false);
  }
}
