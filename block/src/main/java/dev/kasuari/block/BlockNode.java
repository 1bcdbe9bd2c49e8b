package dev.kasuari.block;

import dev.kasuari.block.bitmap.Bitmaps;
import dev.kasuari.block.bitmap.DirtyBitmap;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A node of the block graph: bytes by offset. Protocol nodes have them from outside, format nodes
 * from what an image file says, filters from another node with something added.
 *
 * <p>Operations block until they are done and may be called by any number of threads at once; of
 * those that overlap and write, the order is the caller's affair. Buffers are native memory. What
 * fails is a {@link BlockException}. A flush covers what had returned before it was called.
 */
public abstract class BlockNode {
  private final String name;
  private final String driver;
  private volatile Access access;
  private final List<Child> children = new CopyOnWriteArrayList<>();
  private final List<Child> users = new CopyOnWriteArrayList<>();
  private final Bitmaps bitmaps = new Bitmaps();
  private volatile DetectZeroes detectZeroes = DetectZeroes.OFF;
  private volatile boolean guessed;

  /** What is done with zeroes that are written as data. */
  public enum DetectZeroes {
    /** They are data. */
    OFF,
    /** They are written as zeroes. */
    ON,
    /** They are written as zeroes, whose room may be given back where discards are. */
    UNMAP
  }

  /** A node that {@code opening} describes. */
  protected BlockNode(Opening opening) {
    name = opening.nodeName();
    driver = opening.driver();
    access = opening.access();
  }

  /** A node that no options describe: one that a program gives to a graph. */
  protected BlockNode(String name, String driver, Access access) {
    this.name = name;
    this.driver = driver;
    this.access = access;
  }

  /** Says that nobody said what format it has, and that it was taken for one without any. */
  final void guessed() {
    guessed = true;
  }

  /** True if nobody said what format it has, and it was taken for one without any. */
  protected final boolean isGuessed() {
    return guessed;
  }

  /** Its name in the graph; made up ones begin with {@code #}. */
  public final String name() {
    return name;
  }

  /** The name of its driver. */
  public final String driver() {
    return driver;
  }

  /** How it is open now. */
  public final Access access() {
    return access;
  }

  final void access(Access now) {
    access = now;
  }

  /** True if it may be written. */
  public boolean writable() {
    return access.writable();
  }

  /** What notes which of its bytes are written. */
  public final Bitmaps bitmaps() {
    return bitmaps;
  }

  /**
   * Adds a bitmap that the image keeps.
   *
   * @throws BlockException if it does not
   */
  public final DirtyBitmap addPersistentBitmap(String bitmap, long granularity) {
    refuseBitmap(bitmap, granularity);
    return bitmaps.add(bitmap, granularity, true, size());
  }

  /**
   * Hears that a bitmap is to be kept in the image.
   *
   * @throws BlockException if it cannot be
   */
  protected void refuseBitmap(String bitmap, long granularity) {
    throw BlockException.notSupported(
        "Can't store persistent bitmaps to " + name + ": Operation not supported");
  }

  /** The nodes that it uses. */
  public final List<Child> children() {
    return List.copyOf(children);
  }

  /** Those who use it. */
  public final List<Child> users() {
    return List.copyOf(users);
  }

  /** The node in that slot, or null. */
  public final @Nullable BlockNode child(String slot) {
    for (Child child : children) {
      if (child.slot().equals(slot)) {
        return child.node();
      }
    }
    return null;
  }

  /**
   * What this node, being a filter, shows with something added; null if it is not a filter. Who
   * walks through chains of images does not see filters.
   */
  public final @Nullable BlockNode filtered() {
    for (Child child : children) {
      if (child.role() == Child.Role.FILTERED) {
        return child.node();
      }
    }
    return null;
  }

  /** The first from here downwards that is no filter. */
  public final BlockNode image() {
    BlockNode node = this;
    BlockNode below = filtered();
    while (below != null) {
      node = below;
      below = node.filtered();
    }
    return node;
  }

  /** What is read where this node, or the image that it filters, says nothing; or null. */
  public final @Nullable BlockNode behind() {
    return image().child("backing");
  }

  final List<Child> childEdges() {
    return children;
  }

