package dev.kasuari.vm;

import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.filter.Limits;
import dev.kasuari.block.filter.LimitsCodec;
import dev.kasuari.block.filter.ThrottleGroup;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import java.util.LinkedHashMap;
import java.util.Map;

/** Limits that disks share ({@code -object throttle-group}). */
public final class ThrottleGroups {
  private ThrottleGroups() {}

  /**
   * Takes {@code -object}'s argument apart.
   *
   * @throws OptionException if it is another kind of object
   */
  public static OptionSource source(String text) {
    OptionSource source = OptionSource.of("-object " + text, text, "qom-type");
    String type = source.text("qom-type");
    if (type != null && !type.equals("throttle-group") && !source.helpWanted()) {
      throw NotYet.of("-object " + type, "object");
    }
    return source;
  }

  /** Adds the group to the graph. Limits are {@code limits.bps-total} or {@code x-bps-total}. */
  static void add(BlockGraph graph, OptionSource source) {
    String where = source.where();
    String id = source.text("id");
    if (id == null) {
      throw new OptionException(where + ": 'id' is missing");
    }
    Map<String, Json> limits = new LinkedHashMap<>();
    source
        .tree()
        .members()
        .forEach((key, value) -> {
          if (key.startsWith("x-")) {
            limits.put(key.substring(2), value);
          } else if (key.equals("limits") && value instanceof Json.Members members) {
            limits.putAll(members.members());
          } else if (!key.equals("id") && !key.equals("qom-type")) {
            limits.put(key, value); // is refused by name
          }
        });
    Limits parsed =
        LimitsCodec.CODEC.parse(
            new OptionSource(where, new Json.Members(limits), source.strict(), source.bare()));
    parsed.check(where);
    if (graph.throttleGroups().putIfAbsent(id, new ThrottleGroup(id, parsed)) != null) {
      throw new OptionException(where + ": there is an object '" + id + "' already");
    }
  }

  /** What {@code -object help} prints. */
  public static String help() {
    return "Objects:"
        + System.lineSeparator()
        + "  throttle-group,id=ID[,limits.NAME=VALUE]..."
        + System.lineSeparator()
        + LimitsCodec.CODEC.schema().help();
  }
}
