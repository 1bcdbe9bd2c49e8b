package dev.kasuari.hw.virtio;

import dev.kasuari.hw.scsi.Borrowed;
import dev.kasuari.machine.memory.Lease;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Guest memory lent to an operation of the host, piece by piece. */
public final class Loan implements Borrowed {
  private final List<Lease> leases;

  Loan(List<Lease> leases) {
    this.leases = leases;
  }

  /** The pieces in their order. */
  @Override
  public List<MemorySegment> segments() {
    return leases.stream().map(Lease::segment).toList();
  }

  /** Ends it: what the host wrote is in guest memory. */
  @Override
  public void close() {
    leases.forEach(Lease::close);
  }

  /** Ends it before the host has written anything. */
  void discard() {
    for (Lease lease : leases) {
      lease.written(0);
      lease.close();
    }
  }
}
