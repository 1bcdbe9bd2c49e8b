package dev.kasuari.block;

import dev.kasuari.block.file.FileDriver;
import dev.kasuari.block.filter.Limits;
import dev.kasuari.block.filter.ThrottleGroup;
import dev.kasuari.machine.backend.OnError;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionSource;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What may be said of a drive beyond its file: the options of its node, and what lies between node
 * and guest.
 *
 * @param node options of the node: {@code node-name}, {@code file}, {@code backing}, of its driver
 * @param aio how requests are handed to the host, or null
 * @param snapshot what the guest writes goes to a temporary file and is lost at the end
 * @param copyOnRead what is read from backing files is in the image afterwards
 * @param limits how much is read and written in a second
 * @param group the group that has the limits, or null for one of the drive's own
 * @param rerror what becomes of reads that fail
 * @param werror what becomes of writes that fail
 */
public record DriveExtras(
    Json.Members node,
    FileDriver.@Nullable Aio aio,
    boolean snapshot,
    boolean copyOnRead,
    Limits limits,
    @Nullable String group,
    OnError rerror,
    OnError werror) {

  /** Nothing more. */
  public static DriveExtras none() {
    return new DriveExtras(
        new Json.Members(Map.of()),
        null,
        false,
        false,
        Limits.none(),
        null,
        OnError.AUTO,
        OnError.AUTO);
  }

  /** Puts over a node that nobody uses yet what was asked for. */
  BlockNode filters(String where, String id, BlockGraph graph, BlockNode node) {
    BlockNode top = node;
    if (copyOnRead) {
      top = over(where, graph, top, "driver=copy-on-read");
    }
    if (limits.any() || group != null) {
      limits.check(where);
      String name = group == null ? id : group;
      ThrottleGroup shared =
          graph.throttleGroups().computeIfAbsent(name, n -> new ThrottleGroup(n, limits));
      if (limits.any()) {
        shared.limits(limits);
      }
      top = over(where, graph, top, "driver=throttle,throttle-group=" + name.replace(",", ",,"));
    }
    return top;
  }

  private static BlockNode over(String where, BlockGraph graph, BlockNode node, String options) {
    try {
      return graph.open(OptionSource.of(where, options, ""), node.access(), Map.of("file", node));
    } catch (RuntimeException | Error e) {
      graph.closeUnused(node);
      throw e;
    }
  }
}
