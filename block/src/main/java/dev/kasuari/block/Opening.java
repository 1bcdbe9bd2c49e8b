package dev.kasuari.block;

import dev.kasuari.block.object.UserObjects;
import dev.kasuari.qapi.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a driver is given to open a node: its name, how it is to be used, and its children. */
public final class Opening {
  private final BlockGraph graph;
  private final String where;
  private final String nodeName;
  private final String driver;
  private final boolean strict;
  private final Map<String, Json> slots;
  private final Map<String, BlockNode> given;
  private final List<Child> edges = new ArrayList<>();
  private final int depth;
  private Access access;

  Opening(
      BlockGraph graph,
      String where,
      String nodeName,
      String driver,
      Access access,
      boolean strict,
      Map<String, Json> slots,
      Map<String, BlockNode> given,
      int depth) {
    this.graph = graph;
    this.where = where;
    this.nodeName = nodeName;
    this.driver = driver;
    this.access = access;
    this.strict = strict;
    this.slots = slots;
    this.given = given;
    this.depth = depth;
  }

  /** The graph that it is opened in. */
  public BlockGraph graph() {
    return graph;
  }

  /** What a complaint begins with. */
  public String where() {
    return where;
  }

  /** What options refer to by id: secrets, TLS credentials. */
  public UserObjects objects() {
    return graph.objects();
  }

  /** The node's name. */
  public String nodeName() {
    return nodeName;
  }

  /** The driver's name. */
  public String driver() {
    return driver;
  }

  /** How it is to be used. */
  public Access access() {
    return access;
  }

  /** Gives up writing, where that is allowed. */
  public void readOnly() {
    access = access.withWritable(false);
  }

  /**
   * The password of that id; null if there is none and the image is only looked at.
   *
   * @param option what the id is the value of, for messages
   */
  public byte @Nullable [] password(@Nullable String secret, String option) {
    if (secret != null) {
      return graph.secrets().get(secret);
    }
    boolean look = access.recovery() || (!access.writable() && !access.backing());
    if (look) {
      return null;
    }
    throw BlockException.invalid("Parameter '" + option + "' is required for cipher");
  }

  List<Child> edges() {
    return edges;
  }

  /** True if the options name a child there. */
  public boolean has(String slot) {
    return given.containsKey(slot) || (slots.containsKey(slot) && !without(slot));
  }

  /** How many children a list has; they are in {@code slot.0} and so on. */
  public int count(String slot) {
    return slots.get(slot) instanceof Json.Array all ? all.items().size() : 0;
  }

  /**
   * True if the options say that there shall be no child there: by null, or by no name where there
   * is no null.
   */
  public boolean without(String slot) {
    Json said = slots.get(slot);
    return said instanceof Json.Null || (said instanceof Json.Text text && text.value().isEmpty());
  }

  /** The bytes of which a format is made: read and, if this node is written, written and grown. */
  public BlockNode file() {
    return data("file");
  }

  /** Such bytes in another slot. */
  public BlockNode data(String slot) {
    return attach(
        slot,
        Child.Role.DATA,
        node(slot, access),
        BlockGraph.takenBy(access),
        BlockGraph.sharedBy(access));
  }

  /**
   * Such bytes in a file of their own, which the image names.
   *
   * @param path as the image has it; relative to the folder of {@code file}, the image
   */
  public BlockNode dataFile(String slot, BlockNode file, String path) {
    String resolved = path.startsWith("/") ? path : Filenames.relativeTo(file.filename(), path);
    var options =
        new Json.Members(
            Map.of("driver", new Json.Text("file"), "filename", new Json.Text(resolved)));
    return attach(
        slot,
        Child.Role.DATA,
        graph.openChild(where, slot, options, false, access, depth + 1),
        BlockGraph.takenBy(access),
        BlockGraph.sharedBy(access));
  }

  /** What this node, a filter, is over: used as the filter will be. */
  public BlockNode filtered(String slot) {
    BlockNode node =
        attach(slot, Child.Role.FILTERED, node(slot, access), Permission.none(), Permission.all());
    if (!node.writable()) {
      readOnly();
    }
    return node;
  }

  /** What is read where this node says nothing, by its options; null if they say nothing of it. */
  public @Nullable BlockNode backing() {
    return has("backing") ? attachBacking(node("backing", access.forBacking())) : null;
  }

  /**
   * What is read where this node says nothing, by what the image says.
   *
   * @param filename as the image has it; relative to {@link BlockNode#filename} of the image
   * @param format or null to find it out
   */
  public BlockNode backing(BlockNode file, String filename, @Nullable String format) {
    String resolved = Filenames.relativeTo(file.filename(), filename);
    graph.refuseLoop(depth, filename);
    try {
      return attachBacking(graph.openFile(where, resolved, format, access.forBacking(), depth + 1));
    } catch (BlockException e) {
      throw depth == 0 ? e.in("Could not open backing file") : e;
    }
  }

  /**
   * What is read where this node says nothing: by its options, otherwise by what the image says,
   * unless options or access will not have it.
   *
   * @param filename as for {@link #backing(BlockNode, String, String)}; null if the image names
   *     none
   */
  public @Nullable BlockNode backingOf(
      BlockNode file, @Nullable String filename, @Nullable String format) {
    if (has("backing")) {
      return backing();
    }
    if (filename == null || without("backing") || !access.backing()) {
      return null;
    }
    return backing(file, filename, format);
  }

  /**
   * A file of this image's own, by what the image says: a path, and nothing else.
   *
   * @param filename relative to the folder in which the program runs, as QEMU has it
   */
  public BlockNode ownFile(String slot, String filename) {
    var options = new LinkedHashMap<String, Json>();
    options.put("driver", new Json.Text("file"));
    options.put("filename", new Json.Text(filename));
    return attach(
        slot,
        Child.Role.DATA,
        graph.openChild(where, slot, new Json.Members(options), false, access, depth + 1),
        BlockGraph.takenBy(access),
        BlockGraph.sharedBy(access));
  }

  private BlockNode attachBacking(BlockNode node) {
    Access how = access.forBacking();
    return attach(
        "backing", Child.Role.OTHER, node, BlockGraph.takenBy(how), BlockGraph.sharedBy(how));
  }

  /** A child with permissions of the driver's choice: for filters. */
  public BlockNode child(String slot, Access how, Set<Permission> takes, Set<Permission> shares) {
    return attach(slot, Child.Role.OTHER, node(slot, how), takes, shares);
  }

  private BlockNode node(String slot, Access how) {
    BlockNode there = given.get(slot);
    if (there != null) {
      return there;
    }
    Json options = slots.get(slot);
    int dot = slot.lastIndexOf('.');
    if (options == null && dot > 0 && slots.get(slot.substring(0, dot)) instanceof Json.Array all) {
      options = all.items().get(Integer.parseInt(slot.substring(dot + 1)));
    }
    if (options == null) {
      throw BlockException.invalid("A block device must be specified for \"" + slot + "\"");
    }
    return graph.openChild(where, slot, options, strict, how, depth + 1);
  }

  private BlockNode attach(
      String slot, Child.Role role, BlockNode node, Set<Permission> takes, Set<Permission> shares) {
    edges.add(graph.attach(new Child(nodeName, slot, role, null, node, takes, shares)));
    return node;
  }
}
