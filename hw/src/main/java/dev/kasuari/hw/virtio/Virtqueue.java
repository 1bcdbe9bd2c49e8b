package dev.kasuari.hw.virtio;

import dev.kasuari.machine.memory.Dma;
import dev.kasuari.machine.memory.DmaFault;
import dev.kasuari.machine.state.StateException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The device's side of a split virtqueue (2.7). Everything in the rings is the guest's word: it is
 * bounded and checked, and what breaks the rules ends in {@link VirtioDevice#broken}.
 *
 * <p>Used under the machine's lock.
 */
public final class Virtqueue {
  /** The most descriptors that one chain may have, those of an indirect table counted. */
  private static final int MAX_CHAIN = 1024;

  private static final int DESCRIPTOR = 16;

  // Flags of a descriptor, 2.7.5.
  private static final int NEXT = 1;
  private static final int WRITE = 2;
  private static final int INDIRECT = 4;

  /** {@code VIRTQ_AVAIL_F_NO_INTERRUPT} and {@code VIRTQ_USED_F_NO_NOTIFY}. */
  private static final int SUPPRESS = 1;

  private final VirtioDevice<?, ?> device;
  private final int index;
  private final String name;
  private final int maxSize;
  private final Consumer<Virtqueue> handler;
  private final Dma dma;
  private VirtqueueState state = new VirtqueueState();

  /** Chains that were in flight when the device was saved, and are to be done again. */
  private final Deque<DescriptorChain> again = new ArrayDeque<>();

  /** Counts set-ups, so that what belongs to an earlier one is known. */
  private int epoch;

  Virtqueue(
      VirtioDevice<?, ?> device,
      int index,
      String name,
      int maxSize,
      Consumer<Virtqueue> handler,
      Dma dma) {
    this.device = device;
    this.index = index;
    this.name = name;
    this.maxSize = maxSize;
    this.handler = handler;
    this.dma = dma;
  }

  /** Its number. */
  public int index() {
    return index;
  }

  // What the transport does.

  /** The most descriptors it can have. */
  int maxSize() {
    return maxSize;
  }

  int size() {
    return state.size == 0 ? maxSize : state.size;
  }

  /**
   * Sets the number of descriptors; a power of two up to {@link #maxSize}, else nothing happens.
   */
  void setSize(int size) {
    if (size < 1 || size > maxSize || Integer.bitCount(size) != 1) {
      device.guestError(name + ": a size of " + Integer.toUnsignedString(size));
    } else if (settable()) {
      state.size = size;
    }
  }

  long descriptors() {
    return state.descriptors;
  }

  void setDescriptors(long address) {
    if (settable()) {
      state.descriptors = address;
    }
  }

  long driver() {
    return state.driver;
  }

  void setDriver(long address) {
    if (settable()) {
      state.driver = address;
    }
  }

  long device() {
    return state.device;
  }

  void setDevice(long address) {
    if (settable()) {
      state.device = address;
    }
  }

  private boolean settable() {
    if (state.ready) {
      device.guestError(name + ": changed while it is ready");
    }
    return !state.ready;
  }

  boolean ready() {
    return state.ready;
  }

  void setReady(boolean ready) {
    if (ready != state.ready) {
      device.awaitHost();
      forget();
      state.start();
      state.ready = ready;
    }
  }

  /** Chains taken before belong to nobody any more. */
  private void forget() {
    epoch++;
    again.clear();
  }

  /** From now on this is the state; nothing is in flight. */
  void bind(VirtqueueState newState) {
    forget();
    state = newState;
  }

  /**
   * As {@link #bind}, with a state that was saved: what was in flight then is available once more.
   *
   * @throws StateException if the state cannot be one of this queue
   */
  void restore(VirtqueueState saved) {
    bind(saved);
    int size = size();
    if (size > maxSize || Integer.bitCount(size) != 1 || saved.inFlight.size() > size) {
      throw new StateException(name + ": a queue of " + size + " descriptors cannot be restored");
    }
    state.nextAvailable &= 0xffff;
    state.nextUsed &= 0xffff;
    state.interruptedAt &= 0xffff;
    try {
      for (int head : saved.inFlight) {
        again.add(walk(head));
      }
    } catch (BrokenRing | DmaFault e) {
      device.broken(name + ": " + e.getMessage());
    }
  }

  /** The driver says that there may be something. */
  void serve() {
    if (usable()) {
      handler.accept(this);
    }
  }

  // What the device does.

  /** What a device does with a chain. */
  @FunctionalInterface
  public interface Taker {
    /**
     * Gives the chain back at once, later, or lays it back.
     *
     * @throws DmaFault if the driver has named memory that is none
     */
    void take(DescriptorChain chain) throws DmaFault;
  }

  /** As the other, all that is available. */
  public void drain(String what, Taker taker) {
    drain(what, () -> true, taker);
  }

  /**
   * Takes what is available, chain by chain, as long as {@code more} says so. Another CPU could add
   * chains for ever; after as many as the queue has descriptors the rest is left to a later event.
   * A driver that names memory which is none has broken the device.
   *
   * @param what a chain is, for whoever reads of that
   */
  public void drain(String what, BooleanSupplier more, Taker taker) {
    int budget = size();
    suppressNotifications(true);
    do {
      while (more.getAsBoolean()) {
        DescriptorChain chain = pop();
        if (chain == null) {
          break;
        }
        take(chain, what, taker);
        if (--budget == 0) {
          device.later(this::serve);
          return;
        }
      }
      suppressNotifications(false);
      dma.fence();
      // What came after the last look, but before notifications were wanted, was not notified.
    } while (more.getAsBoolean() && waiting() > 0);
  }

  private void take(DescriptorChain chain, String what, Taker taker) {
    try {
      taker.take(chain);
    } catch (DmaFault e) {
      device.broken(what + ": " + e.getMessage());
    }
  }

  /** The next chain, or null if there is none or the device is broken. */
  public @Nullable DescriptorChain pop() {
    if (!usable()) {
      return null;
    }
    if (!again.isEmpty()) {
      return again.poll();
    }
    try {
      int waiting = waitingNow();
      if (waiting == 0) {
        return null;
      }
      if (state.inFlight.size() >= size()) {
        throw new BrokenRing("more chains are available than there are descriptors");
      }
      int head = dma.read16(state.driver + 4 + 2L * (state.nextAvailable & (size() - 1)));
      DescriptorChain chain = walk(head);
      state.nextAvailable = (state.nextAvailable + 1) & 0xffff;
      state.inFlight.add(head);
      return chain;
    } catch (BrokenRing | DmaFault e) {
      device.broken(name + ": " + e.getMessage());
      return null;
    }
  }

  /**
   * As {@link #pop}; where there is none the driver is asked to notify of the next, which {@link
   * #drain} does by itself.
   */
  public @Nullable DescriptorChain popOrAwait() {
    DescriptorChain chain = pop();
    if (chain == null && usable()) {
      suppressNotifications(false);
      dma.fence();
      chain = waiting() > 0 ? pop() : null;
    }
    return chain;
  }

  /** Lays a chain back that was taken and not touched, or not all of it: the next to be taken. */
  public void putBack(DescriptorChain chain) {
    if (current(chain)) {
      again.addFirst(chain);
    }
  }

  /**
   * Gives a chain back and interrupts the driver if it wants that. Of a chain that was taken before
   * a reset nothing more happens.
   *
   * @param written bytes written from the beginning of the writable part
   */
  public void push(DescriptorChain chain, long written) {
    pushAll(List.of(new Filled(chain, written)));
  }

  /**
   * A chain to be given back.
   *
   * @param written bytes written from the beginning of the writable part
   */
  public record Filled(DescriptorChain chain, long written) {}

  /** As {@link #push}, of several that the driver must find at the same time. */
  public void pushAll(List<Filled> all) {
    List<Filled> ours = all.stream().filter(f -> current(f.chain)).toList();
    ours.forEach(f -> state.inFlight.remove(Integer.valueOf(f.chain.head())));
    if (!usable() || ours.isEmpty()) {
      return;
    }
    try {
      int next = state.nextUsed;
      for (Filled filled : ours) {
        long entry = state.device + 4 + 8L * (next & (size() - 1));
        dma.write32(entry, filled.chain.head());
        dma.write32(entry + 4, (int) filled.written);
        next = (next + 1) & 0xffff;
      }
      state.nextUsed = next;
      dma.storeRelease16(state.device + 2, next);
      if (interruptWanted()) {
        device.interrupt(Virtio.USED_BUFFER);
      }
    } catch (DmaFault e) {
      device.broken(name + ": used ring: " + e.getMessage());
    }
  }

  /** True if nothing was reset since the chain was taken; else its memory is the guest's again. */
  public boolean current(DescriptorChain chain) {
    return chain.epoch() == epoch;
  }

  private boolean usable() {
    return state.ready && device.running();
  }

  private int waiting() {
    try {
      return usable() ? waitingNow() : 0;
    } catch (BrokenRing | DmaFault e) {
      device.broken(name + ": " + e.getMessage());
      return 0;
    }
  }

  private int waitingNow() throws BrokenRing, DmaFault {
    int waiting = (dma.loadAcquire16(state.driver + 2) - state.nextAvailable) & 0xffff;
    if (waiting > size()) {
      throw new BrokenRing("the available index is " + waiting + " ahead in a queue of " + size());
    }
    return waiting;
  }

  /** 2.7.7 and 2.7.10. */
  private boolean interruptWanted() throws DmaFault {
    dma.fence();
    if (!device.negotiated(Virtio.RING_EVENT_IDX)) {
      return (dma.read16(state.driver) & SUPPRESS) == 0;
    }
    int wanted = dma.read16(state.driver + 4 + 2L * size());
    int since = (state.nextUsed - state.interruptedAt) & 0xffff;
    int beyond = (state.nextUsed - wanted - 1) & 0xffff;
    boolean first = !state.interrupted;
    state.interrupted = true;
    state.interruptedAt = state.nextUsed;
    return first || beyond < since;
  }

  private void suppressNotifications(boolean suppress) {
    if (!usable()) {
      return;
    }
    try {
      if (!device.negotiated(Virtio.RING_EVENT_IDX)) {
        dma.write16(state.device, suppress ? SUPPRESS : 0);
      } else if (!suppress) {
        // While the index is behind, the driver does not notify.
        dma.write16(state.device + 4 + 8L * size(), state.nextAvailable);
      }
    } catch (DmaFault e) {
      device.broken(name + ": used ring: " + e.getMessage());
    }
  }

  // Descriptors.

  /** What a driver may not do in a ring. Carries no stack trace, for it is no bug of ours. */
  private static final class BrokenRing extends Exception {
    private static final long serialVersionUID = 1L;

    BrokenRing(String message) {
      super(message, null, false, false);
    }
  }

  private DescriptorChain walk(int head) throws BrokenRing, DmaFault {
    var readable = new ArrayList<DescriptorChain.Buffer>();
    var writable = new ArrayList<DescriptorChain.Buffer>();
    long table = state.descriptors;
    int tableSize = size();
    boolean indirect = false;
    int next = head;
    int inTable = 0;
    int flags;
    do {
      if (next < 0 || next >= tableSize) {
        throw new BrokenRing("descriptor " + next + " of " + tableSize);
      }
      if (++inTable > tableSize || readable.size() + writable.size() >= MAX_CHAIN) {
        throw new BrokenRing("a chain of descriptors that is too long or has no end");
      }
      long address = dma.read64(table + (long) next * DESCRIPTOR);
      long rest = dma.read64(table + (long) next * DESCRIPTOR + 8);
      long length = rest & 0xffff_ffffL;
      flags = (int) (rest >>> 32) & 0xffff;
      next = (int) (rest >>> 48);
      if ((flags & INDIRECT) != 0) {
        checkIndirect(indirect, flags, length);
        indirect = true;
        table = address;
        tableSize = (int) Math.min(length / DESCRIPTOR, 1 << 16);
        next = 0;
        inTable = 0;
        flags = NEXT;
      } else {
        add((flags & WRITE) != 0, address, length, readable, writable);
      }
    } while ((flags & NEXT) != 0);
    var chain = new DescriptorChain(dma, head, epoch, readable, writable);
    if (chain.readableLength() + chain.writableLength() > 0xffff_ffffL) {
      throw new BrokenRing("a chain of more than 4 GiB");
    }
    return chain;
  }

  /** 2.7.5.3. */
  private void checkIndirect(boolean nested, int flags, long length) throws BrokenRing {
    if (!device.negotiated(Virtio.RING_INDIRECT_DESC)) {
      throw new BrokenRing("an indirect descriptor, which was not negotiated");
    }
    if (nested || (flags & NEXT) != 0) {
      throw new BrokenRing("an indirect descriptor inside a chain of others");
    }
    if (length == 0 || length % DESCRIPTOR != 0) {
      throw new BrokenRing("an indirect table of " + length + " bytes");
    }
  }

  private static void add(
      boolean write,
      long address,
      long length,
      List<DescriptorChain.Buffer> readable,
      List<DescriptorChain.Buffer> writable)
      throws BrokenRing {
    if (length == 0) {
      throw new BrokenRing("a buffer of no bytes");
    }
    if (Long.compareUnsigned(address, address + length - 1) > 0) {
      throw new BrokenRing("a buffer beyond the end of addresses");
    }
    if (!write && !writable.isEmpty()) {
      throw new BrokenRing("a readable buffer behind a writable one");
    }
    (write ? writable : readable).add(new DescriptorChain.Buffer(address, length));
  }
}
