package dev.kasuari.block.nbd;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.bitmap.DirtyBitmap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A disk that a server shows.
 *
 * @param name what clients ask for; may be empty
 * @param description for people, or null
 * @param node the disk; whoever makes the export keeps it open
 * @param writable whether clients may write, if the node can be written
 * @param shared whether clients may use several connections at once for one another's sake
 * @param allocationDepth whether {@code qemu:allocation-depth} is shown
 * @param bitmaps shown as {@code qemu:dirty-bitmap:NAME}
 * @param writethrough whether a write is answered only when it is on the medium
 */
public record NbdExport(
    String name,
    @Nullable String description,
    BlockNode node,
    boolean writable,
    boolean shared,
    boolean allocationDepth,
    List<DirtyBitmap> bitmaps,
    boolean writethrough) {
  /** Characters of a name: each may take four bytes. */
  public static final int MAX_NAME = Nbd.MAX_STRING / 4;

  public NbdExport {
    bitmaps = List.copyOf(bitmaps);
    if (name.length() > MAX_NAME) {
      throw new IllegalArgumentException("an export's name of " + name.length() + " characters");
    }
  }

  /** A disk that is flushed when a client says so. */
  public NbdExport(
      String name,
      @Nullable String description,
      BlockNode node,
      boolean writable,
      boolean shared,
      boolean allocationDepth,
      List<DirtyBitmap> bitmaps) {
    this(name, description, node, writable, shared, allocationDepth, bitmaps, false);
  }

  /** The same; a write is answered only when it is on the medium, or before. */
  public NbdExport withWritethrough(boolean value) {
    return new NbdExport(
        name, description, node, writable, shared, allocationDepth, bitmaps, value);
  }

  boolean canWrite() {
    return writable && node.writable();
  }

  int flags(boolean structured) {
    int flags = Nbd.FLAG_HAS_FLAGS | Nbd.FLAG_SEND_FLUSH | Nbd.FLAG_SEND_FUA;
    flags |= Nbd.FLAG_SEND_CACHE;
    int writes = Nbd.FLAG_SEND_TRIM | Nbd.FLAG_SEND_WRITE_ZEROES | Nbd.FLAG_SEND_FAST_ZERO;
    flags |= canWrite() ? writes : Nbd.FLAG_READ_ONLY;
    // A flush on any connection covers what was answered on all: they share one node.
    flags |= shared ? Nbd.FLAG_CAN_MULTI_CONN : 0;
    return flags | (structured ? Nbd.FLAG_SEND_DF : 0);
  }

  /** What clients can ask of ranges, in the order of {@code NBD_OPT_LIST_META_CONTEXT}. */
  List<MetaContext> contexts() {
    var all = new java.util.ArrayList<MetaContext>();
    all.add(MetaContext.allocation());
    if (allocationDepth) {
      all.add(MetaContext.depth());
    }
    bitmaps.forEach(b -> all.add(MetaContext.bitmap(b)));
    return all;
  }
}
