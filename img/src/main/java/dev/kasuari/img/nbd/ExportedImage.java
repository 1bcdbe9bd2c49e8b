package dev.kasuari.img.nbd;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Drivers;
import dev.kasuari.block.bitmap.DirtyBitmap;
import dev.kasuari.block.nbd.BlockExport;
import dev.kasuari.block.nbd.NbdExport;
import dev.kasuari.img.Arguments;
import dev.kasuari.img.Session;
import dev.kasuari.img.ToolException;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The image that is shown, as options say. */
final class ExportedImage {
  private final Session session;
  private final Arguments given;

  ExportedImage(Session session, Arguments given) {
    this.session = session;
    this.given = given;
  }

  private @Nullable String value(String letter, String word) {
    String value = given.value(letter);
    return value == null ? given.value(word) : value;
  }

  NbdExport open() {
    boolean readOnly = given.has("r") || given.has("read-only");
    Access access = access(readOnly);
    boolean forget = given.has("s") || given.has("snapshot");
    boolean options = given.has("image-opts");
    String format = value("f", "format");
    if (options && format != null) {
      throw new ToolException("--image-opts and -f are mutually exclusive");
    }
    String name = given.image();
    BlockNode node;
    try {
      node = opened(name, format, options, forget, access);
    } catch (BlockException | OptionException | ToolException e) {
      throw new ToolException("Failed to blk_new_open '" + name + "': " + e.getMessage());
    }
    zeroes(node);
    List<DirtyBitmap> bitmaps = bitmaps(node);
    String export = value("x", "export-name");
    String count = value("e", "shared");
    String cache = given.value("cache");
    boolean through = "writethrough".equals(cache) || "directsync".equals(cache);
    return new NbdExport(
            export == null ? "" : export,
            value("D", "description"),
            node,
            !readOnly,
            count != null && !count.equals("1"),
            given.has("A") || given.has("allocation-depth"),
            bitmaps)
        .withWritethrough(through);
  }

  private Access access(boolean readOnly) {
    boolean direct = given.has("n") || given.has("nocache");
    String cache = direct ? "none" : given.value("cache");
    String discard = given.value("discard");
    if (discard != null && !List.of("ignore", "off", "unmap", "on").contains(discard)) {
      throw new ToolException("Invalid discard mode `" + discard + "'");
    }
    boolean unmap = discard == null || discard.equals("unmap") || discard.equals("on");
    Access access = Access.read().withWritable(!readOnly).withUnmap(unmap);
    try {
      return Session.cache(access, cache == null ? "writeback" : cache);
    } catch (ToolException e) {
      throw new ToolException("Invalid cache mode `" + cache + "'");
    }
  }

  private void zeroes(BlockNode node) {
    String mode = given.value("detect-zeroes");
    if (mode == null) {
      return;
    }
    try {
      node.detectZeroes(BlockNode.DetectZeroes.valueOf(mode.toUpperCase(Locale.ROOT)));
    } catch (IllegalArgumentException e) {
      throw new ToolException(
          "Failed to parse detect_zeroes mode: invalid parameter value: " + mode);
    }
  }

  private List<DirtyBitmap> bitmaps(BlockNode node) {
    var names = new ArrayList<>(given.values("B"));
    names.addAll(given.values("bitmap"));
    var bitmaps = new ArrayList<DirtyBitmap>();
    for (String name : names) {
      bitmaps.add(BlockExport.find(node, name));
    }
    return bitmaps;
  }

  private BlockNode opened(
      String name, @Nullable String format, boolean options, boolean forget, Access access) {
    String text = value("o", "offset");
    long offset = text == null ? 0 : Arguments.size(text);
    if (format != null && Drivers.find(format) == null) {
      throw new ToolException("Unknown driver '" + format + "'");
    }
    if (forget) {
      Access behind = access.withWritable(false);
      BlockNode node = session.forgetting(session.open(name, format, options, behind, ""));
      return offset == 0 ? node : refuseBoth();
    }
    if (offset == 0) {
      return session.open(name, format, options, access, "");
    }
    BlockNode whole =
        options
            ? session.graph().open(OptionSource.of("", name, "driver"), access)
            : session.graph().openFile("", name, format, access);
    var members =
        Map.<String, Json>of(
            "driver", new Json.Text("raw"), "offset", new Json.Text(Long.toString(offset)));
    var source = new OptionSource("", new Json.Members(members), false, Set.of());
    return session.use(session.graph().open(source, access, Map.of("file", whole)), access);
  }

  private static BlockNode refuseBoth() {
    throw new ToolException("-o does not go with -s");
  }
}
