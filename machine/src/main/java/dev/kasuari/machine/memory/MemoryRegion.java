package dev.kasuari.machine.memory;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A node of the tree that an {@link AddressSpace} is flattened from. A region knows its size and
 * what answers inside it; where it lies is said by the {@link Container} it is put into, once. What
 * must appear twice is mapped by an {@link Alias}.
 *
 * <p>Trees are changed under the machine's lock.
 */
public abstract sealed class MemoryRegion {
  /** The size of a region that fills all 64 bits of address. */
  public static final long WHOLE = 0;

  private final String name;
  private final long size;
  private final List<Alias> aliases = new ArrayList<>();
  private final List<Runnable> watchers = new ArrayList<>();
  private @Nullable Container parent;
  private long offset;
  private int priority;
  private boolean enabled = true;
  private boolean secureOnly;

  private MemoryRegion(String name, long size) {
    this.name = name;
    this.size = size;
  }

  /** A region without contents of its own, to put others into. */
  public static Container container(String name, long size) {
    return new Container(name, size);
  }

  /** Memory that the guest reads and writes. */
  public static Ram ram(RamBlock block) {
    return new Ram(block.name(), block, true);
  }

  /** Memory that the guest only reads; its writes go nowhere and are answered OK. */
  public static Ram rom(RamBlock block) {
    return new Ram(block.name(), block, false);
  }

  /**
   * Registers.
   *
   * @param size bytes, or {@link #WHOLE}
   */
  public static Mmio mmio(String name, long size, MmioHandler handler) {
    return new Mmio(name, size, handler);
  }

  /**
   * Memory to reads and registers to writes, as flash chips are; {@link RomDevice#setReadable}
   * turns reads to the registers too.
   */
  public static RomDevice romDevice(RamBlock block, MmioHandler handler) {
    return new RomDevice(block.name(), block, handler);
  }

  /**
   * A window on another region.
   *
   * @param offset where in {@code target} the window begins
   * @param size of the window, bytes
   */
  public static Alias alias(String name, MemoryRegion target, long offset, long size) {
    return new Alias(name, target, offset, size, false);
  }

  /** As {@link #alias}, through which memory cannot be written. */
  public static Alias readOnlyAlias(String name, MemoryRegion target, long offset, long size) {
    return new Alias(name, target, offset, size, true);
  }

  /** The name that {@code info mtree} shows. */
  public final String name() {
    return name;
  }

  /** Bytes; 0 is {@link #WHOLE}. */
  public final long size() {
    return size;
  }

  /** The last offset inside the region. */
  public final long last() {
    return size - 1;
  }

  /** The container this region was put into, or null. */
  public final @Nullable Container parent() {
    return parent;
  }

  /** Where in its container the region lies. */
  public final long offset() {
    return offset;
  }

  /** The rank among overlapping regions of one container; higher hides lower. */
  public final int priority() {
    return priority;
  }

  /** False while the region is switched off. */
  public final boolean enabled() {
    return enabled;
  }

  /** Switches the region and all inside it on or off, as a bus's enable bit does. */
  public final void setEnabled(boolean on) {
    if (enabled != on) {
      enabled = on;
      changed();
    }
  }

  /** True if only accesses of the secure world find the region. */
  public final boolean secureOnly() {
    return secureOnly;
  }

  /**
   * Shows the region, and all inside it, to accesses of the secure world alone; others find what
   * would be there without it. See {@link BusAccess#secure}.
   */
  public final void setSecureOnly(boolean only) {
    if (secureOnly != only) {
      secureOnly = only;
      changed();
    }
  }

  /** Moves the region inside its container, as a base address register does. */
  public final void moveTo(long newOffset) {
    if (offset != newOffset) {
      offset = newOffset;
      changed();
    }
  }

  /** The offsets of this region and all around it, added up: its address if they end at a root. */
  public final long absoluteAddress() {
    long address = offset;
    for (Container c = parent; c != null; c = c.parent()) {
      address += c.offset();
    }
    return address;
  }

  /** Takes the region out of its container, if it is in one. */
  public final void unmap() {
    Container container = parent;
    if (container != null) {
      container.remove(this);
    }
  }

  final void watch(Runnable watcher) {
    watchers.add(watcher);
  }

  final void unwatch(Runnable watcher) {
    watchers.remove(watcher);
  }

  /** Tells every address space that shows this region. */
  final void changed() {
    watchers.forEach(Runnable::run);
    aliases.forEach(MemoryRegion::changed);
    if (parent != null) {
      parent.changed();
    }
  }

  /** True if {@code other} is this region or is shown inside it. */
  abstract boolean shows(MemoryRegion other);

  /** What {@code info mtree} calls this kind. */
  abstract String kind();

  @Override
  public String toString() {
    return name;
  }

  /** A region that others are put into. Where nobody answers, the access is a decode error. */
  public static final class Container extends MemoryRegion {
    /** In descending order of rank: whoever comes first hides the rest. */
    private final List<MemoryRegion> children = new ArrayList<>();

    private Container(String name, long size) {
      super(name, size);
    }

