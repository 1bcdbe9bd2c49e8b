package dev.kasuari.block.ssh;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** What a server answered, without its id. What does not make sense is an {@link IOException}. */
final class SftpReply {
  private static final int MAX_MESSAGE = 256;
  private static final int MAX_HANDLE = 256;

  /** What a file is. */
  private static final int TYPE_MASK = 0170000;

  private static final int REGULAR = 0100000;

  private final int type;
  private final ByteBuffer body;

  /** An answer of which nothing was looked at. */
  SftpReply(int type, ByteBuffer body) {
    this.type = type;
    this.body = body;
  }

  /**
   * What is known of a file.
   *
   * @param size bytes; −1 if the server does not say
   */
  record Attributes(long size, boolean regular) {}

  private IOException nonsense() {
    return new IOException("protocol error: answer of type " + type);
  }

  private void require(boolean sane) throws IOException {
    if (!sane) {
      throw nonsense();
    }
  }

  /** Refuses an answer of another kind, and says what failed if it says so. */
  private void expect(int wanted) throws IOException {
    if (type == Sftp.STATUS && wanted != Sftp.STATUS) {
      requireOk();
    }
    require(type == wanted);
  }

  boolean has(int bytes) {
    return body.remaining() >= bytes;
  }

  int number() throws IOException {
    require(has(Integer.BYTES));
    return body.getInt();
  }

  long number64() throws IOException {
    require(has(Long.BYTES));
    return body.getLong();
  }

  byte[] string() throws IOException {
    int length = number();
    require(length >= 0 && has(length));
    byte[] bytes = new byte[length];
    body.get(bytes);
    return bytes;
  }

  /**
   * Looks whether all is well.
   *
   * @throws SftpException if the server says that it is not
   */
  void requireOk() throws IOException {
    require(type == Sftp.STATUS);
    int status = number();
    if (status != Sftp.STATUS_OK) {
      throw new SftpException(status, has(Integer.BYTES) ? message(string()) : "Failure");
    }
  }

  private static String message(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    return text.substring(0, Math.min(text.length(), MAX_MESSAGE)).replaceAll("\\p{Cntrl}", " ");
  }

  byte[] handle() throws IOException {
    expect(Sftp.HANDLE);
    byte[] handle = string();
    require(handle.length <= MAX_HANDLE);
    return handle;
  }

  /**
   * Copies what was read.
   *
   * @return bytes, at least 1; 0 at the end of the file
   */
  int data(MemorySegment to) throws IOException {
    if (type == Sftp.STATUS) {
      int status = body.remaining() < Integer.BYTES ? 0 : body.getInt(body.position());
      if (status == Sftp.STATUS_EOF) {
        return 0;
      }
    }
    expect(Sftp.DATA);
    int length = number();
    require(length > 0 && length <= to.byteSize() && has(length));
    MemorySegment.copy(
        body.array(), body.arrayOffset() + body.position(), to, ValueLayout.JAVA_BYTE, 0, length);
    return length;
  }

  Attributes attributes() throws IOException {
    expect(Sftp.ATTRIBUTES);
    int flags = number();
    long size = (flags & Sftp.ATTRIBUTE_SIZE) == 0 ? -1 : number64();
    require((flags & Sftp.ATTRIBUTE_SIZE) == 0 || size >= 0);
    if ((flags & Sftp.ATTRIBUTE_OWNER) != 0) {
      number64(); // user and group
    }
    boolean typed = (flags & Sftp.ATTRIBUTE_PERMISSIONS) != 0;
    return new Attributes(size, typed && (number() & TYPE_MASK) == REGULAR);
  }

  /** Numbers of an extended answer. */
  SftpReply extended() throws IOException {
    expect(Sftp.EXTENDED_REPLY);
    return this;
  }

  /** What the server said of itself. */
  SftpReply version() throws IOException {
    expect(Sftp.VERSIONED);
    return this;
  }
}
