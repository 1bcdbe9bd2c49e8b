package dev.kasuari.img.io;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Phaser;
import org.jspecify.annotations.Nullable;

/** What commands share: the open image, requests under way, and whether anything failed. */
final class IoSession implements AutoCloseable {
  /** Requests under way at once; more wait for these. */
  private static final int MAX_REQUESTS = 64;

  private final String program;
  private final PrintStream out;
  private final PrintStream err;
  private final Queue<Runnable> ended = new ConcurrentLinkedQueue<>();
  private final Phaser underWay = new Phaser(1);
  private @Nullable ExecutorService threads;
  private @Nullable OpenImage image;
  private boolean failed;
  private boolean quitting;

  IoSession(String program, PrintStream out, PrintStream err) {
    this.program = program;
    this.out = out;
    this.err = err;
  }

  String program() {
    return program;
  }

  PrintStream out() {
    return out;
  }

  PrintStream err() {
    return err;
  }

  /** Remembers that the program ends with a code that says so. */
  void fail() {
    failed = true;
  }

  boolean failed() {
    return failed;
  }

  void quit() {
    quitting = true;
  }

  boolean quitting() {
    return quitting;
  }

  @Nullable OpenImage image() {
    return image;
  }

  void image(@Nullable OpenImage opened) {
    image = opened;
  }

  /** The open image's node. */
  BlockNode node() {
    if (image == null) {
      throw IoException.complaint("no file open, try 'help open'");
    }
    return image.node();
  }

  /** A complaint that names the program. */
  IoException complaint(String text) {
    return IoException.complaint(program + ": " + text);
  }

  /** Refuses bytes that the image does not have. */
  static void requireWithin(BlockNode node, long offset, long length) {
    if (length > node.size() - offset) {
      throw new BlockException(BlockException.Kind.IO_ERROR, "beyond the end");
    }
  }

  /** What can be done with a buffer. */
  interface WithBuffer {
    void run(MemorySegment buffer);
  }

  /** Native memory for one request; QEMU's has a room of whole sectors, too. */
  static void withBuffer(long length, WithBuffer body) {
    try (Arena arena = Arena.ofShared()) {
      body.run(arena.allocate(Math.max(length, 1), 4096).asSlice(0, length));
    } catch (OutOfMemoryError e) {
      throw IoException.result("no memory for a request of " + length + " bytes");
    }
  }

  /**
   * Starts a request that ends by itself.
   *
   * @param request what it does; what is to be printed comes out of it
   */
  void start(java.util.function.Supplier<Runnable> request) {
    if (threads == null) {
      threads =
          Executors.newFixedThreadPool(
              MAX_REQUESTS, Thread.ofPlatform().daemon(true).name("request ", 0).factory());
    }
    underWay.register();
    threads.execute(() -> {
      try {
        ended.add(request.get());
      } finally {
        underWay.arriveAndDeregister();
      }
    });
  }

  /** Prints what there is to say of requests that have ended. */
  void printEnded() {
    for (Runnable print = ended.poll(); print != null; print = ended.poll()) {
      print.run();
    }
  }

  /** Waits for all requests. */
  void drain() {
    underWay.arriveAndAwaitAdvance();
    printEnded();
  }

  /** Ends the use of the image. */
  void closeImage() {
    drain();
    OpenImage open = image;
    image = null;
    if (open != null) {
      open.close();
    }
  }

  @Override
  public void close() {
    try {
      closeImage();
    } finally {
      if (threads != null) {
        threads.shutdown();
      }
    }
  }
}
