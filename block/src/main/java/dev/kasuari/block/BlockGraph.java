package dev.kasuari.block;

import dev.kasuari.block.BlockException.Kind;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The nodes of one machine or one tool by name, and who uses which. A node lives as long as
 * somebody uses it. Opening, using and giving back is for one thread at a time; what nodes do is
 * not.
 */
public final class BlockGraph {
  /** The longest chain of images; a longer one is taken for a loop. */
  private static final int MAX_DEPTH = 200;

  private final Map<String, BlockNode> nodes = new LinkedHashMap<>();
  private int madeUp;

  /** All nodes. */
  public synchronized List<BlockNode> nodes() {
    return List.copyOf(nodes.values());
  }

  /** The node of that name, or null. */
  public synchronized @Nullable BlockNode find(String name) {
    return nodes.get(name);
  }

  /**
   * Opens a node as its options say ({@code -blockdev}). It is to be {@link #use used} then.
   *
   * @throws OptionException if the options make no sense
   * @throws BlockException if it cannot be opened
   */
  public synchronized BlockNode open(OptionSource source, Access access) {
    return open(source, access, Map.of(), 0);
  }

  /**
   * Opens a node of which some children are there already, by their slots.
   *
   * @throws OptionException if the options make no sense
   * @throws BlockException if it cannot be opened
   */
  public synchronized BlockNode open(
      OptionSource source, Access access, Map<String, BlockNode> children) {
    return open(source, access, children, 0);
  }

  /**
   * Opens an image.
   *
   * @param where what a complaint begins with, or nothing
   * @param filename a path, {@code json:{…}}, or {@code DRIVER:…}
   * @param format its driver, or null to look at the file
   */
  public synchronized BlockNode openFile(
      String where, String filename, @Nullable String format, Access access) {
    return openFile(where, filename, format, access, 0);
  }

  BlockNode openFile(
      String where, String filename, @Nullable String format, Access access, int depth) {
    Json.Members tree = Filenames.options(where, filename);
    if (tree.members().containsKey("driver") && Filenames.isJson(filename)) {
      return open(new OptionSource(where, tree, false, Set.of()), access, Map.of(), depth);
    }
    boolean whole = tree.members().containsKey("file");
    BlockNode file =
        whole
            ? openChild(where, "file", tree.members().get("file"), false, access, depth)
            : open(new OptionSource(where, tree, false, Set.of()), access, Map.of(), depth);
    try {
      String driver = format == null ? probed(file, filename) : format;
      ImageFormat.refuseLater(where, driver);
      var rest = new LinkedHashMap<String, Json>();
      if (whole) {
        rest.putAll(tree.members());
        rest.remove("file");
      }
      rest.put("driver", new Json.Text(driver));
      OptionSource source = new OptionSource(where, new Json.Members(rest), false, Set.of());
      if (Drivers.named(where, driver).slots().isEmpty()) {
        return file; // a protocol named as the format
      }
      return open(source, access, Map.of("file", file), depth);
    } catch (RuntimeException | Error e) {
      closeUnused(file);
      throw e;
    }
  }

  /** The format that a file has. */
  private static String probed(BlockNode file, String filename) {
    try (Arena arena = Arena.ofConfined()) {
      long length = Math.min(file.size(), ImageFormat.PROBE_SIZE);
      MemorySegment head = arena.allocate(Math.max(1, length));
      file.read(0, head.asSlice(0, length));
      return ImageFormat.probe(head, filename).option();
    }
  }

  BlockNode openChild(
      String where, String slot, @Nullable Json options, boolean strict, Access access, int depth) {
    return switch (options) {
      case Json.Text name -> named(name.value());
      case Json.Members tree -> {
        String place = where.isEmpty() ? slot : where + ": " + slot;
        var source = new OptionSource(place, tree, strict, Set.of());
        yield tree.members().containsKey("driver")
            ? open(source, access, Map.of(), depth)
            : openUnnamed(source, access, depth);
      }
      case null, default ->
          throw new OptionException(
              where + ": '" + slot + "' is the name of a node or its options");
    };
  }

  private BlockNode named(String name) {
    BlockNode node = nodes.get(name);
    if (node == null) {
      throw new BlockException(
          Kind.NOT_FOUND, "Cannot find device='' nor node-name='" + name + "'");
    }
    return node;
  }

  /** Options without a driver: a file, or an image whose format is to be found out. */
  private BlockNode openUnnamed(OptionSource source, Access access, int depth) {
    Json filename = source.tree().members().get("filename");
    if (filename instanceof Json.Text path) {
      return openFile(source.where(), path.value(), "file", access, depth);
    }
    throw new OptionException(source.where() + ": 'driver' is missing");
  }

  void refuseLoop(int depth, String filename) {
    if (depth >= MAX_DEPTH) {
      throw BlockException.invalid("Backing file '" + filename + "' creates an infinite loop.");
    }
  }

  private BlockNode open(
      OptionSource source, Access access, Map<String, BlockNode> given, int depth) {
    if (depth > MAX_DEPTH) {
      throw BlockException.invalid("a chain of more than " + MAX_DEPTH + " nodes");
    }
    Map<String, Json> members = source.tree().members();
    String name = members.get("driver") instanceof Json.Text text ? text.value() : "";
    if (name.isEmpty()) {
      throw new OptionException(source.where() + ": 'driver' is missing");
    }
    BlockDriver<?> driver = Drivers.find(name);
    if (driver == null) {
      ImageFormat.refuseLater(source.where(), name);
      driver = Drivers.named(source.where(), name);
    }
    return open(driver, source, access, given, depth);
  }

