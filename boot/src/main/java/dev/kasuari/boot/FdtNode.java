package dev.kasuari.boot;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A node of a devicetree in memory. Properties and children keep the order in which they were
 * added. The methods that build return the node, so that a device's description reads top to
 * bottom:
 *
 * <pre>{@code
 * soc.add("serial@10000000")
 *     .strings("compatible", "ns16550a")
 *     .cells("reg", 0, 0x10000000, 0, 0x100)
 *     .cells("interrupts", 10)
 *     .cells("interrupt-parent", plic.phandle());
 * }</pre>
 *
 * <p>Names that no devicetree can hold are refused with {@link IllegalArgumentException}. Source:
 * Devicetree Specification 0.4, 2.2.
 */
public final class FdtNode {
  private static final String PHANDLE = "phandle";
  private static final int LONGEST_PATH_PART = 255;

  private final String name;
  private final @Nullable FdtNode parent;
  private final Map<String, FdtProperty> properties = new LinkedHashMap<>();
  private final Map<String, FdtNode> children = new LinkedHashMap<>();
  private int lastPhandle; // of the root only

  private FdtNode(String name, @Nullable FdtNode parent) {
    this.name = name;
    this.parent = parent;
  }

  /** A new tree's root. */
  public static FdtNode root() {
    return new FdtNode("", null);
  }

  /** The name with its unit address, such as {@code serial@10000000}; empty for the root. */
  public String name() {
    return name;
  }

  /** The way from the root, such as {@code /soc/serial@10000000}. */
  public String path() {
    if (parent == null) {
      return "/";
    }
    return parent.parent == null ? "/" + name : parent.path() + "/" + name;
  }

  public @Nullable FdtNode parent() {
    return parent;
  }

  /** The children in order; changes as they do. */
  public Collection<FdtNode> children() {
    return Collections.unmodifiableCollection(children.values());
  }

  /** The properties in order; changes as they do. */
  public Collection<FdtProperty> properties() {
    return Collections.unmodifiableCollection(properties.values());
  }

  public @Nullable FdtProperty property(String property) {
    return properties.get(property);
  }

  public @Nullable FdtNode child(String child) {
    return children.get(child);
  }

  /**
   * The node at a path: from the root if it starts with a slash, else from here; null if there is
   * none.
   */
  public @Nullable FdtNode find(String path) {
    FdtNode node = path.startsWith("/") ? top() : this;
    for (String part : path.split("/", -1)) {
      if (!part.isEmpty() && node != null) {
        node = node.children.get(part);
      }
    }
    return node;
  }

  /** Adds a child at the end. */
  public FdtNode add(String child) {
    check(child, children.containsKey(child), "node");
    FdtNode node = new FdtNode(child, this);
    children.put(child, node);
    return node;
  }

  /** The child of this name, added at the end if there is none. */
  public FdtNode node(String child) {
    FdtNode there = children.get(child);
    return there == null ? add(child) : there;
  }

  /** Sets a property to these bytes; one that was there keeps its place. */
  public FdtNode bytes(String property, byte... value) {
    check(property, false, "property");
    properties.put(property, new FdtProperty(property, value));
    if (property.equals(PHANDLE) && value.length == 4) {
      // Numbers from 2^31 on, negative here, are never reached by counting on.
      top().lastPhandle = Math.max(top().lastPhandle, ByteBuffer.wrap(value).getInt());
    }
    return this;
  }

  /** Sets a property without a value, whose presence is its meaning. */
  public FdtNode flag(String property) {
    return bytes(property);
  }

  /** Sets a property to 32-bit numbers, each 0 to 2^32-1. */
  public FdtNode cells(String property, long... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length);
    for (long value : values) {
      if (value != (value & 0xffff_ffffL)) {
        throw new IllegalArgumentException(
            path() + ": " + property + ": 0x" + Long.toHexString(value) + " is no 32-bit number");
      }
      bytes.putInt((int) value);
    }
    return bytes(property, bytes.array());
  }

  /** Sets a property to 64-bit numbers, which are two cells each. */
  public FdtNode longs(String property, long... values) {
    ByteBuffer bytes = ByteBuffer.allocate(8 * values.length);
    for (long value : values) {
      bytes.putLong(value);
    }
    return bytes(property, bytes.array());
  }

  /** Sets a property to one or more strings. */
  public FdtNode strings(String property, String... values) {
    return bytes(property, (String.join("\0", values) + "\0").getBytes(StandardCharsets.UTF_8));
  }

  /** Takes a property away, if it is there. */
  public FdtNode remove(String property) {
    properties.remove(property);
    return this;
  }

  /** Takes a child away, if it is there. */
  public FdtNode removeNode(String child) {
    children.remove(child);
    return this;
  }

  /**
   * The number by which other nodes refer to this one. It is given at the first call, counting from
   * 1 and on from what the tree has already.
   */
  public int phandle() {
    FdtProperty there = properties.get(PHANDLE);
    if (there != null && there.length() == 4) {
      return ByteBuffer.wrap(there.bytes()).getInt();
    }
    int next = top().lastPhandle + 1;
    cells(PHANDLE, Integer.toUnsignedLong(next));
    return next;
  }

  private FdtNode top() {
    FdtNode node = this;
    while (node.parent != null) {
      node = node.parent;
    }
    return node;
  }

  private void check(String given, boolean taken, String what) {
    String problem = taken ? "is there already" : problem(given);
    if (!problem.isEmpty()) {
      throw new IllegalArgumentException(path() + ": " + what + " '" + given + "' " + problem);
    }
  }

  /** What is wrong with a name of a node or property; empty if nothing is. */
  static String problem(String name) {
    if (name.isEmpty()) {
      return "has no name";
    }
    if (name.length() > LONGEST_PATH_PART) {
      return "has too long a name";
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c <= ' ' || c > '~' || c == '/') {
        return "has a character that a name cannot hold";
      }
    }
    return "";
  }

  /** As source text. */
  @Override
  public String toString() {
    return FdtText.node(this);
  }
}
