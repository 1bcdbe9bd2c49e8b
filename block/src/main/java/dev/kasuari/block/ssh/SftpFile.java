package dev.kasuari.block.ssh;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * A file that a server has open. Requests of any thread are under way at once; a long one is done
 * by several of the protocol's.
 */
final class SftpFile {
  /** Parts of one request that are under way at once. */
  private static final int PARTS = 16;

  /** Seconds for the server's disk to take all that was written. */
  private static final int FLUSH_SECONDS = 600;

  private static final int CLOSE_SECONDS = 5;
  private static final int CREATED_MODE = 0644;

  /** A part of a request, which was sent. */
  private record Part(long offset, MemorySegment bytes, SftpSession.Pending reply) {}

  private final SftpSession session;
  private final byte[] handle;
  private final int mostRead;
  private final int mostWritten;

  private SftpFile(SftpSession session, byte[] handle, int mostRead, int mostWritten) {
    this.session = session;
    this.handle = handle;
    this.mostRead = mostRead;
    this.mostWritten = mostWritten;
  }

  /**
   * Opens a file.
   *
   * @param flags {@link Sftp#OPEN_READ} and so on
   * @throws SftpException if the server refuses
   */
  static SftpFile open(SftpSession session, String path, int flags) throws IOException {
    int room = 4 * path.length();
    var request = new SftpRequest(Sftp.OPEN, room).string(path).number(flags);
    if ((flags & Sftp.OPEN_CREATE) == 0) {
      request.number(0);
    } else {
      request.number(Sftp.ATTRIBUTE_PERMISSIONS).number(CREATED_MODE);
    }
    byte[] handle = session.call(request).handle();
    if (!session.has(Sftp.LIMITS)) {
      return new SftpFile(session, handle, Sftp.LEAST_DATA, Sftp.LEAST_DATA);
    }
    var limits = new SftpRequest(Sftp.EXTENDED, Sftp.LIMITS.length()).string(Sftp.LIMITS);
    SftpReply said = session.call(limits).extended();
    said.number64(); // whole packets
    return new SftpFile(session, handle, most(said.number64()), most(said.number64()));
  }

  /** What a server says that it takes; 0 means that it does not say. */
  private static int most(long said) {
    boolean sane = said >= 1024;
    return sane ? (int) Math.min(said, Sftp.MOST_DATA) : Sftp.LEAST_DATA;
  }

  private SftpRequest request(int type, int room) {
    return new SftpRequest(type, handle.length + room).string(handle);
  }

  SftpReply.Attributes attributes() throws IOException {
    return session.call(request(Sftp.FSTAT, 0)).attributes();
  }

  /** Reads all of {@code to}; what is behind the file's end are zeroes. */
  void read(long offset, MemorySegment to) throws IOException {
    Deque<Part> parts = new ArrayDeque<>();
    long at = 0;
    while (at < to.byteSize() || !parts.isEmpty()) {
      if (at < to.byteSize() && parts.size() < PARTS) {
        long length = Math.min(mostRead, to.byteSize() - at);
        parts.add(reading(offset + at, to.asSlice(at, length)));
        at += length;
      } else {
        finish(parts.remove());
      }
    }
  }

  private Part reading(long offset, MemorySegment to) throws IOException {
    int length = (int) to.byteSize();
    SftpRequest request = request(Sftp.READ, 0).number(offset).number(length);
    return new Part(offset, to, session.send(request));
  }

  /** A server may send less than was asked for. */
  private void finish(Part part) throws IOException {
    Part rest = part;
    while (true) {
      int count = session.await(rest.reply).data(rest.bytes);
      if (count == 0) {
        rest.bytes.fill((byte) 0);
        return;
      }
      if (count == rest.bytes.byteSize()) {
        return;
      }
      rest = reading(rest.offset + count, rest.bytes.asSlice(count));
    }
  }

  /** Writes all of it. When this returns or fails, nothing of it is under way any more. */
  void write(long offset, MemorySegment from) throws IOException {
    Deque<SftpSession.Pending> parts = new ArrayDeque<>();
    IOException failure = null;
    long at = 0;
    while ((at < from.byteSize() && failure == null) || !parts.isEmpty()) {
      if (at < from.byteSize() && failure == null && parts.size() < PARTS) {
        MemorySegment bytes = from.asSlice(at, Math.min(mostWritten, from.byteSize() - at));
        var request = request(Sftp.WRITE, (int) bytes.byteSize()).number(offset + at).data(bytes);
        parts.add(session.send(request));
        at += bytes.byteSize();
      } else {
        IOException one = written(parts.remove());
        failure = failure == null ? one : failure;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private @Nullable IOException written(SftpSession.Pending part) {
    try {
      session.await(part).requireOk();
      return null;
    } catch (IOException e) {
      return e;
    }
  }

  /** True if {@link #flush} can be done. */
  boolean canFlush() {
    return session.has(Sftp.FSYNC);
  }

  /** Has the server bring to its disk what was written. */
  void flush() throws IOException {
    int room = Sftp.FSYNC.length() + handle.length;
    var request = new SftpRequest(Sftp.EXTENDED, room).string(Sftp.FSYNC).string(handle);
    session.call(request, FLUSH_SECONDS).requireOk();
  }

  /** Makes it longer or shorter. */
  void resize(long size) throws IOException {
    SftpRequest request = request(Sftp.FSETSTAT, 0).number(Sftp.ATTRIBUTE_SIZE).number(size);
    session.call(request).requireOk();
  }

  /** Gives the handle back, if the server is there to hear of it. */
  void close() throws IOException {
    session.call(request(Sftp.CLOSE, 0), CLOSE_SECONDS).requireOk();
  }
}
