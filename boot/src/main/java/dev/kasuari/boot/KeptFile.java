package dev.kasuari.boot;

import dev.kasuari.host.HostMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/**
 * The bytes of a large file, for memory that is to have them at every reset. The first time they
 * come from the file itself; whoever waits for a machine to start does not wait for the copy that
 * later resets need, which is made meanwhile. What becomes of the file after that does not matter.
 */
public final class KeptFile implements AutoCloseable {
  private final String name;
  private final FileChannel channel;
  private final long size;
  private final FutureTask<HostMemory> copy = new FutureTask<>(this::copied);
  private final Thread copier;

  /** Of an open file, which is closed here. */
  KeptFile(String name, FileChannel channel, long size) {
    this.name = name;
    this.channel = channel;
    this.size = size;
    copier = Thread.ofPlatform().daemon().name("copy of " + name).unstarted(copy);
  }

  /** Bytes, more than 0. */
  public long size() {
    return size;
  }

  /**
   * Reads the file, and has it copied; to be called once, before {@link #putBack}.
   *
   * @param to of {@link #size} bytes
   * @throws BootException if it cannot be read
   */
  public void load(MemorySegment to) throws BootException {
    try {
      read(to);
    } catch (IOException e) {
      throw BootFile.unreadable(name, e);
    }
    copier.start();
  }

  /**
   * Puts the bytes of the copy into memory again.
   *
   * @throws IllegalStateException if the file changed while it was copied
   */
  public void putBack(MemorySegment to) {
    try {
      to.copyFrom(copy.get().segment().asSlice(0, size));
    } catch (ExecutionException e) {
      throw new IllegalStateException(name + ": could not be kept for resets", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(name + ": interrupted while it was copied", e);
    }
  }

  private HostMemory copied() throws IOException {
    HostMemory memory = HostMemory.anonymous(size);
    try (channel) {
      read(memory.segment());
      return memory;
    } catch (IOException | RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  private void read(MemorySegment to) throws IOException {
    ByteBuffer rest = to.asByteBuffer();
    while (rest.hasRemaining()) {
      if (channel.read(rest, rest.position()) < 0) {
        throw new IOException("it became shorter while it was read");
      }
    }
  }

  @Override
  public void close() throws IOException {
    channel.close(); // ends a copy that is being made
    try {
      copier.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    if (copy.state() == Future.State.SUCCESS) {
      copy.resultNow().close();
    }
  }
}
