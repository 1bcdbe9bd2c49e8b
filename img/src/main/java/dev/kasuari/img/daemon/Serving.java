package dev.kasuari.img.daemon;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Child;
import dev.kasuari.block.Permission;
import dev.kasuari.block.nbd.BlockExport;
import dev.kasuari.block.nbd.ExportOptions;
import dev.kasuari.block.nbd.ExportOptionsCodec;
import dev.kasuari.block.nbd.NbdAddress;
import dev.kasuari.block.nbd.NbdServer;
import dev.kasuari.block.nbd.ServerOptions;
import dev.kasuari.block.nbd.ServerOptionsCodec;
import dev.kasuari.block.object.TlsCredentials;
import dev.kasuari.block.object.UserObjects;
import dev.kasuari.img.ToolException;
import dev.kasuari.qapi.OptionSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a storage daemon has open: objects, nodes, a server and its exports. */
final class Serving implements AutoCloseable {
  private final BlockGraph graph = new BlockGraph();
  private final List<Child> nodes = new ArrayList<>();
  private final Map<String, BlockExport> exports = new LinkedHashMap<>();
  private final Consumer<String> log;
  private @Nullable NbdServer server;
  private @Nullable NbdAddress address;
  private boolean closed;

  Serving(Consumer<String> log) {
    this.log = log;
  }

  /** What an option prints that asks for help; else nothing. */
  static String help(String option, String value) {
    if (!option.equals("object")) {
      return "";
    }
    OptionSource source = UserObjects.source("--object " + value, value);
    return source.helpWanted() ? UserObjects.help(source.text("qom-type")) : "";
  }

  /** Does what an option says. */
  synchronized void apply(String option, String value) {
    if (closed) { // the process ends
      return;
    }
    switch (option) {
      case "object" -> graph.objects().add("", value);
      case "blockdev" -> open(OptionSource.of("", value, "driver"));
      case "nbd-server" -> listen(ServerOptionsCodec.CODEC.parse(OptionSource.of("", value, "")));
      case "export" -> export(OptionSource.of("", value, "type"));
      case "chardev", "monitor" ->
          throw new ToolException("Kasuari has no monitor yet; all is said on the command line");
      default -> {} // for the process, not for what it serves
    }
  }

  private void open(OptionSource source) {
    if (source.helpWanted()) {
      throw new ToolException("Help is not available for this option");
    }
    if (source.text("node-name") == null) {
      throw new ToolException("'node-name' must be specified for the root node");
    }
    BlockNode node = graph.open(source, Access.write());
    nodes.add(graph.use("the storage daemon", node, Permission.none(), Permission.all()));
  }

  private void listen(ServerOptions options) {
    if (server != null) {
      throw new ToolException("NBD server already running");
    }
    if (options.tlsAuthz() != null) {
      throw new ToolException("tls-authz is not supported");
    }
    NbdAddress at = options.address();
    String id = options.tlsCreds();
    TlsCredentials tls =
        id == null ? null : graph.objects().tls("", id, TlsCredentials.Endpoint.SERVER);
    try {
      server = new NbdServer(at, tls, options.maxConnections(), log);
    } catch (IOException e) {
      throw new ToolException(at.bindFailed(e));
    }
    address = at;
    server.start();
  }

  private void export(OptionSource source) {
    String type = source.text("type");
    switch (type) {
      case null -> throw new ToolException("Parameter 'type' is missing");
      case "nbd" -> {}
      case "fuse", "vhost-user-blk", "vduse-blk" ->
          throw new ToolException("Kasuari does not have exports of type " + type + " yet");
      default -> throw new ToolException("Parameter 'type' does not accept value '" + type + "'");
    }
    ExportOptions options = ExportOptionsCodec.CODEC.parse(source.without("type"));
    if (exports.containsKey(options.id())) {
      throw new ToolException("Block export id '" + options.id() + "' is already in use");
    }
    if (server == null) {
      throw new ToolException("NBD server not running");
    }
    var export = new BlockExport(graph, options);
    try {
      server.add(export.shown());
    } catch (IllegalArgumentException e) {
      export.close();
      throw new ToolException(String.valueOf(e.getMessage()));
    }
    exports.put(options.id(), export);
  }

  /** Does what clients have asked for, and closes all. May be called again. */
  @Override
  public synchronized void close() {
    closed = true;
    if (server != null) {
      server.close();
      server = null;
    }
    if (address != null) {
      removeSocket(address);
      address = null;
    }
    exports.values().forEach(BlockExport::close);
    exports.clear();
    RuntimeException failure = null;
    for (Child use : nodes.reversed()) {
      try {
        graph.release(use);
      } catch (RuntimeException e) { // others are to be closed all the same
        failure = e;
      }
    }
    nodes.clear();
    if (failure != null) {
      throw failure;
    }
  }

  private void removeSocket(NbdAddress at) {
    try {
      at.removeSocket();
    } catch (IOException e) {
      log.accept("cannot remove " + at + ": " + e.getMessage());
    }
  }
}
