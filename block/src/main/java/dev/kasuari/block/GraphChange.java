package dev.kasuari.block;

import dev.kasuari.block.BlockException.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A change of edges that happens as a whole or not at all: first of what the graph knows, then the
 * look whether all permissions go together, and then the nodes are told.
 */
final class GraphChange {
  private final Deque<Runnable> undo = new ArrayDeque<>();
  private final Set<BlockNode> touched = new LinkedHashSet<>();
  private final List<Notice> notices = new ArrayList<>();

  /** What somebody outside of these edges hears, and what takes it back. */
  private record Notice(Runnable now, Runnable back) {}

  /** A new edge. */
  void add(Child edge) {
    BlockNode node = edge.node();
    node.userEdges().add(edge);
    undo.push(() -> node.userEdges().remove(edge));
    touched.add(node);
  }

  /** A new edge from a node. */
  void add(BlockNode parent, Child edge) {
    add(edge);
    edge.parent(parent);
    parent.childEdges().add(edge);
    undo.push(() -> parent.childEdges().remove(edge));
    notices.add(
        new Notice(
            () -> parent.childChanged(edge.slot(), edge.node()),
            () -> parent.childChanged(edge.slot(), null)));
    touched.add(parent);
  }

  /** An edge that ends. */
  void remove(Child edge) {
    BlockNode node = edge.node();
    node.userEdges().remove(edge);
    undo.push(() -> node.userEdges().add(edge));
    touched.add(node);
    BlockNode parent = edge.parent();
    if (parent != null) {
      int index = parent.childEdges().indexOf(edge);
      parent.childEdges().remove(edge);
      undo.push(() -> parent.childEdges().add(index, edge));
      notices.add(
          new Notice(
              () -> parent.childChanged(edge.slot(), null),
              () -> parent.childChanged(edge.slot(), node)));
    }
  }

  /** An edge that leads to another node from now on. */
  void move(Child edge, BlockNode to) {
    BlockNode from = edge.node();
    from.userEdges().remove(edge);
    to.userEdges().add(edge);
    edge.node(to);
    undo.push(() -> {
      edge.node(from);
      to.userEdges().remove(edge);
      from.userEdges().add(edge);
    });
    touched.add(from);
    touched.add(to);
    BlockNode parent = edge.parent();
    NodeUser outside = edge.outside();
    if (parent != null) {
      notices.add(
          new Notice(
              () -> parent.childChanged(edge.slot(), to),
              () -> parent.childChanged(edge.slot(), from)));
    } else if (outside != null) {
      notices.add(new Notice(() -> outside.nodeReplaced(to), () -> outside.nodeReplaced(from)));
    }
  }

  /** An edge that takes and shares otherwise. */
  void permissions(Child edge, Set<Permission> takes, Set<Permission> shares) {
    Set<Permission> oldTakes = edge.takes();
    Set<Permission> oldShares = edge.shares();
    if (oldTakes.equals(takes) && oldShares.equals(shares)) {
      return;
    }
    edge.permissions(takes, shares);
    undo.push(() -> edge.permissions(oldTakes, oldShares));
    touched.add(edge.node());
  }

  /**
   * Makes it true.
   *
   * @throws BlockException if permissions do not go together, or a node refuses; all is as before
   */
  void commit() {
    var told = new ArrayList<BlockNode>();
    var noticed = new ArrayList<Notice>();
    try {
      followFilters();
      touched.forEach(GraphChange::refuseConflicts);
      for (BlockNode node : touched) {
        told.add(node);
        tell(node);
      }
      for (Notice notice : notices) {
        notice.now.run();
        noticed.add(notice);
      }
    } catch (RuntimeException | Error e) {
      undo.forEach(Runnable::run);
      noticed.reversed().forEach(notice -> notice.back.run());
      told.reversed().forEach(GraphChange::tell);
      throw e;
    }
  }

  /** What is under a filter is used as the filter is. */
  private void followFilters() {
    var queue = new ArrayDeque<BlockNode>(touched);
    while (!queue.isEmpty()) {
      BlockNode node = queue.poll();
      for (Child edge : node.childEdges()) {
        if (edge.role() == Child.Role.FILTERED) {
          Set<Permission> takes = node.filteredTakes(taken(node));
          Set<Permission> shares = node.filteredShares(shared(node));
          if (!takes.equals(edge.takes()) || !shares.equals(edge.shares())) {
            permissions(edge, takes, shares);
            queue.add(edge.node());
          }
        }
      }
    }
  }

  private static Set<Permission> taken(BlockNode node) {
    Set<Permission> taken = EnumSet.noneOf(Permission.class);
    node.userEdges().forEach(edge -> taken.addAll(edge.takes()));
    return taken;
  }

  private static Set<Permission> shared(BlockNode node) {
    Set<Permission> shared = EnumSet.allOf(Permission.class);
    node.userEdges().forEach(edge -> shared.retainAll(edge.shares()));
    return shared;
  }

  private static void tell(BlockNode node) {
    node.permissionsChange(taken(node), shared(node));
  }

  private static void refuseConflicts(BlockNode node) {
    List<Child> users = node.userEdges();
    for (Child one : users) {
      for (Child other : users) {
        if (!one.equals(other)) {
          refuseConflict(one, other);
        }
      }
    }
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
}
