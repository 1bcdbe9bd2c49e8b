package dev.kasuari.block;

import dev.kasuari.machine.backend.BlockBackend;
import dev.kasuari.machine.backend.OnError;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The top of a graph, as a guest's device sees it. Operations run on a bounded number of threads of
 * its own, as nodes block; what comes meanwhile waits in order. The threads are the platform's:
 * most of the time is spent in the host's calls, which would keep a virtual thread on its carrier.
 */
public final class BlockDevice implements BlockBackend {
  private static final int SECTOR = 512;
  private static final int THREADS = 16;

  /** So many operations wait at the most; a guest that asks for more at once is refused. */
  private static final int MOST_WAITING = 1 << 16;

  /** Up to so many bytes in many pieces are copied into one for the sake of fewer operations. */
  private static final long GATHERED = 1 << 20;

  private final String id;
  private final Root root;
  private final boolean writeThrough;
  private final ThreadPoolExecutor pool;
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final Object idle = new Object();
  private int underWay;
  private boolean closed;
  private volatile OnError ofReads = OnError.AUTO;
  private volatile OnError ofWrites = OnError.AUTO;

  /**
   * A device that uses {@code node} until it is closed.
   *
   * @param writeThrough whether each write ends on the medium
   * @throws BlockException if others use it in ways that do not go with this one
   */
  public BlockDevice(String id, BlockGraph graph, BlockNode node, boolean writeThrough) {
    this.id = id;
    this.writeThrough = writeThrough;
    root = Root.of(graph, "block device '" + id + "'", node);
    ThreadFactory threads = Thread.ofPlatform().name("block " + id + " ", 0).daemon(true).factory();
    pool =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            5,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MOST_WAITING),
            threads);
    pool.allowCoreThreadTimeOut(true);
  }

  /** The node whose bytes these are now. */
  public BlockNode node() {
    return root.node();
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public long size() {
    return (node().size() + SECTOR - 1) & -SECTOR;
  }

  @Override
  public boolean readOnly() {
    return !node().writable();
  }

  /** Says what is to become of requests that fail. */
  public void onErrors(OnError reads, OnError writes) {
    ofReads = reads;
    ofWrites = writes;
  }

  @Override
  public ErrorAction onError(boolean write, Status status) {
    OnError said = write ? ofWrites : ofReads;
    OnError policy = said != OnError.AUTO ? said : write ? OnError.ENOSPC : OnError.REPORT;
    return Objects.requireNonNull(policy.action(status));
  }

  @Override
  public void onResize(Runnable listener) {
    listeners.add(listener);
  }

  /** Changes the size while the guest runs; it is told. */
  public void resize(long size) {
    root.truncate(size, Preallocation.OFF);
    listeners.forEach(Runnable::run);
  }

  @Override
  public void read(long offset, List<MemorySegment> to, Completion done) {
    submit(offset, total(to), done, () -> readNow(offset, to));
  }

  private Status readNow(long offset, List<MemorySegment> to) {
    if (!gathers(to)) {
      long at = offset;
      for (MemorySegment part : to) {
        node().read(at, part);
        at += part.byteSize();
      }
      return Status.OK;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment whole = arena.allocate(total(to));
      node().read(offset, whole);
      long at = 0;
      for (MemorySegment part : to) {
        MemorySegment.copy(whole, at, part, 0, part.byteSize());
        at += part.byteSize();
      }
      return Status.OK;
    }
  }

  @Override
  public void write(long offset, List<MemorySegment> from, boolean throughCache, Completion done) {
    if (readOnly()) {
      done.done(Status.READ_ONLY);
      return;
    }
    submit(offset, total(from), done, () -> writeNow(offset, from, throughCache || writeThrough));
  }

  private Status writeNow(long offset, List<MemorySegment> from, boolean throughCache) {
    if (gathers(from)) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment whole = arena.allocate(total(from));
        long at = 0;
        for (MemorySegment part : from) {
          MemorySegment.copy(part, 0, whole, at, part.byteSize());
          at += part.byteSize();
        }
        node().write(offset, whole);
      }
    } else {
      long at = offset;
      for (MemorySegment part : from) {
        node().write(at, part);
        at += part.byteSize();
      }
    }
    if (throughCache) {
      node().flush();
    }
    return Status.OK;
  }

  /** Many pieces become one, and what is not native memory becomes that. */
  private static boolean gathers(List<MemorySegment> parts) {
    return (parts.size() > 1 && total(parts) <= GATHERED)
        || !parts.stream().allMatch(MemorySegment::isNative);
  }

  @Override
  public void flush(Completion done) {
    submit(
        0,
        0,
        done,
        () -> {
          node().flush();
          return Status.OK;
        });
  }

  @Override
  public void discard(long offset, long length, Completion done) {
    if (readOnly()) {
      done.done(Status.READ_ONLY);
      return;
    }
    submit(
        offset,
        length,
        done,
        () -> {
          node().discard(offset, length);
          return Status.OK;
        });
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap, Completion done) {
    if (readOnly()) {
      done.done(Status.READ_ONLY);
      return;
    }
    submit(
        offset,
        length,
        done,
        () -> {
          node().writeZeroes(offset, length, mayUnmap);
          if (writeThrough) {
            node().flush();
          }
          return Status.OK;
        });
  }

  private static long total(List<MemorySegment> parts) {
    long total = 0;
    for (MemorySegment part : parts) {
      total += part.byteSize();
    }
    return total;
  }

  /** An operation that may throw {@link BlockException}. */
  private interface Operation {
    Status run();
  }

  private void submit(long offset, long length, Completion done, Operation operation) {
    if (offset < 0 || length < 0 || length > size() - offset) {
      done.done(Status.OUT_OF_RANGE);
      return;
    }
    synchronized (idle) {
      underWay++;
    }
    try {
      pool.execute(new Request(operation, done));
    } catch (RejectedExecutionException e) {
      ended();
      done.done(pool.isShutdown() ? Status.NO_MEDIUM : Status.IO_ERROR); // closed, or too many
    }
  }

  /** An operation that waits for a thread, or has one. */
  private final class Request implements Runnable {
    private final Operation operation;
    private final Completion done;

    Request(Operation operation, Completion done) {
      this.operation = operation;
      this.done = done;
    }

    @Override
    public void run() {
      complete(() -> root.with(operation::run), done);
    }

    void cancel() {
      complete(() -> Status.IO_ERROR, done);
    }
  }

  /**
   * Ends what nobody has begun yet, with an error.
   *
   * @return how many that were
   */
  public int cancelWaiting() {
    var waiting = new ArrayList<Runnable>();
    pool.getQueue().drainTo(waiting);
    waiting.forEach(request -> ((Request) request).cancel());
    return waiting.size();
  }

  /** Whatever happens the guest gets an answer; a bug of ours is reported by the pool's thread. */
  private void complete(Operation operation, Completion done) {
    Status status = Status.IO_ERROR;
    try {
      status = perform(operation);
    } finally {
      try {
        done.done(status);
      } finally {
        ended();
      }
    }
  }

  private void ended() {
    synchronized (idle) {
      if (--underWay == 0) {
        idle.notifyAll();
      }
    }
  }

  private static Status perform(Operation operation) {
    try {
      return operation.run();
    } catch (BlockException e) {
      return status(e);
    }
  }

  private static Status status(BlockException e) {
    return switch (e.kind()) {
      case NO_SPACE, TOO_LARGE -> Status.NO_SPACE;
      case READ_ONLY, PERMISSION -> Status.READ_ONLY;
      default -> Status.IO_ERROR;
    };
  }

  /** Waits until nothing is under way. The caller sees to it that nothing new comes. */
  public void drain() throws InterruptedException {
    synchronized (idle) {
      while (underWay > 0) {
        idle.wait();
      }
    }
  }

  /** Ends what is under way, and the use of the node. */
  @Override
  public void close() {
    synchronized (idle) {
      if (closed) {
        return;
      }
      closed = true;
    }
    pool.shutdown();
    List<BlockNode> tree = node().tree();
    tree.forEach(node -> node.drained(true)); // what is only being held up ends now
    @Nullable InterruptedException interrupted = awaitEnd();
    tree.forEach(node -> node.drained(false));
    try {
      root.flush();
    } finally {
      root.close();
    }
    if (interrupted != null) {
      Thread.currentThread().interrupt();
    }
  }

  private @Nullable InterruptedException awaitEnd() {
    InterruptedException interrupted = null;
    while (true) {
      try {
        if (pool.awaitTermination(1, TimeUnit.SECONDS)) {
          return interrupted;
        }
      } catch (InterruptedException e) {
        interrupted = e;
      }
    }
  }
}
