package dev.kasuari.block.nbd;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** Where a server listens. */
public sealed interface NbdAddress {
  /** How long one address of a host may take to answer. */
  int CONNECT_MILLIS = 30_000;

  /** A host's port. */
  record Inet(String host, int port) implements NbdAddress {
    @Override
    public String toString() {
      return host.contains(":") ? "[" + host + "]:" + port : host + ":" + port;
    }
  }

  /** A socket in the file system. */
  record Unix(String path) implements NbdAddress {
    @Override
    public String toString() {
      return path;
    }
  }

  /** Connects. */
  default SocketChannel connect() throws IOException {
    return switch (this) {
      case Inet inet -> connected(inet);
      case Unix unix -> SocketChannel.open(UnixDomainSocketAddress.of(unix.path()));
    };
  }

  private static SocketChannel connected(Inet inet) throws IOException {
    IOException failure = null;
    for (InetAddress address : InetAddress.getAllByName(inet.host())) {
      SocketChannel socket = SocketChannel.open();
      try {
        socket.socket().connect(new InetSocketAddress(address, inet.port()), CONNECT_MILLIS);
        socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
        socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        return socket;
      } catch (IOException e) {
        socket.close();
        failure = e;
      }
    }
    throw failure == null ? new IOException("no address of " + inet.host()) : failure;
  }

  /** Listens. */
  default ServerSocketChannel listen() throws IOException {
    return switch (this) {
      case Inet inet -> {
        ServerSocketChannel socket = ServerSocketChannel.open();
        try {
          socket.setOption(StandardSocketOptions.SO_REUSEADDR, true);
          InetAddress host = inet.host().isEmpty() ? null : InetAddress.getByName(inet.host());
          yield socket.bind(new InetSocketAddress(host, inet.port()));
        } catch (IOException e) {
          socket.close();
          throw e;
        }
      }
      case Unix unix -> {
        ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
          removeStale(unix);
          yield socket.bind(UnixDomainSocketAddress.of(unix.path()));
        } catch (IOException e) {
          socket.close();
          throw e;
        }
      }
    };
  }

  /** Removes the socket of a server that has gone without doing so. */
  private static void removeStale(Unix unix) throws IOException {
    Path path = Path.of(unix.path());
    if (!Files.exists(path) || !Files.readAttributes(path, BasicFileAttributes.class).isOther()) {
      return;
    }
    try (var _ = unix.connect()) {
      return; // somebody is there: binding says so
    } catch (ConnectException e) {
      Files.deleteIfExists(path);
    }
  }

  /** What is said where nobody can listen there. */
  default String bindFailed(IOException why) {
    String reason = String.valueOf(why.getMessage());
    return switch (this) {
      case Unix unix -> "Failed to bind socket to " + unix.path() + ": " + reason;
      case Inet inet -> "Failed to bind socket " + inet + ": " + reason;
    };
  }

  /** Removes the socket's file, if it is one. */
  default void removeSocket() throws IOException {
    if (this instanceof Unix unix) {
      Files.deleteIfExists(Path.of(unix.path()));
    }
  }
}
