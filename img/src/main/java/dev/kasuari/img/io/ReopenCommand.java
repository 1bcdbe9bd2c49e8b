package dev.kasuari.img.io;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Drivers;
import dev.kasuari.img.ToolException;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Schema;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code reopen}: the open image in another way. What it is stays. */
final class ReopenCommand {
  private static final Set<String> FIXED = Set.of("driver", "filename", "node-name", "locking");
  private static final Set<String> ANY =
      Set.of("read-only", "auto-read-only", "force-share", "discard", "detect-zeroes", "cache");

  private ReopenCommand() {}

  static void reopen(IoSession session, Words words) {
    OpenImage image = session.image();
    if (image == null || !words.rest().isEmpty()) {
      throw IoException.usage();
    }
    if (words.has('r') && words.has('w')) {
      throw session.complaint("Only one -r/-w option may be given");
    }
    OpenImage.How before = image.how();
    OpenImage.How how;
    try {
      how = changed(image, words);
    } catch (ToolException | OptionException e) {
      throw session.complaint(String.valueOf(e.getMessage()));
    }
    session.closeImage();
    try {
      session.image(OpenImage.openAgain(how, session));
    } catch (ToolException | BlockException | OptionException e) {
      session.image(OpenImage.open(before, session));
      throw session.complaint(String.valueOf(e.getMessage()));
    }
  }

  private static OpenImage.How changed(OpenImage image, Words words) {
    OpenImage.How how = image.how();
    String text = words.value('o');
    Json.Members more = text == null ? new Json.Members(Map.of()) : OpenImage.options(text);
    refuseFixed(image.node(), more);
    boolean mode = words.has('r') || words.has('w');
    if (mode && more.members().containsKey("read-only")) {
      throw new ToolException("Cannot set both -r/-w and 'read-only'");
    }
    String cache = words.value('c');
    if (cache != null && more.members().containsKey("cache")) {
      throw new ToolException("Cannot set both -c and the cache options");
    }
    var options = new LinkedHashMap<>(OpenImage.merged(how.options(), more).members());
    if (cache != null) {
      how = how.withCache(cache);
      options.remove("cache");
    }
    if (mode) {
      how = how.withReadOnly(words.has('r'));
      options.remove("read-only");
    } else if (more.members().get("read-only") instanceof Json.Text value) {
      how = how.withReadOnly(value.value().equals("on"));
    }
    return how.withOptions(new Json.Members(options));
  }

  /** Refuses options that make another image of it, or mean nothing to its nodes. */
  private static void refuseFixed(@Nullable BlockNode node, Json.Members options) {
    options
        .members()
        .forEach((key, value) -> {
          BlockNode child = node == null ? null : node.child(key);
          if (child != null && value instanceof Json.Members inner) {
            refuseFixed(child, inner);
          } else if (child == null && !mayChange(node, key, value)) {
            throw new ToolException("Cannot change the option '" + named(key, value) + "'");
          }
        });
  }

  private static boolean mayChange(@Nullable BlockNode node, String key, Json value) {
    if (node == null) {
      return false;
    }
    if (FIXED.contains(key)) {
      return value instanceof Json.Text text && text.value().equals(shown(node, key));
    }
    BlockDriver<?> driver = Drivers.find(node.driver());
    Schema schema = driver == null ? null : driver.options().schema();
    return ANY.contains(key)
        || (driver != null && driver.slots().contains(key))
        || (schema instanceof Schema.Struct known && known.field(key) != null);
  }

  /** What a node says itself of an option; null for what it does not say. */
  private static @Nullable String shown(BlockNode node, String key) {
    return switch (key) {
      case "driver" -> node.driver();
      case "filename" -> node.filename();
      case "node-name" -> node.name();
      default -> null;
    };
  }

  private static String named(String key, Json value) {
    return value instanceof Json.Members inner && !inner.members().isEmpty()
        ? key + "." + inner.members().keySet().iterator().next()
        : key;
  }
}
