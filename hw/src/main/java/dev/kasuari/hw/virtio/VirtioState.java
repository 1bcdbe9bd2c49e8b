package dev.kasuari.hw.virtio;

import java.util.ArrayList;
import java.util.List;

/** What changes in every virtio device, whatever it is. */
public final class VirtioState {
  /** Device status, 2.1. */
  int status;

  /** The features that the driver has accepted. */
  long driverFeatures;

  /** {@link Virtio#USED_BUFFER}, {@link Virtio#CONFIGURATION_CHANGE}. */
  int interruptStatus;

  /** Counts changes of the configuration space. */
  int configGeneration;

  /** By number; the queues that the driver has not touched may be missing at the end. */
  final List<VirtqueueState> queues = new ArrayList<>();

  void reset() {
    status = 0;
    driverFeatures = 0;
    interruptStatus = 0;
    queues.forEach(VirtqueueState::reset);
  }

  VirtqueueState queue(int index) {
    while (queues.size() <= index) {
      queues.add(new VirtqueueState());
    }
    return queues.get(index);
  }
}
