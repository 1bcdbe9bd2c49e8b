package dev.kasuari.hw.virtio;

import dev.kasuari.machine.Device;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.Log;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.Registers;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.memory.Dma;
import dev.kasuari.machine.state.StateException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A virtio device whatever its transport (2): status, features, queues and configuration space.
 * Only the modern interface ({@code VIRTIO_F_VERSION_1}) is there.
 *
 * @param <P> properties
 * @param <S> state, which has a {@link VirtioState} among its fields
 */
public abstract class VirtioDevice<P, S> extends Device<P, S> {
  /**
   * How long a reset waits for the host, whose operations write into memory the guest gets back.
   */
  private static final long RESET_SECONDS = 5;

  private final int deviceId;
  private final List<Virtqueue> queues = new ArrayList<>();
  private final HostOperations operations = new HostOperations();
  private int unfinished;
  private IrqLine irq;
  private Wiring wiring;
  private Dma dma;
  private Log log;

  /**
   * A device of a type.
   *
   * @param deviceId see 5, "Device Types"
   */
  protected VirtioDevice(int deviceId) {
    this.deviceId = deviceId;
  }

  // What a kind of device implements.

  /** The part of {@link #state()} that all virtio devices have. */
  protected abstract VirtioState virtio();

  /** The features that the device offers; {@code VIRTIO_F_VERSION_1} is added. */
  protected abstract long offered();

  /** The configuration space, made once. */
  protected abstract Registers configuration();

  /** The driver has reset the device: the device's own part of the state begins anew. */
  protected abstract void resetByDriver();

  /** Declares queues with {@link #addQueue}; a device extends it and calls this first. */
  @Override
  protected void realize(Wiring w) {
    wiring = w;
    dma = w.dma();
    log = w.log();
    irq = w.irq("irq");
  }

  @Override
  protected void outputs() {
    irq.set(virtio().interruptStatus != 0);
  }

  // What a kind of device uses.

  /**
   * Adds the next queue.
   *
   * @param size the most descriptors, a power of two
   * @param handler takes what is available
   */
  protected final Virtqueue addQueue(String name, int size, Consumer<Virtqueue> handler) {
    var queue = new Virtqueue(this, queues.size(), id() + " " + name, size, handler, dma);
    queues.add(queue);
    return queue;
  }

  /** How firmware finds its place. */
  public final String firmwarePath() {
    return bus() instanceof VirtioBus place ? place.firmwarePath() : "";
  }

  /** True if the driver has accepted these features. */
  protected final boolean negotiated(long features) {
    return (virtio().driverFeatures & features) == features;
  }

  /** True while the driver drives the device, and has not broken it. */
  protected final boolean running() {
    int status = virtio().status;
    return (status & Virtio.DRIVER_OK) != 0 && (status & Virtio.DEVICE_NEEDS_RESET) == 0;
  }

  /** The driver did what it may not, and the device needs a reset (2.1.2). */
  protected final void broken(String reason) {
    guestError(reason + "; it needs a reset");
    VirtioState state = virtio();
    state.status |= Virtio.DEVICE_NEEDS_RESET;
    if ((state.status & Virtio.DRIVER_OK) != 0) {
      interrupt(Virtio.CONFIGURATION_CHANGE);
    }
  }

  /** Logs what the driver may not do. */
  protected final void guestError(String message) {
    log.write(LogCategory.GUEST_ERRORS, () -> id() + ": " + message);
  }

  /** The configuration space has changed. */
  protected final void configurationChanged() {
    VirtioState state = virtio();
    state.configGeneration++;
    if ((state.status & Virtio.DRIVER_OK) != 0) {
      interrupt(Virtio.CONFIGURATION_CHANGE);
    }
  }

  /** Runs {@code action} on the machine's event loop. */
  protected final void later(Runnable action) {
    wiring.post(action);
  }

  /** An operation of the host begins; {@link #finish} ends it. Under the machine's lock. */
  protected final void begin() {
    unfinished++;
    operations.begin();
  }

  /** An operation of the host has ended, on any thread; {@code completion} runs on the loop. */
  protected final void finish(Runnable completion) {
    operations.end();
    wiring.post(() -> {
      unfinished--;
      completion.run();
    });
  }

  final void interrupt(int cause) {
    virtio().interruptStatus |= cause;
  }

