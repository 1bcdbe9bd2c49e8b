package dev.kasuari.block.nbd;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Child;
import dev.kasuari.block.Permission;
import dev.kasuari.block.bitmap.DirtyBitmap;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A node of a graph while it is shown to clients: it stays open, and its bitmaps are in use. */
public final class BlockExport implements AutoCloseable {
  private final BlockGraph graph;
  private final String id;
  private final Child use;
  private final NbdExport shown;

  /**
   * Begins to use a node.
   *
   * @throws BlockException if it cannot be shown so
   * @throws OptionException if the options make no sense
   */
  public BlockExport(BlockGraph graph, ExportOptions options) {
    this.graph = graph;
    id = options.id();
    BlockNode node = graph.find(options.nodeName());
    if (node == null) {
      throw new BlockException(
          BlockException.Kind.NOT_FOUND,
          "Cannot find device='' nor node-name='" + options.nodeName() + "'");
    }
    if (options.writable() && !node.writable()) {
      throw BlockException.invalid("Cannot export read-only node as writable");
    }
    String name = options.name() == null ? options.nodeName() : options.name();
    if (name.length() > NbdExport.MAX_NAME) {
      throw BlockException.invalid("export name '" + name + "' too long");
    }
    List<DirtyBitmap> bitmaps = bitmaps(node, options);
    Set<Permission> takes = Permission.of(Permission.CONSISTENT_READ);
    if (options.writable()) {
      takes.add(Permission.WRITE);
    }
    Set<Permission> shares = EnumSet.complementOf(EnumSet.of(Permission.RESIZE));
    use = graph.use("block export '" + id + "'", node, takes, shares);
    bitmaps.forEach(bitmap -> bitmap.busy(true));
    shown =
        new NbdExport(
                name,
                options.description(),
                node,
                options.writable(),
                true,
                options.allocationDepth(),
                bitmaps)
            .withWritethrough(options.writethrough());
  }

  private List<DirtyBitmap> bitmaps(BlockNode node, ExportOptions options) {
    var found = new ArrayList<DirtyBitmap>();
    List<Json> asked =
        switch (options.bitmaps()) {
          case null -> List.of();
          case Json.Array array -> array.items();
          case Json one -> List.of(one);
        };
    for (Json item : asked) {
      DirtyBitmap bitmap = bitmap(node, item);
      bitmap.refuseUse();
      if (found.contains(bitmap)) {
        throw BlockException.invalid(
            "Bitmap '"
                + bitmap.name()
                + "' is currently in use by another operation and cannot be used");
      }
      if (!options.writable() && node.writable() && bitmap.enabled()) {
        throw BlockException.invalid(
            "Enabled bitmap '" + bitmap.name() + "' incompatible with readonly export");
      }
      found.add(bitmap);
    }
    return found;
  }

  private DirtyBitmap bitmap(BlockNode node, Json item) {
    if (item instanceof Json.Text name) {
      return find(node, name.value());
    }
    if (item instanceof Json.Members(Map<String, Json> members)
        && members.size() == 2
        && members.get("node") instanceof Json.Text other
        && members.get("name") instanceof Json.Text name) {
      BlockNode there = graph.find(other.value());
      if (there == null) {
        throw BlockException.invalid("Cannot find node '" + other.value() + "'");
      }
      return there.bitmaps().named(name.value());
    }
    throw new OptionException("'bitmaps' are names, or objects with 'node' and 'name'");
  }

  /**
   * The bitmap of that name of the node, or of one behind it.
   *
   * @throws BlockException if there is none
   */
  public static DirtyBitmap find(BlockNode node, String name) {
    for (BlockNode at = node; at != null; at = at.behind()) {
      DirtyBitmap found = at.bitmaps().find(name);
      if (found != null) {
        return found;
      }
    }
    throw new BlockException(BlockException.Kind.NOT_FOUND, "Bitmap '" + name + "' is not found");
  }

  /** Its id. */
  public String id() {
    return id;
  }

  /** What a server is given. */
  public NbdExport shown() {
    return shown;
  }

  /** Ends the use; no client uses it any more. */
  @Override
  public void close() {
    shown.bitmaps().forEach(bitmap -> bitmap.busy(false));
    graph.release(use);
  }
}
