package dev.kasuari.machine.memory;

/**
 * One access on a bus: what is asked, who asks, and the answer. Mutable and meant to be reused:
 * each vCPU and each {@link Dma} has its own, and a device must not keep one.
 *
 * <p>{@link #value()} holds the bytes in address order from its low end: the byte at {@code address
 * + i} is bits {@code 8i..8i+7}. A big-endian CPU swaps before it asks; a big-endian device says so
 * in {@link AccessSizes}.
 */
public final class BusAccess {
  /** The requester of accesses that come from no CPU and no device: loaders, monitor, debugger. */
  public static final int NOBODY = -1;

  private long address;
  private long value;
  private int size = 4;
  private boolean write;
  private int requester = NOBODY;
  private boolean secure;
  private boolean privileged = true;
  private boolean fetch;
  private BusResult result = BusResult.OK;

  /**
   * Sets who asks, for all following accesses.
   *
   * @param requester a CPU's index, or for devices the bus's requester id (PCI: bus and devfn);
   *     {@link #NOBODY} for the emulator itself
   * @param secure the access comes from the secure world (Arm NS = 0)
   * @param privileged the access comes from a privileged mode
   */
  public BusAccess from(int requester, boolean secure, boolean privileged) {
    this.requester = requester;
    this.secure = secure;
    this.privileged = privileged;
    return this;
  }

  /** Makes this a read of {@code size} bytes (1, 2, 4 or 8). */
  public BusAccess asRead(long address, int size) {
    this.address = address;
    this.size = size;
    this.write = false;
    this.fetch = false;
    this.value = 0;
    this.result = BusResult.OK;
    return this;
  }

  /** Makes this an instruction fetch of {@code size} bytes, which reads. */
  public BusAccess asFetch(long address, int size) {
    asRead(address, size);
    this.fetch = true;
    return this;
  }

  /** Makes this a write of the low {@code size} bytes (1, 2, 4 or 8) of {@code value}. */
  public BusAccess asWrite(long address, int size, long value) {
    this.address = address;
    this.size = size;
    this.write = true;
    this.fetch = false;
    this.value = value;
    this.result = BusResult.OK;
    return this;
  }

  /** The address in the space that was asked. */
  public long address() {
    return address;
  }

  /** Bytes: 1, 2, 4 or 8. */
  public int size() {
    return size;
  }

  /** What is written, or what was read (zero-extended). */
  public long value() {
    return value;
  }

  /** True for a write. */
  public boolean write() {
    return write;
  }

  /** True for an instruction fetch. */
  public boolean fetch() {
    return fetch;
  }

  /** Who asks; see {@link #from}. */
  public int requester() {
    return requester;
  }

  /** True from the secure world. */
  public boolean secure() {
    return secure;
  }

  /** True from a privileged mode. */
  public boolean privileged() {
    return privileged;
  }

  /** How it ended. */
  public BusResult result() {
    return result;
  }

  /** Ends the access with an error. A handler calls it and returns anything. */
  public void fail(BusResult error) {
    result = error;
  }

  void answer(long value) {
    this.value = value;
  }

  BusResult end(BusResult result) {
    this.result = result;
    return result;
  }

  @Override
  public String toString() {
    return (fetch ? "fetch" : write ? "write" : "read")
        + size * 8
        + "(0x"
        + Long.toHexString(address)
        + (write ? ", 0x" + Long.toHexString(value) : "")
        + ")";
  }
}
