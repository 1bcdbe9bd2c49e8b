package dev.kasuari.machine.cpu;

/**
 * What {@link Cpu#translate} found for one address: filled in by the CPU, reused by the caller, so
 * that a page walk allocates nothing.
 */
public final class PageTranslation {
  /** Physical address of the byte asked for. */
  public long physical;

  /**
   * Whether the access is one of the secure world, as {@link
   * dev.kasuari.machine.memory.BusAccess#secure}.
   */
  public boolean secure;

  /** Bytes of the naturally aligned virtual range that maps in one piece, at least 4096. */
  public long pageSize;

  /**
   * So many 4 KiB pages directly behind that of the byte asked for translate alike: to the physical
   * pages behind its own, for every access as this one does. A CPU that does not know says 0.
   */
  public int alike;

  /**
   * Whether the whole 4 KiB page around the address may be read, written, executed; if {@link
   * #uncached}, the bytes of the access.
   */
  public boolean readable;

  public boolean writable;
  public boolean executable;

  /**
   * The answer holds for this access only and must not be cached: protection is finer than a page,
   * or the walk must be seen again.
   */
  public boolean uncached;

  /** {@link Cpu#inspect} wants to see each access to the page before it is done. */
  public boolean inspected;

  /** After a fault: the architecture's exception number and its value register. */
  public int faultCause;

  public long faultValue;

  /** Starts a new answer: nothing permitted, one page. */
  public void reset() {
    physical = 0;
    secure = false;
    pageSize = 4096;
    alike = 0;
    readable = false;
    writable = false;
    executable = false;
    uncached = false;
    inspected = false;
    faultCause = -1;
    faultValue = 0;
  }
}
