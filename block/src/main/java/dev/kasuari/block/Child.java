package dev.kasuari.block;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The use of a node by another, or by somebody outside of the graph: an edge. Edges are told apart
 * by identity. Which node is used may change while the user lives; see {@link BlockGraph#replace}.
 */
public final class Child {
  /** What a child is to its parent; its permissions follow from that. */
  enum Role {
    /** The parent's bytes: read, and written and grown if the parent is writable. */
    DATA,
    /** What a filter is over: used as the filter's users use the filter. */
    FILTERED,
    /** Said by who made the edge. */
    OTHER
  }

  private final String user;
  private final String slot;
  private final Role role;
  private final @Nullable NodeUser outside;
  private volatile @Nullable BlockNode parent;
  private volatile BlockNode node;
  private volatile Set<Permission> takes;
  private volatile Set<Permission> shares;

  Child(
      String user,
      String slot,
      Role role,
      @Nullable NodeUser outside,
      BlockNode node,
      Set<Permission> takes,
      Set<Permission> shares) {
    this.user = user;
    this.slot = slot;
    this.role = role;
    this.outside = outside;
    this.node = node;
    this.takes = Set.copyOf(takes);
    this.shares = Set.copyOf(shares);
  }

  /** Who uses it. */
  public String user() {
    return user;
  }

  /** What the user calls it: {@code file}, {@code backing}, {@code root}. */
  public String slot() {
    return slot;
  }

  /** What is used. */
  public BlockNode node() {
    return node;
  }

  /** The node that uses it, or null if the user is outside of the graph. */
  public @Nullable BlockNode parent() {
    return parent;
  }

  /** In which ways. */
  public Set<Permission> takes() {
    return takes;
  }

  /** In which ways others may use it meanwhile. */
  public Set<Permission> shares() {
    return shares;
  }

  Role role() {
    return role;
  }

  @Nullable NodeUser outside() {
    return outside;
  }

  void parent(@Nullable BlockNode value) {
    parent = value;
  }

  void node(BlockNode value) {
    node = value;
  }

  void permissions(Set<Permission> newTakes, Set<Permission> newShares) {
    takes = Set.copyOf(newTakes);
    shares = Set.copyOf(newShares);
  }
}