  // Life.

  @Override
  protected int inFlight() {
    return unfinished;
  }

  @Override
  protected void onReset(S before) {
    VirtioState state = virtio();
    for (Virtqueue queue : queues) {
      queue.bind(state.queue(queue.index()));
    }
  }

  @Override
  protected void onRestore() {
    VirtioState state = virtio();
    if (state.queues.size() > queues.size()) {
      throw new StateException(
          id() + ": has " + queues.size() + " queues, was saved with " + state.queues.size());
    }
    for (Virtqueue queue : queues) {
      queue.restore(state.queue(queue.index()));
      later(queue::serve);
    }
  }

  // What a transport uses, under the machine's lock.

  /** The type of the device (5). */
  final int deviceId() {
    return deviceId;
  }

  /** Half of the features that the device offers: 0 for bits 0 to 31, 1 for 32 to 63. */
  final int deviceFeatures(int half) {
    return half == 0 || half == 1 ? (int) (features() >>> (32 * half)) : 0;
  }

  private long features() {
    return offered() | Virtio.VERSION_1;
  }

  /** Accepts features; those that are not offered are left out. */
  final void setDriverFeatures(int half, int bits) {
    VirtioState state = virtio();
    if ((state.status & Virtio.FEATURES_OK) != 0) {
      guestError("features changed after they were agreed on");
    } else if (half == 0 || half == 1) {
      long shifted = Integer.toUnsignedLong(bits) << (32 * half);
      long others = state.driverFeatures & ~(0xffff_ffffL << (32 * half));
      if ((shifted & ~features()) != 0) {
        guestError("features accepted that are not offered: 0x" + Integer.toHexString(bits));
      }
      state.driverFeatures = others | (shifted & features());
    } else if (bits != 0) {
      guestError("features accepted that are not offered, half " + half);
    }
  }

  final int status() {
    return virtio().status;
  }

  /** 2.1 and 3.1. */
  final void setStatus(int value) {
    VirtioState state = virtio();
    if (value == 0) {
      resetNow(state);
      return;
    }
    int before = state.status;
    // Whether it needs a reset is for the device alone to say.
    int after = (value & 0xff & ~Virtio.DEVICE_NEEDS_RESET) | (before & Virtio.DEVICE_NEEDS_RESET);
    if ((before & ~after) != 0) {
      guestError("status 0x" + Integer.toHexString(value) + " takes back what was set");
    }
    if ((after & Virtio.FEATURES_OK) != 0 && !negotiated(Virtio.VERSION_1)) {
      guestError("a driver of the legacy interface; VIRTIO_F_VERSION_1 is needed");
      after &= ~Virtio.FEATURES_OK;
    }
    if ((after & Virtio.DRIVER_OK) != 0 && (after & Virtio.FEATURES_OK) == 0) {
      guestError("a driver that goes on without having agreed on features");
      after &= ~Virtio.DRIVER_OK;
    }
    state.status = after;
    if ((after & ~before & Virtio.DRIVER_OK) != 0) {
      queues.forEach(Virtqueue::serve);
    }
  }

  private void resetNow(VirtioState state) {
    awaitHost();
    state.reset();
    for (Virtqueue queue : queues) {
      queue.bind(state.queue(queue.index()));
    }
    resetByDriver();
  }

  /**
   * Waits until no operation of the host touches guest memory, for after a reset the guest uses it
   * for something else. The operations themselves never need the machine's lock.
   */
  final void awaitHost() {
    if (!operations.awaitNone(RESET_SECONDS)) {
      log.always(id() + ": the host has not ended its operations; the guest goes on without them");
    }
  }

  final List<Virtqueue> queues() {
    return queues;
  }

  /** The driver says that there may be something in a queue. */
  final void notified(int queue) {
    if (queue < 0 || queue >= queues.size()) {
      guestError("notified of queue " + Integer.toUnsignedString(queue));
    } else if (!running()) {
      guestError("notified of queue " + queue + " while it does not run");
    } else {
      queues.get(queue).serve();
    }
  }

  final int interruptStatus() {
    return virtio().interruptStatus;
  }

  final void acknowledge(int causes) {
    virtio().interruptStatus &= ~causes;
  }

  final int configGeneration() {
    return virtio().configGeneration;
  }
}
