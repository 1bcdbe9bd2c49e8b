package dev.kasuari.block;

import java.util.Set;

/**
 * The use of a node by another, or by somebody outside of the graph: an edge. Edges are told apart
 * by identity.
 */
public final class Child {
  private final String user;
  private final String slot;
  private final BlockNode node;
  private final Set<Permission> takes;
  private final Set<Permission> shares;

  Child(String user, String slot, BlockNode node, Set<Permission> takes, Set<Permission> shares) {
    this.user = user;
    this.slot = slot;
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

  /** In which ways. */
  public Set<Permission> takes() {
    return takes;
  }

  /** In which ways others may use it meanwhile. */
  public Set<Permission> shares() {
    return shares;
  }
}