  private <O> BlockNode open(
      BlockDriver<O> driver,
      OptionSource source,
      Access asked,
      Map<String, BlockNode> given,
      int depth) {
    Parts parts = Parts.of(driver, source);
    NodeOptions common = NodeOptionsCodec.CODEC.parse(parts.common());
    O own = driver.options().parse(parts.own());
    String name = common.nodeName() == null ? "#block" + madeUp++ : common.nodeName();
    if (nodes.containsKey(name)) {
      throw new OptionException(source.where() + ": Duplicate nodes with node-name='" + name + "'");
    }
    Opening opening =
        new Opening(
            this,
            source.where(),
            name,
            driver.name(),
            common.applied(asked),
            source.strict(),
            parts.slots(),
            given,
            depth);
    try {
      BlockNode node = driver.open(own, opening);
      node.detectZeroes(common.detectZeroes());
      node.childEdges().addAll(opening.edges());
      nodes.put(name, node);
      return node;
    } catch (RuntimeException | Error e) {
      opening.edges().reversed().forEach(this::release);
      throw e;
    }
  }

  /** The options of a node by who understands them. */
  private record Parts(OptionSource common, OptionSource own, Map<String, Json> slots) {
    static Parts of(BlockDriver<?> driver, OptionSource source) {
      var common = new LinkedHashMap<String, Json>();
      var own = new LinkedHashMap<String, Json>();
      var slots = new LinkedHashMap<String, Json>();
      List<String> commonKeys = NodeOptionsCodec.CODEC.schema().keys();
      source
          .tree()
          .members()
          .forEach((key, value) -> {
            if (driver.slots().contains(key)) {
              slots.put(key, value);
            } else {
              (commonKeys.contains(key) ? common : own).put(key, value);
            }
          });
      return new Parts(
          new OptionSource(
              source.where(), new Json.Members(common), source.strict(), source.bare()),
          new OptionSource(source.where(), new Json.Members(own), source.strict(), source.bare()),
          slots);
    }
  }

  /** What a user takes who reads, or writes and resizes. */
  public static Set<Permission> takenBy(Access access) {
    return access.writable()
        ? Permission.of(Permission.CONSISTENT_READ, Permission.WRITE, Permission.RESIZE)
        : Permission.of(Permission.CONSISTENT_READ);
  }

  /** What such a user shares. */
  public static Set<Permission> sharedBy(Access access) {
    return access.forceShare()
        ? Permission.all()
        : Permission.of(Permission.CONSISTENT_READ, Permission.WRITE_UNCHANGED);
  }

  /**
   * Uses a node from outside of the graph.
   *
   * @param user who, for messages
   * @throws BlockException if others use it in ways that do not go with this one
   */
  public synchronized Child use(
      String user, BlockNode node, Set<Permission> takes, Set<Permission> shares) {
    try {
      return attach(user, "root", node, takes, shares);
    } catch (RuntimeException | Error e) {
      closeUnused(node);
      throw e;
    }
  }

  synchronized Child attach(
      String user, String slot, BlockNode node, Set<Permission> takes, Set<Permission> shares) {
    Child edge = new Child(user, slot, node, takes, shares);
    for (Child other : node.users()) {
      refuseConflict(edge, other);
      refuseConflict(other, edge);
    }
    node.userEdges().add(edge);
    try {
      tellPermissions(node);
    } catch (RuntimeException | Error e) {
      node.userEdges().remove(edge);
      throw e;
    }
    return edge;
  }

  private static void refuseConflict(Child taker, Child sharer) {
    for (Permission permission : taker.takes()) {
      if (!sharer.shares().contains(permission)) {
        throw new BlockException(
            Kind.BUSY,
            "Permission conflict on node '"
                + taker.node().name()
                + "': permissions '"
                + permission.words()
                + "' are both required by "
                + taker.user()
                + " (uses node '"
                + taker.node().name()
                + "' as '"
                + taker.slot()
                + "' child) and unshared by "
                + sharer.user()
                + " (uses node '"
                + sharer.node().name()
                + "' as '"
                + sharer.slot()
                + "' child).");
      }
    }
  }

  private static void tellPermissions(BlockNode node) {
    Set<Permission> taken = EnumSet.noneOf(Permission.class);
    Set<Permission> shared = EnumSet.allOf(Permission.class);
    for (Child edge : node.users()) {
      taken.addAll(edge.takes());
      shared.retainAll(edge.shares());
    }
    node.permissionsChange(taken, shared);
  }

  /** Ends a use; a node that nobody uses is closed. */
  public synchronized void release(Child edge) {
    BlockNode node = edge.node();
    if (node.userEdges().remove(edge)) {
      if (node.userEdges().isEmpty()) {
        close(node);
      } else {
        tellPermissions(node);
      }
    }
  }

  /** Closes a node that was opened and is not used after all. */
  synchronized void closeUnused(BlockNode node) {
    if (node.userEdges().isEmpty() && nodes.containsKey(node.name())) {
      close(node);
    }
  }

  private void close(BlockNode node) {
    nodes.remove(node.name());
    try {
      node.closeNow();
    } finally {
      List<Child> children = node.children();
      node.childEdges().clear();
      children.forEach(this::release);
    }
  }
}
