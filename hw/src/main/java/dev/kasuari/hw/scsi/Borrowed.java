package dev.kasuari.hw.scsi;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** Memory of an initiator, lent to an operation of the host. */
public interface Borrowed extends AutoCloseable {
  /** The pieces in their order. */
  List<MemorySegment> segments();

  /** Ends it: what the host wrote is the initiator's. */
  @Override
  void close();
}
