package dev.kasuari.hw.virtio;

import java.util.ArrayList;
import java.util.List;

/** How the driver has set up a virtqueue, and how far both sides are. */
public final class VirtqueueState {
  /** Descriptors, a power of two; 0 stands for the most the device has. */
  int size;

  boolean ready;

  /** Guest-physical address of the descriptor area. */
  long descriptors;

  /** Guest-physical address of the driver area, the available ring. */
  long driver;

  /** Guest-physical address of the device area, the used ring. */
  long device;

  /** Index of the next entry in the available ring, modulo 65536. */
  int nextAvailable;

  /** Index of the next entry in the used ring, modulo 65536. */
  int nextUsed;

  /** What {@link #nextUsed} was when the driver was last interrupted, with the event index. */
  int interruptedAt;

  /** The driver was interrupted since the queue became ready. */
  boolean interrupted;

  /** First descriptors of the chains that were taken and not given back, in that order. */
  final List<Integer> inFlight = new ArrayList<>();

  void reset() {
    size = 0;
    ready = false;
    descriptors = 0;
    driver = 0;
    device = 0;
    start();
  }

  /** Both sides begin at the front. */
  void start() {
    nextAvailable = 0;
    nextUsed = 0;
    interruptedAt = 0;
    interrupted = false;
    inFlight.clear();
  }
}
