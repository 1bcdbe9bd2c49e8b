package dev.kasuari.block.ssh;

import com.jcraft.jsch.ChannelSubsystem;
import com.jcraft.jsch.JSch;
import com.jcraft.jsch.JSchException;
import com.jcraft.jsch.Session;
import com.jcraft.jsch.SocketFactory;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockException.Kind;
import dev.kasuari.block.TimeLimit;
import dev.kasuari.block.nbd.NbdAddress;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A connection by SSH and the SFTP over it. With {@link HostKeys} and {@link Identities} all that
 * knows the library.
 */
final class SshConnection implements SftpSession.Carrier {
  /** Seconds for all that comes before SFTP. */
  private static final int SECONDS = 30;

  /** Seconds for a request of SFTP. */
  private static final int REQUEST_SECONDS = 60;

  private static final int MILLIS = SECONDS * 1000;

  /** How often a server that says nothing is asked whether it is there, and may not answer. */
  private static final int ALIVE_MILLIS = 15_000;

  private static final int ALIVE_TIMES = 3;

  private final Socket socket;
  private final Session session;
  private final OutputStream out;

  private SshConnection(Socket socket, Session session, ChannelSubsystem channel)
      throws IOException {
    this.socket = socket;
    this.session = session;
    out = channel.getOutputStream();
  }

  /**
   * Connects.
   *
   * @throws BlockException if there is no way to the server, it is another one, or it lets nobody
   *     in
   */
  static SftpSession open(SshTarget target) {
    Path folder = Path.of(System.getProperty("user.home", ""), ".ssh");
    Socket socket = connected(target);
    try (var limit = new TimeLimit(() -> close(socket), SECONDS)) {
      try {
        return established(target, socket, folder);
      } catch (IOException e) {
        String why = String.valueOf(limit.explained(e).getMessage());
        throw new BlockException(Kind.IO_ERROR, "failed to establish SSH session: " + why);
      }
    } catch (RuntimeException | Error e) {
      close(socket);
      throw e;
    }
  }

  private static Socket connected(SshTarget target) {
    try {
      return new NbdAddress.Inet(target.host(), target.port()).connect().socket();
    } catch (UnknownHostException e) {
      throw new BlockException(
          Kind.IO_ERROR,
          "address resolution failed for " + target.server() + ": Name or service not known");
    } catch (IOException e) {
      throw new BlockException(
          Kind.IO_ERROR, "Failed to connect to '" + target.server() + "': " + e.getMessage());
    }
  }

  private static SftpSession established(SshTarget target, Socket socket, Path folder)
      throws IOException {
    Session session = null;
    HostKeys keys = null;
    try {
      keys = new HostKeys(target.check(), folder);
      var library = new JSch();
      library.setHostKeyRepository(keys);
      library.setIdentityRepository(new Identities(folder));
      session = library.getSession(target.user(), target.host(), target.port());
      session.setConfig("StrictHostKeyChecking", "yes");
      session.setConfig("PreferredAuthentications", "publickey");
      session.setSocketFactory(new Given(socket));
      session.setDaemonThread(true);
      session.setServerAliveInterval(ALIVE_MILLIS);
      session.setServerAliveCountMax(ALIVE_TIMES);
      session.connect(MILLIS);
      return sftp(socket, session);
    } catch (JSchException e) {
      close(socket);
      if (session != null) {
        session.disconnect();
      }
      throw failed(keys, e);
    }
  }

  private static IOException failed(@Nullable HostKeys keys, JSchException e) {
    String text = String.valueOf(e.getMessage());
    String refusal = keys == null ? null : keys.refusal();
    if (refusal != null) {
      throw new BlockException(Kind.INVALID, refusal);
    }
    if (text.startsWith("Auth ") || text.startsWith("USERAUTH")) {
      throw new BlockException(
          Kind.PERMISSION,
          "failed to authenticate using publickey authentication and the identities held by your"
              + " ssh-agent");
    }
    return new IOException(text, e);
  }

  private static SftpSession sftp(Socket socket, Session session)
      throws JSchException, IOException {
    var channel = (ChannelSubsystem) session.openChannel("subsystem");
    channel.setSubsystem("sftp");
    channel.setWantReply(true);
    var later = new Carried();
    var sftp = new SftpSession(later, REQUEST_SECONDS);
    try {
      channel.setOutputStream(sftp.replies());
      channel.connect(MILLIS);
      later.by(new SshConnection(socket, session, channel));
      sftp.open();
      return sftp;
    } catch (JSchException | IOException | RuntimeException | Error e) {
      sftp.close();
      throw e;
    }
  }

  @Override
  public void send(byte[] bytes, int length) throws IOException {
    out.write(bytes, 0, length);
    out.flush();
  }

  /** The socket first: whoever waits for it has what ending a session needs. */
  @Override
  public void close() {
    close(socket);
    session.disconnect();
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // nobody uses it any more
    }
  }

  /** A carrier that is there when the server has opened its end. */
  private static final class Carried implements SftpSession.Carrier {
    private volatile SftpSession.@Nullable Carrier carrier;

    void by(SftpSession.Carrier made) {
      carrier = made;
    }

    @Override
    public void send(byte[] bytes, int length) throws IOException {
      SftpSession.Carrier there = carrier;
      if (there == null) {
        throw new IOException("not connected");
      }
      there.send(bytes, length);
    }

    @Override
    public void close() {
      SftpSession.Carrier there = carrier;
      if (there != null) {
        there.close();
      }
    }
  }

  /** A socket that is there. */
  private record Given(Socket socket) implements SocketFactory {
    @Override
    public Socket createSocket(String host, int port) {
      return socket;
    }

    @Override
    public InputStream getInputStream(Socket of) throws IOException {
      return of.getInputStream();
    }

    @Override
    public OutputStream getOutputStream(Socket of) throws IOException {
      return of.getOutputStream();
    }
  }
}
