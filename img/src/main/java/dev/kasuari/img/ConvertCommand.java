package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Drivers;
import dev.kasuari.block.ImageNode;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code convert}: copies images into a new one, of the same or another format. */
final class ConvertCommand implements Command {
  private static final int MOST_THREADS = 16;

  @Override
  public String name() {
    return "convert";
  }

  @Override
  public String syntax() {
    return "[--image-opts] [--target-image-opts] [--target-is-zero] [-U] [-c] [-p] [-q] [-n]"
        + " [-f fmt] [-t cache] [-T src_cache] [-O output_fmt] [-B backing_file [-F backing_fmt]]"
        + " [-o options] [-l snapshot_param] [-S sparse_size] [-m num_coroutines] [-W] [--salvage]"
        + " filename [filename2 [...]] output_filename";
  }

  @Override
  public int run(List<String> arguments, PrintStream out, PrintStream err) {
    var a =
        new Arguments(
            arguments,
            Set.of(
                "U",
                "image-opts",
                "q",
                "p",
                "c",
                "n",
                "W",
                "C",
                "salvage",
                "target-is-zero",
                "target-image-opts",
                "force-share",
                "bitmaps",
                "skip-broken-bitmaps"),
            Set.of("f", "t", "T", "O", "B", "F", "o", "l", "S", "m", "r", "object"));
    if (a.words().size() < 2) {
      throw ToolException.usage("Must specify image file name");
    }
    refuse(a);
    try (Session sources = new Session(a);
        Session target = new Session(a)) {
      List<BlockNode> images = sources(a, sources);
      convert(a, images, target, out, err);
    }
    return 0;
  }

  private static void refuse(Arguments a) {
    for (String later : List.of("l", "C")) {
      if (a.has(later)) {
        throw new ToolException("convert with '" + later + "' comes later");
      }
    }
    if (a.has("n") && a.has("o")) {
      throw new ToolException("-o has no effect when skipping image creation");
    }
    if (a.has("skip-broken-bitmaps") && !a.has("bitmaps")) {
      throw new ToolException("Use of --skip-broken-bitmaps requires --bitmaps");
    }
    if (a.has("target-is-zero") && !a.has("n")) {
      throw new ToolException("--target-is-zero requires use of -n flag");
    }
  }

  private static List<BlockNode> sources(Arguments a, Session session) {
    boolean share = a.has("U") || a.has("force-share");
    Access access = Session.cache(Access.read().withForceShare(share), a.value("T", "writeback"));
    var images = new ArrayList<BlockNode>();
    for (String name : a.words().subList(0, a.words().size() - 1)) {
      images.add(session.open(name, a.value("f"), a.has("image-opts"), access));
    }
    return images;
  }

  private static void convert(
      Arguments a, List<BlockNode> images, Session session, PrintStream out, PrintStream err) {
    String name = a.words().getLast();
    long total = images.stream().mapToLong(BlockNode::size).sum();
    String format = a.value("O", "raw");
    if (Drivers.find(format) == null) {
      throw new ToolException("Unknown file format '" + format + "'");
    }
    var creation = new Creation(format, a.values("o"), a.secrets());
    String backing = a.value("B");
    creation.backing(backing, a.value("F"));
    boolean hasBacking = creation.hasBacking();
    boolean made = !a.has("n");
    boolean skip = a.has("skip-broken-bitmaps");
    if (a.has("bitmaps")) {
      refuseBitmaps(images, skip);
    }
    if (made) {
      creation.create(name, total, false, null);
    }
    long sparse = a.has("S") ? Arguments.size(a.value("S", "0")) : 4096;
    Access access =
        Session.cache(
            Access.write().withUnmap(sparse > 0).withBacking(hasBacking || !made),
            a.value("t", "unsafe"));
    BlockNode target = session.open(name, format, a.has("target-image-opts"), access);
    if (!made && target.size() < total) {
      throw new ToolException("output file is smaller than input file");
    }
    int unit = 0;
    if (a.has("c") || (target instanceof ImageNode needs && needs.compressesAlways())) {
      if (!(target instanceof ImageNode image) || !image.compresses()) {
        throw new ToolException("Compression not supported for this file format");
      }
      unit = image.facts().clusterSize();
    }
    boolean zero = (made && target.growsAsZeroes() && !hasBacking) || a.has("target-is-zero");
    if (a.has("bitmaps")) {
      refuseTarget(target, format);
    }
    copy(a, images, target, new Settings(sparse, zero, hasBacking, unit), out, total);
    if (a.has("bitmaps")) {
      BitmapCommand.copyAll(images.getFirst(), target, skip, err);
      target.flush();
    }
  }

  private static void refuseBitmaps(List<BlockNode> images, boolean skip) {
    if (images.size() > 1) {
      throw new ToolException("Copying bitmaps only possible with single source");
    }
    boolean known = images.getFirst() instanceof ImageNode image && image.keepsBitmaps();
    if (!known) {
      throw new ToolException("Source lacks bitmap support");
    }
    BitmapCommand.refuseBroken(images.getFirst(), skip);
  }

  private static void refuseTarget(BlockNode target, String format) {
    if (!(target instanceof ImageNode image && image.keepsBitmaps())) {
      throw new ToolException("Format driver '" + format + "' does not support bitmaps");
    }
  }

  private record Settings(long sparse, boolean zero, boolean hasBacking, int unit) {}

  private static void copy(
      Arguments a,
      List<BlockNode> images,
      BlockNode target,
      Settings s,
      PrintStream out,
      long total) {
    int threads = (int) Arguments.size(a.value("m", "8"));
    if (threads < 1 || threads > MOST_THREADS) {
      throw new ToolException(
          "Invalid number of coroutines. Allowed number of coroutines is between 1 and 16");
    }
    try (Progress progress = new Progress(out, a.has("p") && !a.quiet(), total)) {
      long at = 0;
      for (BlockNode image : images) {
        @Nullable BlockNode base = s.hasBacking ? image.child("backing") : null;
        var plan =
            new Copy.Plan(s.sparse, s.zero, base, s.hasBacking, s.unit, threads, a.has("salvage"));
        new Copy(image, target, at, plan, progress).all();
        at += image.size();
      }
      target.flush();
    } catch (BlockException e) {
      throw new ToolException(String.valueOf(e.getMessage()));
    }
  }
}