  final List<Child> userEdges() {
    return users;
  }

  /** What a person would call it: a file's name, or {@code json:{…}}. */
  public String filename() {
    BlockNode file = child("file");
    return file == null ? name : file.filename();
  }

  /** Bytes. */
  public abstract long size();

  /** Bytes that it takes on the host, or −1 if nobody knows. */
  public long allocatedSize() {
    long sum = -1;
    for (Child child : children) {
      boolean own = !child.slot().equals("backing");
      long part = own ? child.node().allocatedSize() : -1;
      sum = part < 0 ? sum : Math.max(sum, 0) + part;
    }
    return sum;
  }

  /** True if bytes behind the end come into being as zeroes when it grows. */
  public boolean growsAsZeroes() {
    return false;
  }

  /** True if it grows when it is written behind its end. */
  protected boolean grows() {
    return false;
  }

  /** True if writing behind its end makes it longer. */
  public final boolean growsWhenWritten() {
    return grows();
  }

  /** Reads into all of {@code to}. */
  public final void read(long offset, MemorySegment to) {
    long length = to.byteSize();
    if (!grows()) {
      checkRange("read", offset, length);
    }
    if (length > 0) {
      readAt(offset, to);
    }
  }

  /** Writes all of {@code from}. */
  public final void write(long offset, MemorySegment from) {
    checkWrite("write", offset, from.byteSize());
    if (from.byteSize() == 0) {
      return;
    }
    try {
      if (detectZeroes != DetectZeroes.OFF && Zeroes.all(from)) {
        zeroAt(offset, from.byteSize(), detectZeroes == DetectZeroes.UNMAP && access.unmap());
      } else {
        writeAt(offset, from);
      }
    } finally { // part of it may be there even if it failed
      bitmaps.note(offset, from.byteSize());
    }
  }

  /**
   * Makes bytes zero.
   *
   * @param mayUnmap whether their room may be given back
   */
  public final void writeZeroes(long offset, long length, boolean mayUnmap) {
    checkWrite("zero", offset, length);
    if (length > 0) {
      try {
        zeroAt(offset, length, mayUnmap && access.unmap());
      } finally {
        bitmaps.note(offset, length);
      }
    }
  }

  /**
   * Makes bytes zero if that takes less than to write them.
   *
   * @param mayUnmap whether their room may be given back
   * @return false if it would take as long: the bytes are as before, or some of them zero
   */
  public final boolean zeroQuickly(long offset, long length, boolean mayUnmap) {
    checkWrite("zero", offset, length);
    if (length == 0) {
      return true;
    }
    try {
      return zeroQuicklyAt(offset, length, mayUnmap && access.unmap());
    } finally {
      bitmaps.note(offset, length);
    }
  }

  /** Says that nobody needs the bytes any more; what they read as afterwards is not promised. */
  public final void discard(long offset, long length) {
    checkWrite("discard", offset, length);
    if (length > 0 && access.unmap()) {
      try {
        discardAt(offset, length);
      } finally {
        bitmaps.note(offset, length);
      }
    }
  }

  /** Brings to the medium what was written. */
  public final void flush() {
    if (writable()) {
      flushNow();
    }
  }

  /** What this node, without its backing file, says of the bytes from {@code offset} on. */
  public final BlockStatus status(long offset, long length) {
    if (length < 1) {
      throw new IllegalArgumentException("status of " + length + " bytes");
    }
    checkRange("look at", offset, length);
    BlockStatus status = statusAt(offset, length);
    return status.length() > length ? status.withLength(length) : status;
  }

  /**
   * Changes the size; what is new reads as zero.
   *
   * @throws BlockException {@code NOT_SUPPORTED} if this node cannot
   */
  public final void truncate(long size, Preallocation preallocation) {
    requireWritable();
    if (size < 0) {
      throw BlockException.invalid("The new size must be a positive number");
    }
    bitmaps.all().forEach(DirtyBitmap::refuseUse);
    truncateTo(size, preallocation);
    bitmaps.resize(size());
  }

  /** Reads into all of {@code to}, which is not empty and within the node's size. */
  protected abstract void readAt(long offset, MemorySegment to);

