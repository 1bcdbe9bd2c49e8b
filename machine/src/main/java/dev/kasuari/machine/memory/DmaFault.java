package dev.kasuari.machine.memory;

/**
 * A bus master's transfer that the bus did not take: nobody answers, an IOMMU forbids it, or a
 * device refused. Checked, because an address in a descriptor is the guest's: every device says
 * what it does then. Carries no stack trace, for it is no bug.
 */
public final class DmaFault extends Exception {
  private static final long serialVersionUID = 1L;

  private final long address;
  private final BusResult result;

  /** A fault at {@code address} as the device gave it. */
  public DmaFault(long address, BusResult result) {
    super(result + " at 0x" + Long.toHexString(address), null, false, false);
    this.address = address;
    this.result = result;
  }

  /** The first address that failed. */
  public long address() {
    return address;
  }

  /** What the bus answered. */
  public BusResult result() {
    return result;
  }
}
