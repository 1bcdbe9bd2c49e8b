package dev.kasuari.block.job;

import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Child;
import dev.kasuari.block.Permission;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Lets a job write into a backing file: what the images over it show does not change by that, and
 * so they stand it for a while, and know it before and after.
 */
final class Relaxed {
  private record Before(Child edge, Set<Permission> takes, Set<Permission> shares) {}

  private final BlockGraph graph;
  private final BlockNode base;
  private final boolean wasWritable;
  private final List<Before> before = new ArrayList<>();

  /** Has all who have {@code base} as their backing file stand that it is written. */
  Relaxed(BlockGraph graph, BlockNode base) {
    this.graph = graph;
    this.base = base;
    wasWritable = base.writable();
    for (Child edge : base.users()) {
      if (edge.slot().equals("backing")) {
        before.add(new Before(edge, edge.takes(), edge.shares()));
        graph.permissions(edge, Permission.none(), Permission.all());
      }
    }
    try {
      tell(true);
      graph.reopen(base, base.access().withWritable(true));
    } catch (RuntimeException | Error e) {
      restorePermissions();
      throw e;
    }
  }

  private void tell(boolean begins) {
    for (Before one : before) {
      BlockNode over = one.edge.parent();
      if (over != null && base.users().contains(one.edge)) {
        graph.behindChanges(over, base, begins);
      }
    }
  }

  /** All is as it was, but for what was written. */
  void end() {
    try {
      tell(false);
      if (!wasWritable) {
        graph.reopen(base, base.access().withWritable(false));
      }
    } finally {
      restorePermissions();
    }
  }

  private void restorePermissions() {
    for (Before one : before) {
      if (base.users().contains(one.edge)) {
        graph.permissions(one.edge, one.takes, one.shares);
      }
    }
  }
}
