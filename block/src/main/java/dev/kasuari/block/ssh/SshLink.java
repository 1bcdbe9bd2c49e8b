package dev.kasuari.block.ssh;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockException.Kind;
import java.io.IOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The way to a server's file: requests fail when the connection is lost, and the next one makes
 * another.
 */
final class SshLink implements AutoCloseable {
  private final String server;
  private final String path;
  private final Supplier<SftpSession> connect;
  private @Nullable SftpSession session;
  private @Nullable SftpFile file;
  private boolean writable;
  private boolean closed;

  /** True if something was written that no flush has covered. */
  private volatile boolean unflushed;

  /** True if such writes were made over a connection that is lost: nobody knows where they are. */
  private volatile boolean doubtful;

  /**
   * The way to a file; {@link #open} goes it.
   *
   * @param server for messages
   * @param connect makes a conversation that is open
   */
  SshLink(String server, String path, Supplier<SftpSession> connect) {
    this.server = server;
    this.path = path;
    this.connect = connect;
  }

  /** Something that is done with the file. */
  interface Request<T> {
    /** Does it. */
    T run(SftpFile file) throws IOException;
  }

  /**
   * Opens the file, or opens it once more in another way.
   *
   * @throws BlockException if the server does not let it, {@code PERMISSION} if it must not be used
   *     so; the file is open as it was before then
   */
  synchronized SftpReply.Attributes open(boolean write) {
    return open(Sftp.OPEN_READ | (write ? Sftp.OPEN_WRITE : 0), write);
  }

  /** Makes the file, or empties the one that is there. */
  synchronized void create() {
    int flags = Sftp.OPEN_READ | Sftp.OPEN_WRITE | Sftp.OPEN_CREATE | Sftp.OPEN_TRUNCATE;
    var _ = open(flags, true);
  }

  private SftpReply.Attributes open(int flags, boolean write) {
    SftpSession over = session;
    if (over == null || over.isLost()) {
      over = connect.get();
      session = over;
      file = null;
    }
    try {
      SftpFile opened = SftpFile.open(over, path, flags);
      SftpReply.Attributes found = opened.attributes();
      if (found.size() < 0) {
        throw new IOException("the server does not say how large it is");
      }
      SftpFile before = file;
      file = opened;
      writable = write;
      if (before != null) {
        before.close();
      }
      return found;
    } catch (SftpException e) {
      throw e.failure("failed to open remote file '" + path + "'");
    } catch (IOException e) {
      over.close();
      throw lost(e);
    }
  }

  private BlockException lost(IOException why) {
    return new BlockException(
        Kind.IO_ERROR, "connection to '" + server + "' lost: " + why.getMessage());
  }

  /**
   * Does it.
   *
   * @param attempt for messages
   * @throws BlockException if it cannot be done
   */
  <T> T perform(String attempt, Request<T> request) {
    SftpFile there = connected();
    try {
      return request.run(there);
    } catch (SftpException e) {
      throw e.failure(attempt);
    } catch (IOException e) {
      noteLoss();
      throw lost(e);
    }
  }

  private void noteLoss() {
    if (unflushed) {
      doubtful = true;
    }
  }

  /** Notes that what is on the server's disk is older than what was written. */
  void written() {
    unflushed = true;
  }

  /** Has the server bring to its disk what was written; true if it can do so. */
  boolean flush() {
    SftpFile there = connected();
    if (doubtful) {
      doubtful = false;
      throw new BlockException(
          Kind.IO_ERROR,
          "the connection to '" + server + "' was lost before what had been written was flushed");
    }
    if (!there.canFlush()) {
      return false;
    }
    if (unflushed) {
      unflushed = false; // what is written from now on is the next flush's
      try {
        perform(
            "flush",
            file -> {
              file.flush();
              return true;
            });
      } catch (BlockException e) {
        unflushed = true;
        throw e;
      }
    }
    return true;
  }

  private synchronized SftpFile connected() {
    if (closed) {
      throw new BlockException(Kind.IO_ERROR, "closed");
    }
    SftpSession over = session;
    SftpFile there = file;
    if (over != null && there != null && !over.isLost()) {
      return there;
    }
    noteLoss();
    open(writable);
    SftpFile again = file;
    if (again == null) {
      throw new IllegalStateException("opened without a file");
    }
    return again;
  }

  @Override
  public synchronized void close() {
    closed = true;
    SftpSession over = session;
    SftpFile there = file;
    if (over == null) {
      return;
    }
    try {
      if (there != null && !over.isLost()) {
        there.close();
      }
    } catch (IOException e) {
      // the server closes it when the connection ends
    } finally {
      over.close();
    }
  }
}
