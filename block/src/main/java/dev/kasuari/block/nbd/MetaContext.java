package dev.kasuari.block.nbd;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Extent;
import dev.kasuari.block.bitmap.DirtyBitmap;

/**
 * What a client can ask of ranges. Source: NBD protocol, "Metadata querying"; QEMU's
 * docs/interop/nbd.txt for its own contexts.
 *
 * @param name with its namespace
 * @param source what answers
 */
record MetaContext(String name, Source source) {
  /** What answers. */
  interface Source {
    /** The run that begins at {@code offset}, of at most {@code length} bytes. */
    NbdConnection.Run run(BlockNode node, long offset, long length);
  }

  static MetaContext allocation() {
    return new MetaContext(
        Nbd.BASE_ALLOCATION,
        (node, offset, length) -> {
          Extent extent = Extent.at(node, offset, length);
          int flags = extent.data() ? 0 : Nbd.STATE_HOLE;
          return new NbdConnection.Run(
              extent.length(), flags | (extent.zero() ? Nbd.STATE_ZERO : 0));
        });
  }

  static MetaContext depth() {
    return new MetaContext(
        Nbd.ALLOCATION_DEPTH,
        (node, offset, length) -> {
          Extent extent = Extent.at(node, offset, length);
          return new NbdConnection.Run(extent.length(), extent.present() ? extent.depth() + 1 : 0);
        });
  }

  static MetaContext bitmap(DirtyBitmap bitmap) {
    return new MetaContext(
        Nbd.DIRTY_BITMAP + bitmap.name(),
        (node, offset, length) -> {
          DirtyBitmap.Range range = bitmap.next(offset, length);
          if (range == null) {
            return new NbdConnection.Run(length, 0);
          }
          return range.offset() > offset
              ? new NbdConnection.Run(range.offset() - offset, 0)
              : new NbdConnection.Run(range.length(), Nbd.STATE_DIRTY);
        });
  }

  /** True if a client means this one by {@code query}, which may be a whole namespace in a list. */
  boolean matches(String query, boolean listing) {
    if (name.equals(query)) {
      return true;
    }
    return listing
        && (query.equals("base:") || query.equals("qemu:") || query.equals(Nbd.DIRTY_BITMAP))
        && name.startsWith(query);
  }
}