    /**
     * Puts {@code child} at {@code offset}, where nothing may lie yet but regions that were added
     * with {@link #addOverlapping}.
     *
     * @return the child
     * @throws IllegalArgumentException if it would overlap, is mapped already or contains this
     */
    public <T extends MemoryRegion> T add(long offset, T child) {
      for (MemoryRegion other : children) {
        if (other.priority() == 0 && overlap(offset, child, other)) {
          throw new IllegalArgumentException(
              describe(child, offset)
                  + " overlaps "
                  + describe(other, other.offset())
                  + " in "
                  + name());
        }
      }
      return addOverlapping(offset, child, 0);
    }

    /**
     * Puts {@code child} at {@code offset}, over and under what is there: a higher {@code priority}
     * hides a lower one, and among equals the one that came later.
     *
     * @return the child
     */
    public <T extends MemoryRegion> T addOverlapping(long offset, T child, int priority) {
      MemoryRegion region = child;
      if (region.parent != null) {
        throw new IllegalArgumentException(
            region + " is mapped in " + region.parent + " already; map an alias of it");
      }
      if (region.shows(this)) {
        throw new IllegalArgumentException(region + " would contain itself");
      }
      region.parent = this;
      region.offset = offset;
      region.priority = priority;
      int at = 0;
      while (at < children.size() && children.get(at).priority() > priority) {
        at++;
      }
      children.add(at, region);
      changed();
      return child;
    }

    /** Takes {@code child} out again. */
    public void remove(MemoryRegion child) {
      if (children.remove(child)) {
        child.parent = null;
        child.offset = 0;
        changed();
      }
    }

    /** Who lies here, in descending order of rank. */
    public List<MemoryRegion> children() {
      return List.copyOf(children);
    }

    List<MemoryRegion> ranked() {
      return children;
    }

    @Override
    boolean shows(MemoryRegion other) {
      return this == other || children.stream().anyMatch(c -> c.shows(other));
    }

    @Override
    String kind() {
      return "container";
    }

    private static boolean overlap(long offset, MemoryRegion child, MemoryRegion other) {
      return Long.compareUnsigned(offset, other.offset() + other.last()) <= 0
          && Long.compareUnsigned(other.offset(), offset + child.last()) <= 0;
    }

    private static String describe(MemoryRegion region, long offset) {
      return region
          + " [0x"
          + Long.toHexString(offset)
          + "..0x"
          + Long.toHexString(offset + region.last())
          + "]";
    }
  }

  /** Memory, writable or not. */
  public static final class Ram extends MemoryRegion {
    private final RamBlock block;
    private final boolean writable;

    private Ram(String name, RamBlock block, boolean writable) {
      super(name, block.size());
      this.block = block;
      this.writable = writable;
    }

    /** The bytes. */
    public RamBlock block() {
      return block;
    }

    /** False for ROM. */
    public boolean writable() {
      return writable;
    }

    @Override
    boolean shows(MemoryRegion other) {
      return this == other;
    }

    @Override
    String kind() {
      return writable ? "ram" : "rom";
    }
  }

  /** Registers. */
  public static final class Mmio extends MemoryRegion {
    private final MmioHandler handler;

    private Mmio(String name, long size, MmioHandler handler) {
      super(name, size);
      this.handler = handler;
    }

    /** Who answers. */
    public MmioHandler handler() {
      return handler;
    }

    @Override
    boolean shows(MemoryRegion other) {
      return this == other;
    }

    @Override
    String kind() {
      return "i/o";
    }
  }

  /** Memory to reads, registers to writes. */
  public static final class RomDevice extends MemoryRegion {
    private final RamBlock block;
    private final MmioHandler handler;
    private boolean readable = true;

    private RomDevice(String name, RamBlock block, MmioHandler handler) {
      super(name, block.size());
      this.block = block;
      this.handler = handler;
    }

    /** What reads show while {@link #readable()}. */
    public RamBlock block() {
      return block;
    }

    /** Who answers writes, and reads while not {@link #readable()}. */
    public MmioHandler handler() {
      return handler;
    }

    /** True while reads are served from memory. */
    public boolean readable() {
      return readable;
    }

    /** Switches reads between the memory and the registers. */
    public void setReadable(boolean fromMemory) {
      if (readable != fromMemory) {
        readable = fromMemory;
        changed();
      }
    }

    @Override
    boolean shows(MemoryRegion other) {
      return this == other;
    }

    @Override
    String kind() {
      return "romd";
    }
  }

  /** A window on another region. */
  public static final class Alias extends MemoryRegion {
    private final MemoryRegion target;
    private final boolean readOnly;
    private long targetOffset;

    private Alias(String name, MemoryRegion target, long offset, long size, boolean readOnly) {
      super(name, size);
      this.target = target;
      this.targetOffset = offset;
      this.readOnly = readOnly;
      target.aliases.add(this);
    }

    /** What is shown. */
    public MemoryRegion target() {
      return target;
    }

    /** Where in the target the window begins. */
    public long targetOffset() {
      return targetOffset;
    }

    /** True if memory cannot be written through this window. */
    public boolean readOnly() {
      return readOnly;
    }

    /** Moves the window inside the target. */
    public void setTargetOffset(long offset) {
      if (targetOffset != offset) {
        targetOffset = offset;
        changed();
      }
    }

    /** Ends the alias: it shows nothing and its target forgets it. */
    public void dispose() {
      target.aliases.remove(this);
      Container container = parent();
      if (container != null) {
        container.remove(this);
      }
    }

    @Override
    boolean shows(MemoryRegion other) {
      return this == other || target.shows(other);
    }

    @Override
    String kind() {
      return "alias";
    }
  }
}
