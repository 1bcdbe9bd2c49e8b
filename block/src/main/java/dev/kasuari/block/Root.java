package dev.kasuari.block;

import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.function.Supplier;

/**
 * A use of a node from outside of the graph: what devices, jobs and servers read and write through.
 * The node beneath may be replaced while it is used; requests wait meanwhile, and only then.
 *
 * <p>Any number of threads. A thread within a request must not change the graph: it would wait for
 * itself.
 */
public final class Root implements NodeUser, AutoCloseable {
  private final BlockGraph graph;
  private final Child use;
  private final Object gate = new Object();
  private int underWay;
  private int drains;

  /**
   * Uses {@code node} until it is closed.
   *
   * @param user who, for messages
   * @throws BlockException if others use it in ways that do not go with this one
   */
  public Root(
      BlockGraph graph,
      String user,
      BlockNode node,
      Set<Permission> takes,
      Set<Permission> shares) {
    this.graph = graph;
    use = graph.use(user, node, takes, shares, this);
  }

  /** A use as whoever reads, or writes and resizes, has it. */
  public static Root of(BlockGraph graph, String user, BlockNode node) {
    Access access = node.access();
    return new Root(graph, user, node, BlockGraph.takenBy(access), BlockGraph.sharedBy(access));
  }

  /** The graph. */
  public BlockGraph graph() {
    return graph;
  }

  /** The node that is used now. */
  public BlockNode node() {
    return use.node();
  }

  /** The edge. */
  public Child edge() {
    return use;
  }

  /** Does something with the node while it cannot be replaced. */
  public <T> T with(Supplier<T> request) {
    begin();
    try {
      return request.get();
    } finally {
      end();
    }
  }

  private void begin() {
    synchronized (gate) {
      waitUntil(() -> drains == 0);
      underWay++;
    }
  }

  private void end() {
    synchronized (gate) {
      underWay--;
      gate.notifyAll();
    }
  }

  /** Bytes. */
  public long size() {
    return node().size();
  }

  /** Reads into all of {@code to}. */
  public void read(long offset, MemorySegment to) {
    begin();
    try {
      node().read(offset, to);
    } finally {
      end();
    }
  }

  /** Writes all of {@code from}. */
  public void write(long offset, MemorySegment from) {
    begin();
    try {
      node().write(offset, from);
    } finally {
      end();
    }
  }

  /** Makes bytes zero; see {@link BlockNode#writeZeroes}. */
  public void writeZeroes(long offset, long length, boolean mayUnmap) {
    begin();
    try {
      node().writeZeroes(offset, length, mayUnmap);
    } finally {
      end();
    }
  }

  /** Says that nobody needs the bytes any more. */
  public void discard(long offset, long length) {
    begin();
    try {
      node().discard(offset, length);
    } finally {
      end();
    }
  }

  /** Brings to the medium what was written. */
  public void flush() {
    begin();
    try {
      node().flush();
    } finally {
      end();
    }
  }

  /** Changes the size. */
  public void truncate(long size, Preallocation preallocation) {
    begin();
    try {
      node().truncate(size, preallocation);
    } finally {
      end();
    }
  }

  @Override
  public void drainBegin() {
    synchronized (gate) {
      drains++;
      waitUntil(() -> underWay == 0);
    }
  }

  @Override
  public void drainEnd() {
    synchronized (gate) {
      drains--;
      gate.notifyAll();
    }
  }

  /** With the gate held. */
  private void waitUntil(java.util.function.BooleanSupplier condition) {
    boolean interrupted = false;
    while (!condition.getAsBoolean()) {
      try {
        gate.wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the use. May be called again. */
  @Override
  public void close() {
    graph.release(use);
  }
}
