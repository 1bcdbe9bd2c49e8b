package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.bitmap.Bitmaps;
import dev.kasuari.block.bitmap.DirtyBitmap;
import java.io.PrintStream;
import java.util.List;
import java.util.Set;

/** {@code bitmap}: changes the dirty bitmaps that an image keeps. */
final class BitmapCommand implements Command {
  private static final Set<String> ACTIONS = Set.of("add", "remove", "clear", "enable", "disable");

  @Override
  public String name() {
    return "bitmap";
  }

  @Override
  public String syntax() {
    return "(--merge SOURCE | --add | --remove | --clear | --enable | --disable)..."
        + " [-b source_file [-F source_fmt]] [-g granularity] [--object objectdef]"
        + " [--image-opts | -f fmt] filename bitmap";
  }

  @Override
  public int run(List<String> arguments, PrintStream out, PrintStream err) {
    var a =
        new Arguments(
            arguments,
            Set.of("image-opts", "add", "remove", "clear", "enable", "disable"),
            Set.of("b", "F", "f", "g", "granularity", "merge", "object"));
    List<Arguments.Option> actions =
        a.inOrder().stream()
            .filter(o -> ACTIONS.contains(o.name()) || o.name().equals("merge"))
            .toList();
    boolean adds = actions.stream().anyMatch(o -> o.name().equals("add"));
    refuse(a, actions, adds);
    if (a.words().size() != 2) {
      throw new ToolException("Expecting filename and bitmap name");
    }
    String bitmap = a.words().get(1);
    long granularity = a.size(a.has("g") ? "g" : "granularity", -1);
    try (Session session = new Session(a, err);
        Session other = new Session(a, err)) {
      BlockNode node =
          session.open(a.words().getFirst(), a.value("f"), a.has("image-opts"), Access.write());
      BlockNode source = node;
      if (a.has("b")) {
        source = other.open(a.value("b", ""), a.value("F"), false, Access.read());
      }
      for (Arguments.Option action : actions) {
        act(node, source, action, bitmap, granularity);
      }
    }
    return 0;
  }

  private static void refuse(Arguments a, List<Arguments.Option> actions, boolean adds) {
    if (actions.isEmpty()) {
      throw new ToolException(
          "Need at least one of --add, --remove, --clear, --enable, --disable, or --merge");
    }
    if ((a.has("g") || a.has("granularity")) && !adds) {
      throw new ToolException("granularity only supported with --add");
    }
    if (a.has("b") && !a.has("merge")) {
      throw new ToolException("Merge bitmap source file only supported with --merge");
    }
    if (a.has("F") && !a.has("b")) {
      throw new ToolException("-F only supported with -b");
    }
  }

  private static void act(
      BlockNode node, BlockNode source, Arguments.Option action, String name, long granularity) {
    try {
      Bitmaps bitmaps = node.bitmaps();
      switch (action.name()) {
        case "add" -> add(node, name, granularity);
        case "remove" -> bitmaps.remove(name);
        case "clear" -> usable(bitmaps.named(name)).clear();
        case "enable" -> bitmaps.named(name).enable(true);
        case "disable" -> bitmaps.named(name).enable(false);
        default -> bitmaps.named(name).merge(source.bitmaps().named(action.value()));
      }
    } catch (BlockException e) {
      throw new ToolException(
          "Operation %s on bitmap %s failed: %s".formatted(action.name(), name, e.getMessage()));
    }
  }

  private static DirtyBitmap usable(DirtyBitmap bitmap) {
    bitmap.refuseUse();
    return bitmap;
  }

  /** Adds one that the image keeps. */
  static DirtyBitmap add(BlockNode node, String name, long granularity) {
    int cluster = node instanceof ImageNode image ? image.facts().clusterSize() : 0;
    long unit = granularity < 0 ? Bitmaps.defaultGranularity(cluster) : granularity;
    return node.addPersistentBitmap(name, unit);
  }

  /** Copies the bitmaps that one image keeps to another one of the same size. */
  static void copyAll(BlockNode from, BlockNode to, boolean skipBroken, PrintStream err) {
    for (DirtyBitmap bitmap : from.bitmaps().persistent()) {
      if (bitmap.inconsistent()) {
        if (!skipBroken) {
          throw new ToolException("Failed to populate bitmap " + bitmap.name());
        }
        err.println("kasuari-img: warning: Skipping inconsistent bitmap '" + bitmap.name() + "'");
        continue;
      }
      try {
        DirtyBitmap copy = add(to, bitmap.name(), bitmap.granularity());
        copy.merge(bitmap);
        copy.enable(bitmap.enabled());
      } catch (BlockException e) {
        throw new ToolException("Failed to create bitmap " + bitmap.name() + ": " + e.getMessage());
      }
    }
  }

  /** Refuses to begin what {@link #copyAll} could not end. */
  static void refuseBroken(BlockNode from, boolean skipBroken) {
    for (DirtyBitmap bitmap : from.bitmaps().persistent()) {
      if (bitmap.inconsistent() && !skipBroken) {
        throw new ToolException(
            "Cannot copy inconsistent bitmap '"
                + bitmap.name()
                + "'\nTry --skip-broken-bitmaps, or use 'kasuari-img bitmap --remove' to delete it");
      }
    }
  }
}
