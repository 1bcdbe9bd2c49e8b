package dev.kasuari.machine.memory;

import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.MachineContext;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What a CPU or a bus master sees at 64-bit addresses: a tree of {@link MemoryRegion}s, flattened
 * to a {@link FlatView} that is swapped atomically at every change of the tree. There is a view for
 * each world: regions may be {@linkplain MemoryRegion#setSecureOnly the secure one's alone}.
 *
 * <p>Reading the view and accessing memory need no lock. Handlers run under the machine's lock,
 * which is taken here; the tree is changed under it too.
 */
public final class AddressSpace {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Hears of changes, under the machine's lock. */
  @FunctionalInterface
  public interface Listener {
    /**
     * A view was swapped: those given are of the non-secure world, or of the secure one if only
     * that sees a change. What was derived from {@code before} (TLB entries, cached ranges) is to
     * be dropped.
     */
    void changed(FlatView before, FlatView after);
  }

  private final String name;
  private final MemoryRegion root;
  private final MachineContext owner;
  private final ReentrantLock lock;
  private final Runnable watcher = this::treeChanged;
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private volatile FlatView view;
  private volatile FlatView secureView;
  private int updates;
  private boolean stale;

  /**
   * A space that shows {@code root}, whose trees and handlers {@code owner}'s lock guards.
   *
   * @param name what {@code info mtree} calls it
   */
  public AddressSpace(String name, MemoryRegion root, MachineContext owner) {
    this.name = name;
    this.root = root;
    this.owner = owner;
    this.lock = owner.lock();
    this.view = FlatView.of(root, 1);
    this.secureView = secureView(view);
    root.watch(watcher);
  }

  /** The name. */
  public String name() {
    return name;
  }

  /** The tree. */
  public MemoryRegion root() {
    return root;
  }

  /** The machine's lock, under which handlers run, devices work and lines change. */
  public ReentrantLock lock() {
    return lock;
  }

  /** The present view of the non-secure world; a volatile read. */
  public FlatView view() {
    return view;
  }

  /**
   * The present view of a world; a volatile read.
   *
   * @param secure the secure one; where nothing is only its own, the two are the same
   */
  public FlatView view(boolean secure) {
    return secure ? secureView : view;
  }

  /** Adds one who must hear of changes. */
  public void addListener(Listener listener) {
    listeners.add(listener);
  }

  /** Removes what {@link #addListener} added. */
  public void removeListener(Listener listener) {
    listeners.remove(listener);
  }

  /** Makes several changes of the tree appear as one. */
  public void update(Runnable changes) {
    lock.lock();
    try {
      updates++;
      try {
        changes.run();
      } finally {
        updates--;
        if (stale) {
          treeChanged();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Stops following the tree. */
  public void dispose() {
    root.unwatch(watcher);
    listeners.clear();
  }

  /** A view for a bus master that is behind no IOMMU. */
  public Dma dma(int requester) {
    return new Dma(this, requester, null);
  }

  private void treeChanged() {
    if (updates > 0) {
      stale = true;
      return;
    }
    stale = false;
    FlatView before = view;
    FlatView secureBefore = secureView;
    FlatView after = FlatView.of(root, before.generation() + 1);
    FlatView secureAfter = secureView(after);
    boolean changed = !after.sameAs(before);
    if (!changed && secureAfter.sameAs(secureBefore)) {
      return;
    }
    view = after;
    secureView = secureAfter;
    for (Listener listener : listeners) {
      listener.changed(changed ? before : secureBefore, changed ? after : secureAfter);
    }
  }

  private FlatView secureView(FlatView other) {
    FlatView secure = FlatView.of(root, other.generation(), true);
    return secure.sameAs(other) ? other : secure;
  }

  /** Performs an access wherever it leads and reports how it ended. */
  public BusResult access(BusAccess access) {
    FlatRange range = view(access.secure()).find(access.address());
    return range.contains(access.address(), access.size())
        ? access(range, access)
        : straddle(access);
  }

  /**
   * As {@link #access(BusAccess)}, for one who has found the range already.
   *
   * @param range a range of this space that contains the whole access
   */
  public BusResult access(FlatRange range, BusAccess access) {
    return switch (range.kind()) {
      case UNASSIGNED -> unassigned(access);
      case RAM -> memory(range, access);
      case ROM -> access.write() ? dropped(range, access) : memory(range, access);
      case ROM_DEVICE -> access.write() ? handler(range, access) : memory(range, access);
      case MMIO -> handler(range, access);
    };
  }

  /**
   * Reads as a debugger does: without side effects and without error, with the secure world's eyes;
   * where nobody answers, zero.
   */
  public long peek(long address, int size) {
    FlatRange range = secureView.find(address);
    if (!range.contains(address, size)) {
      long value = 0;
      for (int i = 0; i < size; i++) {
        value |= peek(address + i, 1) << (8 * i);
      }
      return value;
    }
    RamBlock ram = range.ram();
    if (ram != null) {
      return load(ram.segment(), range.regionOffset(address), size);
    }
    SizedAccess handler = range.handler();
    if (handler == null) {
      return 0;
    }
    lock.lock();
    try {
      return handler.peek(range.regionOffset(address), size);
    } finally {
      lock.unlock();
    }
  }

  /** An access over the edge of a range goes byte by byte, lowest address first. */
  private BusResult straddle(BusAccess access) {
    var part = new BusAccess().from(access.requester(), access.secure(), access.privileged());
    long value = 0;
    for (int i = 0; i < access.size(); i++) {
      if (access.write()) {
        part.asWrite(access.address() + i, 1, (access.value() >>> (8 * i)) & 0xff);
      } else {
        part.asRead(access.address() + i, 1);
      }
      BusResult result = access(part);
      if (result != BusResult.OK) {
        return access.end(result);
      }
      value |= part.value() << (8 * i);
    }
    if (!access.write()) {
      access.answer(value);
    }
    return access.end(BusResult.OK);
  }

  private BusResult unassigned(BusAccess access) {
    owner.log().write(LogCategory.GUEST_ERRORS, () -> name + ": nobody answers " + access);
    return access.end(BusResult.DECODE_ERROR);
  }

  private BusResult dropped(FlatRange range, BusAccess access) {
    owner
        .log()
        .write(LogCategory.GUEST_ERRORS, () -> range.region() + ": " + access + " to ROM dropped");
    return access.end(BusResult.OK);
  }

  private BusResult memory(FlatRange range, BusAccess access) {
    RamBlock ram = range.ram();
    if (ram == null) {
      throw new IllegalStateException(range.toString());
    }
    long offset = range.regionOffset(access.address());
    if (access.write()) {
      store(ram.segment(), offset, access.size(), access.value());
      ram.dirty().written(offset, access.size());
    } else {
      access.answer(load(ram.segment(), offset, access.size()));
    }
    return access.end(BusResult.OK);
  }

  private BusResult handler(FlatRange range, BusAccess access) {
    SizedAccess handler = range.handler();
    if (handler == null) {
      throw new IllegalStateException(range.toString());
    }
    long offset = range.regionOffset(access.address());
    if (!handler.answers(offset, access.size())) {
      owner
          .log()
          .write(
              LogCategory.GUEST_ERRORS,
              () -> range.region() + ": no " + access + ": size or alignment");
      return access.end(BusResult.SLAVE_ERROR);
    }
    lock.lock();
    try {
      if (access.write()) {
        handler.write(offset, access);
      } else {
        access.answer(handler.read(offset, access));
      }
      handler.handler().accessed();
      return access.result();
    } catch (Throwable e) {
      owner.deviceFailed(range.region() + ": " + access, e);
      return access.end(BusResult.SLAVE_ERROR);
    } finally {
      lock.unlock();
    }
  }

  static long load(MemorySegment segment, long offset, int size) {
    return switch (size) {
      case 1 -> Byte.toUnsignedLong(segment.get(ValueLayout.JAVA_BYTE, offset));
      case 2 -> Short.toUnsignedLong(segment.get(SHORT, offset));
      case 4 -> Integer.toUnsignedLong(segment.get(INT, offset));
      case 8 -> segment.get(LONG, offset);
      default -> throw new IllegalArgumentException("access of " + size + " bytes");
    };
  }

  static void store(MemorySegment segment, long offset, int size, long value) {
    switch (size) {
      case 1 -> segment.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
      case 2 -> segment.set(SHORT, offset, (short) value);
      case 4 -> segment.set(INT, offset, (int) value);
      case 8 -> segment.set(LONG, offset, value);
      default -> throw new IllegalArgumentException("access of " + size + " bytes");
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
