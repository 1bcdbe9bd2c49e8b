package dev.kasuari.boot;

import dev.kasuari.host.HostMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a large file, for memory that is to have them at every reset. The first time they
 * come from the file itself; the copy that later resets need is made when the machine has run for a
 * while, as most machines of tests end before, or at the first reset. What becomes of the file
 * after the copy does not matter; a change before it is noticed.
 */
public final class KeptFile implements AutoCloseable {
  /** A machine that runs so long may well be reset. */
  private static final long SETTLED_SECONDS = 10;

  /** A channel keeps a buffer as large as the largest part that it has read into an array. */
  private static final int CHUNK = 1 << 16;

  /** What a file was when it was opened, by its name. */
  record Version(Path path, @Nullable Object key, FileTime written, long size) {
    static Version of(Path path, BasicFileAttributes now) {
      return new Version(path, now.fileKey(), now.lastModifiedTime(), now.size());
    }

    /** Whether it was written since. If another has its name now, nobody can have. */
    boolean changed() {
      try {
        BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
        return Objects.equals(key, now.fileKey()) && !equals(of(path, now));
      } catch (IOException e) {
        return false; // it has no name any more
      }
    }
  }

  private final String name;
  private final FileChannel channel;
  private final @Nullable Version version;
  private final long size;
  private final CountDownLatch wanted = new CountDownLatch(1);
  private final FutureTask<HostMemory> copy = new FutureTask<>(this::copied);
  private final Thread copier;

  /**
   * Of an open file, which is closed here.
   *
   * @param version what it was, or null if it is nobody else's
   */
  KeptFile(String name, FileChannel channel, @Nullable Version version, long size) {
    this.name = name;
    this.channel = channel;
    this.version = version;
    this.size = size;
    copier = Thread.ofPlatform().daemon().name("copy of " + name).unstarted(copy);
  }

  String name() {
    return name;
  }

  /** Bytes, more than 0. */
  public long size() {
    return size;
  }

  /**
   * Reads its first bytes.
   *
   * @param count at most {@link #size}
   * @throws BootException if it cannot be read
   */
  byte[] first(int count) throws BootException {
    byte[] data = new byte[count];
    try {
      for (int at = 0; at < count; at += CHUNK) {
        read(MemorySegment.ofArray(data).asSlice(at, Math.min(CHUNK, count - at)), at);
      }
      return data;
    } catch (IOException e) {
      throw BootFile.unreadable(name, e);
    }
  }

  /**
   * Reads all of it, instead of {@link #load}; no more is to be asked of it.
   *
   * @throws BootException if it cannot be read
   */
  public byte[] bytes() throws BootException {
    byte[] data = first((int) size);
    try {
      channel.close();
      return data;
    } catch (IOException e) {
      throw BootFile.unreadable(name, e);
    }
  }

  /**
   * Reads the file, and has it copied later; to be called once, before {@link #putBack}.
   *
   * @param to of {@link #size} bytes
   * @throws BootException if it cannot be read
   */
  public void load(MemorySegment to) throws BootException {
    try {
      read(to, 0);
    } catch (IOException e) {
      throw BootFile.unreadable(name, e);
    }
    copier.start();
  }

  /**
   * Puts the bytes of the copy into memory again.
   *
   * @throws UncheckedIOException if the file was changed before it was copied
   */
  public void putBack(MemorySegment to) {
    wanted.countDown();
    try {
      to.copyFrom(copy.get().segment().asSlice(0, size));
    } catch (ExecutionException e) {
      Throwable why = copy.exceptionNow();
      throw new UncheckedIOException(
          name + ": could not be kept for resets: " + why.getMessage(), new IOException(why));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(name + ": interrupted while it was copied", e);
    }
  }

  private HostMemory copied() throws IOException, InterruptedException {
    var _ = wanted.await(SETTLED_SECONDS, TimeUnit.SECONDS);
    HostMemory memory = HostMemory.anonymous(size);
    try (channel) {
      read(memory.segment(), 0);
      if (version != null && version.changed()) {
        throw new IOException("it was written after the machine had read it");
      }
      return memory;
    } catch (IOException | RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  private void read(MemorySegment to, long from) throws IOException {
    ByteBuffer rest = to.asByteBuffer();
    while (rest.hasRemaining()) {
      if (channel.read(rest, from + rest.position()) < 0) {
        throw new IOException("it became shorter while it was read");
      }
    }
  }

  @Override
  public void close() throws IOException {
    channel.close(); // ends a copy that is being made
    wanted.countDown();
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