  /** Writes all of {@code from}. */
  protected abstract void writeAt(long offset, MemorySegment from);

  /** Makes bytes zero, by writing them if there is no other way. */
  protected abstract void zeroAt(long offset, long length, boolean mayUnmap);

  /**
   * Makes bytes zero without writing them, or returns false. Filters that do more than to pass
   * requests on do not know this.
   */
  protected boolean zeroQuicklyAt(long offset, long length, boolean mayUnmap) {
    return false;
  }

  /** Gives room back if that can be done. */
  protected abstract void discardAt(long offset, long length);

  /** Brings to the medium what was written. */
  protected abstract void flushNow();

  /** What is known of a range within the node's size. */
  protected abstract BlockStatus statusAt(long offset, long length);

  /** Changes the size. */
  protected void truncateTo(long size, Preallocation preallocation) {
    throw BlockException.notSupported("Image format driver does not support resize");
  }

  /**
   * Hears in which ways it is used by all users together, before that becomes true.
   *
   * @throws BlockException if it cannot be
   */
  protected void permissionsChange(Set<Permission> taken, Set<Permission> shared) {}

  /** What a filter takes of the node under it, whose users take {@code taken} together. */
  protected Set<Permission> filteredTakes(Set<Permission> taken) {
    return taken;
  }

  /** What a filter shares of the node under it, whose users all share {@code shared}. */
  protected Set<Permission> filteredShares(Set<Permission> shared) {
    return shared;
  }

  /**
   * Hears that a child is another node from now on, or none, or that there is one now. Nothing is
   * under way here meanwhile.
   *
   * @throws BlockException if that cannot be; then it uses what it used before
   */
  protected void childChanged(String slot, @Nullable BlockNode node) {
    throw BlockException.notSupported(
        "Block driver '"
            + driver
            + "' cannot change the '"
            + slot
            + "' child of node '"
            + name
            + "'");
  }

  /**
   * Hears that it is to be used otherwise, before anything is changed: it writes what it keeps if
   * it may not write any more. Nothing is under way here, and {@link #access} is as it was.
   *
   * @throws BlockException if that cannot be
   */
  protected void accessChanging(Access to) {
    throw BlockException.notSupported(
        "Block format '"
            + driver
            + "' used by node '"
            + name
            + "' does not support reopening files");
  }

  /**
   * Hears that {@link #access} and children are as announced.
   *
   * @throws BlockException if that cannot be after all
   */
  protected void accessChanged(Access before) {}

  /** Hears that its users are kept waiting for what is under way here, or that this has ended. */
  protected void drained(boolean begins) {}

  /**
   * Hears what the format above is about to do, such as {@code l2_update}: blkdebug makes errors of
   * it. Names are QEMU's.
   */
  public void event(String name) {}

  /** Gives back what is its own. Children are closed by the graph afterwards. */
  protected void closeNow() {}

  /** What is done with zeroes that are written as data. */
  public final void detectZeroes(DetectZeroes what) {
    detectZeroes = what;
  }

  /** Refuses what may not be written. */
  protected final void requireWritable() {
    if (!writable()) {
      throw new BlockException(
          BlockException.Kind.READ_ONLY, "Block node '" + name + "' is read-only");
    }
  }

  private void checkWrite(String what, long offset, long length) {
    requireWritable();
    if (grows()) {
      if (offset < 0 || length < 0 || offset + length < 0) {
        throw range(what, offset, length);
      }
    } else {
      checkRange(what, offset, length);
    }
  }

  private void checkRange(String what, long offset, long length) {
    if (offset < 0 || length < 0 || length > size() - offset) {
      throw range(what, offset, length);
    }
  }

  private BlockException range(String what, long offset, long length) {
    return BlockException.invalid(
        "cannot " + what + " " + length + " bytes at " + offset + " of " + size());
  }

  /** This node and all that it uses, each once. */
  public final List<BlockNode> tree() {
    var all = new ArrayList<BlockNode>();
    collect(all);
    return all;
  }

  private void collect(List<BlockNode> all) {
    if (!all.contains(this)) {
      all.add(this);
      children.forEach(c -> c.node().collect(all));
    }
  }

  @Override
  public String toString() {
    return name + " (" + driver + ")";
  }
}
