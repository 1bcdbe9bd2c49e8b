package dev.kasuari.block.ssh;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** The other end of SFTP, in this process: it has one file, and may do everything wrong. */
final class SftpServer implements SftpSession.Carrier {
  /** What is done with a request, instead of what should be. */
  interface Fault {
    /** True if that is all: no answer is sent. */
    boolean instead(SftpServer server, int type, int id, Disk disk) throws IOException;
  }

  /** What outlives a connection. */
  static final class Disk {
    byte[] bytes;
    int flushed;
    int connections;

    Disk(int size) {
      bytes = new byte[size];
    }
  }

  /** Extensions that it has. */
  record Abilities(boolean fsync, int most) {}

  private final BlockingQueue<ByteBuffer> requests = new LinkedBlockingQueue<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Random random;
  private final Disk disk;
  private final Abilities abilities;
  private final Fault fault;
  private final SftpSession session;

  private SftpServer(Disk disk, Abilities abilities, Fault fault, int seconds) {
    this.disk = disk;
    this.abilities = abilities;
    this.fault = fault;
    random = new Random(disk.connections++);
    session = new SftpSession(this, seconds);
    Thread.ofVirtual().start(this::run);
  }

  /** A conversation with a server. */
  static SftpSession session(Disk disk, Abilities abilities, Fault fault, int seconds)
      throws IOException {
    var server = new SftpServer(disk, abilities, fault, seconds);
    try {
      server.session.open();
    } catch (IOException e) {
      server.session.close();
      throw e;
    }
    return server.session;
  }

  boolean isClosed() {
    return closed.get();
  }

  @Override
  public void send(byte[] bytes, int length) throws IOException {
    if (closed.get()) {
      throw new IOException("closed");
    }
    requests.add(ByteBuffer.wrap(bytes.clone(), 0, length));
  }

  @Override
  public void close() {
    closed.set(true);
  }

  /** The connection ends here. */
  void hangUp() throws IOException {
    session.replies().close();
  }

  private void run() {
    try {
      while (!closed.get()) {
        ByteBuffer request = requests.poll(50, TimeUnit.MILLISECONDS);
        if (request != null) {
          serve(request);
        }
      }
    } catch (InterruptedException | IOException e) {
      closed.set(true); // the client has found something wrong
    }
  }

  private void serve(ByteBuffer request) throws IOException {
    request.getInt();
    int type = request.get() & 0xff;
    int id = request.getInt();
    if (!fault.instead(this, type, id, disk)) {
      answer(type, id, request);
    }
  }

  private void answer(int type, int id, ByteBuffer request) throws IOException {
    switch (type) {
      case Sftp.INIT -> version();
      case Sftp.OPEN -> reply(Sftp.HANDLE, id, out -> string(out, new byte[] {7}));
      case Sftp.FSTAT -> attributes(id);
      case Sftp.CLOSE -> status(id, 0, "");
      case Sftp.EXTENDED -> extended(id, request);
      case Sftp.READ -> read(id, request);
      case Sftp.WRITE -> write(id, request);
      default -> status(id, Sftp.STATUS_UNSUPPORTED, "what?");
    }
  }

  private void version() throws IOException {
    var body = new ByteArrayOutputStream();
    var out = new DataOutputStream(body);
    out.writeByte(Sftp.VERSIONED);
    out.writeInt(Sftp.VERSION);
    if (abilities.fsync) {
      string(out, Sftp.FSYNC.getBytes(StandardCharsets.UTF_8));
      string(out, "1".getBytes(StandardCharsets.UTF_8));
    }
    if (abilities.most > 0) {
      string(out, Sftp.LIMITS.getBytes(StandardCharsets.UTF_8));
      string(out, "1".getBytes(StandardCharsets.UTF_8));
    }
    packet(body.toByteArray());
  }

  private void attributes(int id) throws IOException {
    reply(
        Sftp.ATTRIBUTES,
        id,
        out -> {
          out.writeInt(Sftp.ATTRIBUTE_SIZE | Sftp.ATTRIBUTE_OWNER | Sftp.ATTRIBUTE_PERMISSIONS);
          out.writeLong(disk.bytes.length);
          out.writeLong(0);
          out.writeInt(0100644);
        });
  }

  private void extended(int id, ByteBuffer request) throws IOException {
    byte[] name = new byte[request.getInt()];
    request.get(name);
    if (new String(name, StandardCharsets.UTF_8).equals(Sftp.FSYNC)) {
      disk.flushed++;
      status(id, 0, "");
      return;
    }
    reply(
        Sftp.EXTENDED_REPLY,
        id,
        out -> {
          out.writeLong(1 << 20);
          out.writeLong(abilities.most);
          out.writeLong(abilities.most);
          out.writeLong(0);
        });
  }

  private void read(int id, ByteBuffer request) throws IOException {
    long offset = request.getLong(request.position() + 5);
    int length = request.getInt(request.position() + 13);
    if (offset >= disk.bytes.length) {
      status(id, Sftp.STATUS_EOF, "EOF");
      return;
    }
    int most = (int) Math.min(length, disk.bytes.length - offset);
    int sent = random.nextInt(4) == 0 ? 1 + random.nextInt(most) : most;
    byte[] part = java.util.Arrays.copyOfRange(disk.bytes, (int) offset, (int) offset + sent);
    reply(Sftp.DATA, id, out -> string(out, part));
  }

  private void write(int id, ByteBuffer request) throws IOException {
    request.position(request.position() + 5);
    int offset = (int) request.getLong();
    int length = request.getInt();
    if (offset + length > disk.bytes.length) {
      disk.bytes = java.util.Arrays.copyOf(disk.bytes, offset + length);
    }
    request.get(disk.bytes, offset, length);
    status(id, 0, "");
  }

  void status(int id, int status, String text) throws IOException {
    reply(
        Sftp.STATUS,
        id,
        out -> {
          out.writeInt(status);
          string(out, text.getBytes(StandardCharsets.UTF_8));
          string(out, new byte[0]);
        });
  }

  /** Writes what belongs to a reply. */
  interface Body {
    void to(DataOutputStream out) throws IOException;
  }

  void reply(int type, int id, Body body) throws IOException {
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    out.writeByte(type);
    out.writeInt(id);
    body.to(out);
    packet(bytes.toByteArray());
  }

  static void string(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private void packet(byte[] bytes) throws IOException {
    raw(ByteBuffer.allocate(4 + bytes.length).putInt(bytes.length).put(bytes).array());
  }

  /** Sends in pieces of any length. */
  void raw(byte[] bytes) throws IOException {
    OutputStream to = session.replies();
    for (int at = 0; at < bytes.length; ) {
      int count =
          Math.min(bytes.length - at, 1 + random.nextInt(random.nextBoolean() ? 8 : 40_000));
      to.write(bytes, at, count);
      at += count;
    }
  }
}
