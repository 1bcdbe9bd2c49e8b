package dev.kasuari.block;

import dev.kasuari.block.BlockException.Kind;
import dev.kasuari.block.crypto.Secrets;
import dev.kasuari.block.filter.ThrottleGroup;
import dev.kasuari.block.object.UserObjects;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
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
  private final UserObjects objects;
  private volatile Consumer<String> warnings = BlockGraph::log;
  private int madeUp;

  /** An empty graph, without objects. */
  public BlockGraph() {
    this(new UserObjects());
  }

  /** An empty graph whose nodes' options may name these objects. */
  public BlockGraph(UserObjects objects) {
    this.objects = objects;
  }

  /** Has warnings said there; they are logged otherwise. */
  public void onWarning(Consumer<String> listener) {
    warnings = listener;
  }

  private static void log(String warning) {
    System.getLogger(BlockGraph.class.getPackageName()).log(System.Logger.Level.WARNING, warning);
  }

  /** What options may name as passwords. */
  public Secrets secrets() {
    return objects.secrets();
  }

  /** The groups of limits that nodes may share, by id. */
  public Map<String, ThrottleGroup> throttleGroups() {
    return objects.throttleGroups();
  }

  /** What nodes of this graph refer to by id: secrets, TLS credentials, groups of limits. */
  public UserObjects objects() {
    return objects;
  }

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

  /**
   * Opens an image with more said of it than its name.
   *
   * @param where what a complaint begins with, or nothing
   * @param filename as for {@link #openFile}; null where the options say which file
   * @param options of the node: {@code driver}, {@code node-name}, {@code file}, what its driver
   *     takes; what they say counts before what the name says
   */
  public synchronized BlockNode openImage(
      String where, @Nullable String filename, Json.Members options, Access access) {
    return openImage(where, filename, options, access, 0);
  }

  BlockNode openFile(
      String where, String filename, @Nullable String format, Access access, int depth) {
    var options = new LinkedHashMap<String, Json>();
    if (format != null) {
      options.put("driver", new Json.Text(format));
    }
    return openImage(where, filename, new Json.Members(options), access, depth);
  }

  private BlockNode openImage(
      String where, @Nullable String filename, Json.Members options, Access access, int depth) {
    Map<String, Json> named =
        filename == null ? Map.of() : Filenames.options(where, filename).members();
    var all = new LinkedHashMap<String, Json>();
    boolean json = filename != null && Filenames.isJson(filename);
    if (json || filename == null) {
      all.putAll(named);
    }
    all.putAll(options.members());
    String driver = all.get("driver") instanceof Json.Text text ? text.value() : null;
    if (driver != null) {
      boolean protocol = Drivers.named(where, driver).slots().isEmpty();
      boolean whole = protocol || filename == null || json;
      if (protocol && !json) {
        var own = new LinkedHashMap<>(named);
        own.putAll(options.members());
        if (driver.equals("file") && named.containsKey("driver")) {
          own.put("driver", named.get("driver")); // a device of the host, or another protocol
        }
        all.clear();
        all.putAll(own);
      }
      if (whole) {
        return open(source(where, all), access, Map.of(), depth);
      }
    }
    return openOver(where, filename, named, all, driver, access, depth);
  }

  /** What a complaint begins with. */
  private static String in(String where) {
    return where.isEmpty() ? "" : where + ": ";
  }

  private static OptionSource source(String where, Map<String, Json> members) {
    return new OptionSource(where, new Json.Members(members), false, Set.of());
  }

  /** The file first, and then what it holds. */
  private BlockNode openOver(
      String where,
      @Nullable String filename,
      Map<String, Json> named,
      Map<String, Json> all,
      @Nullable String format,
      Access access,
      int depth) {
    Json child = all.get("file");
    if (child == null && (filename == null || Filenames.isJson(filename))) {
      throw new OptionException(in(where) + "Must specify either driver or file");
    }
    BlockNode file =
        child == null
            ? open(source(where, named), access, Map.of(), depth)
            : openChild(where, "file", child, false, access, depth);
    try {
      String driver = format == null ? probed(file, file.filename()) : format;
      all.remove("file");
      all.put("driver", new Json.Text(driver));
      BlockNode node = open(source(where, all), access, Map.of("file", file), depth);
      if (format == null && driver.equals(ImageFormat.RAW.option())) {
        guessed(node);
      }
      return node;
    } catch (RuntimeException | Error e) {
      closeUnused(file);
      throw e;
    }
  }

  private void guessed(BlockNode raw) {
    raw.guessed();
    if (raw.writable()) {
      warnings.accept(
          "Image format was not specified for '"
              + raw.filename()
              + "' and probing guessed raw: writes that make its beginning look like another format"
              + " are refused. Specify the format 'raw' to have them done.");
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
    throw new OptionException(in(source.where()) + "'driver' is missing");
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
      throw new OptionException(in(source.where()) + "'driver' is missing");
    }
    BlockDriver<?> driver = Drivers.find(name);
    if (driver == null) {
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
      throw new OptionException(
          (source.where().isEmpty() ? "" : source.where() + ": ")
              + "Duplicate nodes with node-name='"
              + name
              + "'");
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
      opening.edges().forEach(edge -> edge.parent(node));
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
   * Uses a node from outside of the graph, by somebody who cannot be kept waiting: nothing is under
   * way when the graph changes.
   *
   * @param user who, for messages
   * @throws BlockException if others use it in ways that do not go with this one
   */
  public Child use(String user, BlockNode node, Set<Permission> takes, Set<Permission> shares) {
    return used(new Child(user, "root", Child.Role.OTHER, null, node, takes, shares));
  }

  /**
   * Uses a node from outside of the graph.
   *
   * @param user who, for messages
   * @param outside is kept waiting when the graph changes
   * @throws BlockException if others use it in ways that do not go with this one
   */
  public Child use(
      String user,
      BlockNode node,
      Set<Permission> takes,
      Set<Permission> shares,
      NodeUser outside) {
    return used(new Child(user, "root", Child.Role.OTHER, outside, node, takes, shares));
  }

  private synchronized Child used(Child edge) {
    try {
      return attach(edge);
    } catch (RuntimeException | Error e) {
      closeUnused(edge.node());
      throw e;
    }
  }

  synchronized Child attach(Child edge) {
    var change = new GraphChange();
    change.add(edge);
    change.commit();
    return edge;
  }

  /** Ends a use; a node that nobody uses is closed. */
  public synchronized void release(Child edge) {
    BlockNode node = edge.node();
    if (!node.userEdges().contains(edge)) {
      return;
    }
    if (node.userEdges().size() == 1) {
      node.userEdges().clear();
      close(node);
    } else {
      var change = new GraphChange();
      change.remove(edge);
      change.commit();
    }
  }

  /**
   * Puts a node that a program has made into the graph. It is to be used then.
   *
   * @throws BlockException if there is one of that name
   */
  public synchronized void add(BlockNode node) {
    if (nodes.putIfAbsent(node.name(), node) != null) {
      throw new BlockException(Kind.EXISTS, "Duplicate nodes with node-name='" + node.name() + "'");
    }
  }

  /** A name that no node has. */
  public synchronized String freeName() {
    return "#block" + madeUp++;
  }

  /**
   * Does something while nothing is under way in a node: all users above it outside of the graph
   * are kept waiting.
   */
  public synchronized <T> T drained(BlockNode node, Supplier<T> work) {
    var users = new LinkedHashSet<NodeUser>();
    var nodesThere = new LinkedHashSet<BlockNode>();
    collectUsers(node, users, nodesThere);
    nodesThere.forEach(n -> n.drained(true));
    var begun = new ArrayList<NodeUser>();
    try {
      for (NodeUser user : users) {
        user.drainBegin();
        begun.add(user);
      }
      return work.get();
    } finally {
      begun.forEach(NodeUser::drainEnd);
      nodesThere.forEach(n -> n.drained(false));
    }
  }

  private static void collectUsers(BlockNode node, Set<NodeUser> users, Set<BlockNode> seen) {
    for (BlockNode below : node.tree()) {
      seen.add(below);
    }
    for (Child edge : node.userEdges()) {
      NodeUser outside = edge.outside();
      BlockNode parent = edge.parent();
      if (outside != null) {
        users.add(outside);
      } else if (parent != null) {
        collectUsers(parent, users, seen);
      }
    }
  }

  /**
   * Has users of one node use another from now on. A node that nobody uses any more is closed.
   *
   * @param which of the users; those that {@code to} itself consists of are never among them
   * @throws BlockException if the other node cannot be used so; all is as before
   */
  public synchronized void replace(BlockNode from, BlockNode to, Predicate<Child> which) {
    List<BlockNode> own = to.tree();
    drained(
        from,
        () -> {
          var change = new GraphChange();
          for (Child edge : from.users()) {
            BlockNode parent = edge.parent();
            if (which.test(edge) && (parent == null || !own.contains(parent))) {
              change.move(edge, to);
            }
          }
          change.commit();
          closeUnused(from);
          return true;
        });
  }

  /**
   * Puts a filter between a node and its users.
   *
   * @param filter has no child yet; it is put into the graph
   * @param slot what the node is to the filter
   * @param which of the users see the filter from now on
   * @throws BlockException if that cannot be; all is as before, without the filter
   */
  public synchronized void insert(
      BlockNode below, BlockNode filter, String slot, Predicate<Child> which) {
    add(filter);
    try {
      drained(
          below,
          () -> {
            var change = new GraphChange();
            below.users().stream().filter(which).forEach(edge -> change.move(edge, filter));
            change.add(
                filter,
                new Child(
                    filter.name(),
                    slot,
                    Child.Role.FILTERED,
                    null,
                    below,
                    Permission.none(),
                    Permission.all()));
            change.commit();
            return true;
          });
    } catch (RuntimeException | Error e) {
      nodes.remove(filter.name());
      throw e;
    }
  }

  /** Takes a filter out again: its users use what is under it, and it is closed. */
  public synchronized void remove(BlockNode filter) {
    BlockNode below = filter.filtered();
    if (below == null) {
      throw new IllegalArgumentException(filter + " is not a filter");
    }
    replace(filter, below, edge -> true);
  }

  /**
   * Gives a node another backing file, or none.
   *
   * @param backing is in the graph; null for none
   * @throws BlockException if that cannot be; all is as before
   */
  public synchronized void setBacking(BlockNode node, @Nullable BlockNode backing) {
    drained(
        node,
        () -> {
          Child old = edge(node, "backing");
          BlockNode before = old == null ? null : old.node();
          var change = new GraphChange();
          if (old != null && backing != null) {
            change.move(old, backing);
          } else if (old != null) {
            change.remove(old);
          } else if (backing != null) {
            Access how = node.access().forBacking();
            change.add(
                node,
                new Child(
                    node.name(),
                    "backing",
                    Child.Role.OTHER,
                    null,
                    backing,
                    takenBy(how),
                    sharedBy(how)));
          }
          change.commit();
          if (before != null) {
            closeUnused(before);
          }
          return true;
        });
  }

  /**
   * Has users of a node use an overlay, whose backing file the node becomes; it is read only then.
   *
   * @param overlay has no backing file, and nobody uses it
   */
  public synchronized void snapshot(BlockNode node, BlockNode overlay) {
    if (overlay.child("backing") != null) {
      throw BlockException.invalid("The overlay already has a backing image");
    }
    if (overlay.users().stream().anyMatch(e -> e.takes().contains(Permission.WRITE))) {
      throw new BlockException(Kind.BUSY, "The overlay is already in use");
    }
    drained(
        node,
        () -> {
          Access how = overlay.access().forBacking();
          var change = new GraphChange();
          node.users().forEach(edge -> change.move(edge, overlay));
          change.add(
              overlay,
              new Child(
                  overlay.name(),
                  "backing",
                  Child.Role.OTHER,
                  null,
                  node,
                  takenBy(how),
                  sharedBy(how)));
          change.commit();
          if (node.writable()) {
            reopen(node, node.access().withWritable(false));
          }
          return true;
        });
  }

  /** Takes back what {@link #snapshot} did, before anything was written. */
  public synchronized void undoSnapshot(BlockNode node, BlockNode overlay) {
    drained(
        overlay,
        () -> {
          if (!node.writable()) {
            reopen(node, node.access().withWritable(true));
          }
          var change = new GraphChange();
          change.remove(java.util.Objects.requireNonNull(edge(overlay, "backing")));
          overlay.users().forEach(edge -> change.move(edge, node));
          change.commit();
          return true;
        });
  }

  /** The edge in that slot, or null. */
  public synchronized @Nullable Child edge(BlockNode node, String slot) {
    return node.childEdges().stream().filter(e -> e.slot().equals(slot)).findFirst().orElse(null);
  }

  /**
   * Has an edge take and share otherwise.
   *
   * @throws BlockException if that does not go with others
   */
  public synchronized void permissions(Child edge, Set<Permission> takes, Set<Permission> shares) {
    var change = new GraphChange();
    change.permissions(edge, takes, shares);
    change.commit();
  }

  /**
   * Has a node, with the nodes of its bytes, used otherwise without closing it: read only or
   * written, through the host's cache or past it.
   *
   * @throws BlockException if that cannot be; all is as before
   */
  public synchronized void reopen(BlockNode node, Access to) {
    drained(
        node,
        () -> {
          new Reopening(this).reopen(node, to);
          return true;
        });
  }

  /** Does something with a node that is open to be written meanwhile. */
  public void writing(BlockNode node, Runnable work) {
    boolean writable = node.writable();
    if (!writable) {
      reopen(node, node.access().withWritable(true));
    }
    try {
      work.run();
    } finally {
      if (!writable) {
        reopen(node, node.access().withWritable(false));
      }
    }
  }

  /**
   * Tells an image that what is behind it is about to be written with what it shows, or has been;
   * see {@link ImageNode#behindChanges}.
   */
  public void behindChanges(BlockNode over, BlockNode behind, boolean begins) {
    if (over instanceof ImageNode image && image.knowsStateBehind()) {
      writing(over, () -> image.behindChanges(behind, begins));
    }
  }

  /** Closes a node that was opened and is not used after all. */
  synchronized void closeUnused(BlockNode node) {
    if (node.userEdges().isEmpty() && node.equals(nodes.get(node.name()))) {
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
      for (Child edge : children) {
        edge.parent(null); // it is gone, and hears of nothing any more
        release(edge);
      }
    }
  }
}
