package dev.kasuari.block;

import java.util.List;

/** Changes how nodes are open while they are. */
final class Reopening {
  private final BlockGraph graph;

  Reopening(BlockGraph graph) {
    this.graph = graph;
  }

  /** Nothing is under way in the node. */
  void reopen(BlockNode node, Access to) {
    Access before = node.access();
    if (to.equals(before)) {
      return;
    }
    boolean less = before.writable() && !to.writable();
    if (less) {
      node.flush();
    }
    node.accessChanging(to);
    try {
      if (!less) {
        children(node, to);
      }
      become(node, to);
      node.accessChanged(before);
      if (less) {
        children(node, to);
      }
    } catch (RuntimeException | Error e) {
      restore(node, before, e);
      throw e;
    }
  }

  private static void become(BlockNode node, Access to) {
    Access before = node.access();
    node.access(to);
    var change = new GraphChange();
    for (Child edge : node.childEdges()) {
      if (edge.role() == Child.Role.DATA) {
        change.permissions(edge, BlockGraph.takenBy(to), BlockGraph.sharedBy(to));
      }
    }
    try {
      change.commit();
    } catch (RuntimeException | Error e) {
      node.access(before);
      throw e;
    }
  }

  private void children(BlockNode node, Access to) {
    for (Child edge : node.childEdges()) {
      if (edge.role() != Child.Role.OTHER) {
        BlockNode child = edge.node();
        boolean needed = !to.writable() && writtenByOthers(child, edge);
        graph.drained(
            child,
            () -> {
              reopen(
                  child,
                  child
                      .access()
                      .withWritable(to.writable() || needed)
                      .withCache(!to.direct(), !to.noFlush()));
              return true;
            });
      }
    }
  }

  private static boolean writtenByOthers(BlockNode node, Child but) {
    List<Child> users = node.users();
    return users.stream().anyMatch(e -> !e.equals(but) && e.takes().contains(Permission.WRITE));
  }

  private void restore(BlockNode node, Access before, Throwable failure) {
    try {
      children(node, before);
      become(node, before);
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }
}
