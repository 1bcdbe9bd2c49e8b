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
 */
public record NbdExport(
    String name,
    @Nullable String description,
    BlockNode node,
    boolean writable,
    boolean shared,
    boolean allocationDepth,
    List<DirtyBitmap> bitmaps) {

  public NbdExport {
    bitmaps = List.copyOf(bitmaps);
    if (name.length() > Nbd.MAX_STRING / 4) {
      throw new IllegalArgumentException("an export's name of " + name.length() + " characters");
    }
  }

  boolean canWrite() {
    return writable && node.writable();
  }

  int flags(boolean structured) {
    int flags = Nbd.FLAG_HAS_FLAGS | Nbd.FLAG_SEND_FLUSH | Nbd.FLAG_SEND_FUA;
    flags |= Nbd.FLAG_SEND_CACHE;
    flags |= canWrite() ? Nbd.FLAG_SEND_TRIM | Nbd.FLAG_SEND_WRITE_ZEROES : Nbd.FLAG_READ_ONLY;
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
