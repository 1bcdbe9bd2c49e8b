package dev.kasuari.vm;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.Drivers;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What QEMU has two names for becomes one, and what is the node's is told from the drive's. */
final class DriveWords {
  /** Names from before there were groups of options. */
  private static final Map<String, String> LIMITS =
      Map.ofEntries(
          Map.entry("bps", "bps-total"),
          Map.entry("bps_rd", "bps-read"),
          Map.entry("bps_wr", "bps-write"),
          Map.entry("iops", "iops-total"),
          Map.entry("iops_rd", "iops-read"),
          Map.entry("iops_wr", "iops-write"),
          Map.entry("bps_max", "bps-total-max"),
          Map.entry("bps_rd_max", "bps-read-max"),
          Map.entry("bps_wr_max", "bps-write-max"),
          Map.entry("iops_max", "iops-total-max"),
          Map.entry("iops_rd_max", "iops-read-max"),
          Map.entry("iops_wr_max", "iops-write-max"),
          Map.entry("bps_max_length", "bps-total-max-length"),
          Map.entry("bps_rd_max_length", "bps-read-max-length"),
          Map.entry("bps_wr_max_length", "bps-write-max-length"),
          Map.entry("iops_max_length", "iops-total-max-length"),
          Map.entry("iops_rd_max_length", "iops-read-max-length"),
          Map.entry("iops_wr_max_length", "iops-write-max-length"),
          Map.entry("iops_size", "iops-size"));

  /** Of any node, and its children. Others that all nodes have are the drive's to say. */
  private static final List<String> OF_ANY_NODE =
      List.of("node-name", "force-share", "backing", "children");

  private static final Set<String> OF_DRIVES = Set.copyOf(DriveKeysCodec.CODEC.schema().keys());

  private final Map<String, Json> drive = new LinkedHashMap<>();
  private final Map<String, Json> node = new LinkedHashMap<>();
  private final Map<String, Json> limits = new LinkedHashMap<>();
  private final OptionSource source;
  private final Set<String> ofNode;
  private String group = "";

  DriveWords(OptionSource source) {
    this.source = source;
    ofNode = ofNode(source);
    source.tree().members().forEach(this::sort);
    if (!limits.isEmpty()) {
      drive.put("throttling", new Json.Members(limits));
    }
  }

  /** The keys of the driver that is named, or of all formats where the file is looked at. */
  private static Set<String> ofNode(OptionSource source) {
    String format = source.text("format");
    String name = format == null ? source.text("driver") : format;
    var keys = new LinkedHashSet<>(OF_ANY_NODE);
    for (BlockDriver<?> driver : Drivers.all()) {
      if (name == null ? driver.isFormat() : driver.name().equals(name)) {
        keys.addAll(driver.options().schema().keys());
        keys.addAll(driver.slots());
      }
    }
    keys.removeAll(OF_DRIVES);
    return keys;
  }

  private void sort(String key, Json value) {
    String limit = LIMITS.get(key);
    if (limit != null) {
      limits.put(limit, value);
      return;
    }
    switch (key) {
      case "read-only" -> drive.putIfAbsent("readonly", value);
      case "driver" -> put(drive, "format", value, key);
      case "file" -> {
        if (value instanceof Json.Members members) {
          node.put(key, protocol(members));
        } else {
          drive.put(key, value);
        }
      }
      case "cache" -> drive.put(key, value instanceof Json.Members c ? mode(c) : value);
      case "throttling" -> throttling(value);
      case "group" -> throttling(new Json.Members(Map.of("group", value)));
      default -> (ofNode.contains(key) ? node : drive).put(key, value);
    }
  }

  /** A file of the host, unless something else is said. */
  private static Json protocol(Json.Members file) {
    if (file.members().containsKey("driver") || !file.members().containsKey("filename")) {
      return file;
    }
    var all = new LinkedHashMap<String, Json>(file.members());
    all.put("driver", new Json.Text("file"));
    return new Json.Members(all);
  }

  private void put(Map<String, Json> map, String key, Json value, String given) {
    if (map.putIfAbsent(key, value) != null) {
      throw new OptionException(
          source.where() + ": '" + given + "' and '" + key + "' say the same; give one of them");
    }
  }

  private void throttling(Json value) {
    if (!(value instanceof Json.Members members)) {
      throw new OptionException(source.where() + ": 'throttling' has keys: throttling.bps-total=");
    }
    members
        .members()
        .forEach((key, limit) -> {
          if (key.equals("group") && limit instanceof Json.Text text) {
            group = text.value();
          } else {
            limits.put(key, limit);
          }
        });
  }

  /** The mode that three switches make. */
  private Json mode(Json.Members cache) {
    var left = new LinkedHashSet<>(cache.members().keySet());
    boolean writeBack = on(cache, "writeback", true, left);
    boolean direct = on(cache, "direct", false, left);
    boolean noFlush = on(cache, "no-flush", false, left);
    if (!left.isEmpty()) {
      throw new OptionException(
          source.where() + ": unknown property 'cache." + left.getFirst() + "'");
    }
    if (noFlush && (direct || !writeBack)) {
      throw new OptionException(
          source.where() + ": cache.no-flush=on goes with writeback through the host's cache only");
    }
    String plain = direct ? "none" : noFlush ? "unsafe" : "writeback";
    String through = direct ? "directsync" : "writethrough";
    return new Json.Text(writeBack ? plain : through);
  }

  private boolean on(Json.Members cache, String key, boolean standard, Set<String> left) {
    left.remove(key);
    return switch (cache.members().get(key)) {
      case null -> standard;
      case Json.Bool bool -> bool.value();
      case Json.Text(String word) when List.of("on", "yes", "true").contains(word) -> true;
      case Json.Text(String word) when List.of("off", "no", "false").contains(word) -> false;
      default ->
          throw new OptionException(source.where() + ": 'cache." + key + "' must be on or off");
    };
  }

  /** What the drive understands. */
  OptionSource drive() {
    return new OptionSource(
        source.where(), new Json.Members(drive), source.strict(), source.bare());
  }

  /** What the node is told. */
  Json.Members node() {
    return new Json.Members(node);
  }

  /** The group of limits, or nothing. */
  String group() {
    return group;
  }
}
