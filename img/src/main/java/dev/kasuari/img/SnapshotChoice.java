package dev.kasuari.img;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageNode;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionSource;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot inside of an image, as {@code -l} names it: an id or a name, or {@code
 * snapshot.id=…,snapshot.name=…}, where both must be its own.
 */
record SnapshotChoice(@Nullable String id, @Nullable String name, boolean either) {
  private static final String PREFIX = "snapshot.";

  static SnapshotChoice of(String text) {
    if (!text.startsWith(PREFIX)) {
      return new SnapshotChoice(text, text, true);
    }
    Map<String, Json> given = OptionSource.of("", text, "").tree().members();
    Map<String, Json> inner =
        given.get("snapshot") instanceof Json.Members m ? m.members() : Map.of();
    for (String key : inner.keySet()) {
      if (!key.equals("id") && !key.equals("name")) {
        throw new ToolException(
            "Invalid parameter '%s%s'\nkasuari-img: Failed in parsing snapshot param '%s'"
                .formatted(PREFIX, key, text));
      }
    }
    return new SnapshotChoice(text(inner.get("id")), text(inner.get("name")), false);
  }

  private static @Nullable String text(@Nullable Json value) {
    return value instanceof Json.Text text ? text.value() : null;
  }

  /** Makes an image that is open for reading only show what it was then. */
  void show(BlockNode node) {
    String attempt = "Failed to load snapshot";
    if (!(node instanceof ImageNode image) || !image.showsSnapshots()) {
      throw new ToolException(
          attempt
              + ": Block format '"
              + node.driver()
              + "' used by device '' does not support temporarily loading internal snapshots");
    }
    try {
      String found =
          image.snapshots().stream()
              .filter(s -> either ? s.id().equals(id) : matches(s.id(), s.name()))
              .findFirst()
              .or(() ->
                  image.snapshots().stream()
                      .filter(s -> either && s.name().equals(name))
                      .findFirst())
              .orElseThrow(() -> new ToolException(attempt + ": Can't find snapshot"))
              .id();
      image.showSnapshot(found);
    } catch (BlockException e) {
      throw e.in(attempt);
    }
  }

  private boolean matches(String ofId, String ofName) {
    return (id == null || id.equals(ofId)) && (name == null || name.equals(ofName));
  }
}
