package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Drivers;
import dev.kasuari.block.ImageNode;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code convert}: copies images into a new one, of the same or another format. */
final class ConvertCommand implements Command {
  private static final int MOST_THREADS = 16;
  private static final int USUAL_SPARSE = 4096;
  private static final int MOST_SPARSE = 16 << 20;
  private static final Map<String, String> LONGER =
      Map.ofEntries(
          Map.entry("source-format", "f"),
          Map.entry("source-snapshot", "l"),
          Map.entry("source-cache", "T"),
          Map.entry("target-format", "O"),
          Map.entry("target-options", "o"),
          Map.entry("target-cache", "t"),
          Map.entry("quiet", "q"),
          Map.entry("progress", "p"),
          Map.entry("compress", "c"),
          Map.entry("backing", "B"),
          Map.entry("backing-format", "F"),
          Map.entry("no-create", "n"),
          Map.entry("sparse-size", "S"),
          Map.entry("rate", "r"),
          Map.entry("parallel", "m"),
          Map.entry("copy-range-offloading", "C"),
          Map.entry("oob-writes", "W"));

  @Override
  public String name() {
    return "convert";
  }

  @Override
  public String syntax() {
    return "[--image-opts] [--target-image-opts] [--target-is-zero] [--bitmaps] [-U] [-C] [-c] [-p] [-q] [-n]"
        + " [-f fmt] [-t cache] [-T src_cache] [-O output_fmt] [-B backing_file [-F backing_fmt]]"
        + " [-o options] [-l snapshot_param] [-S sparse_size] [-r rate_limit] [-m num_coroutines] [-W] [--salvage]"
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
            Set.of("f", "t", "T", "O", "B", "F", "o", "l", "S", "m", "r", "object"),
            LONGER);
    var creation = new Creation(a.value("O", "raw"), a.values("o"), a.objects());
    if (creation.helpWanted()) {
      out.print(creation.help());
      return 0;
    }
    refuse(a);
    if (a.words().size() < 2) {
      throw new ToolException("Must specify image file name");
    }
    try (Session sources = new Session(a, err);
        Session target = new Session(a, err)) {
      List<BlockNode> images = sources(a, sources);
      convert(a, creation, images, target, out, err);
    }
    return 0;
  }

  private static void refuse(Arguments a) {
    a.refuseFormatOfOptions();
    sparse(a);
    threads(a);
    Rate.of(a);
    if (a.has("C")) {
      refuseOffload(a);
    }
    if (a.has("target-image-opts") && a.has("O")) {
      throw new ToolException("--target-image-opts and -O are mutually exclusive");
    }
    if (a.has("target-image-opts") && !a.has("n")) {
      throw new ToolException("--target-image-opts requires use of -n flag");
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

  private static void refuseOffload(Arguments a) {
    if (a.has("S")) {
      throw new ToolException("Cannot enable copy offloading when -S is used");
    }
    if (a.has("c")) {
      throw new ToolException("Cannot enable copy offloading when -c is used");
    }
    if (a.has("salvage")) {
      throw new ToolException("Cannot use copy offloading in salvaging mode");
    }
  }

  private static long sparse(Arguments a) {
    long bytes = a.numberOf("S", "buffer size for sparse output", Long.MAX_VALUE, USUAL_SPARSE);
    if (bytes % 512 != 0 || bytes > MOST_SPARSE) {
      throw new ToolException(
          "Invalid buffer size for sparse output specified. Valid sizes are multiples of 512 up to "
              + MOST_SPARSE
              + ". Select 0 to disable sparse detection (fully allocates output).");
    }
    return bytes;
  }

  private static int threads(Arguments a) {
    String text = a.value("m", "8");
    int threads = text.matches("[0-9]{1,4}") ? Integer.parseInt(text) : 0;
    if (threads < 1 || threads > MOST_THREADS) {
      throw new ToolException(
          "Invalid number of coroutines. Allowed number of coroutines is between 1 and "
              + MOST_THREADS);
    }
    return threads;
  }

  private static List<BlockNode> sources(Arguments a, Session session) {
    Access access =
        Session.sourceCache(Access.read().withForceShare(a.share()), a.value("T", "writeback"));
    var images = new ArrayList<BlockNode>();
    for (String name : a.words().subList(0, a.words().size() - 1)) {
      images.add(session.open(name, a.value("f"), a.has("image-opts"), access));
    }
    String snapshot = a.value("l");
    if (snapshot != null && images.size() > 1) {
      throw new ToolException("No support for concatenating multiple snapshot");
    }
    if (snapshot != null) {
      SnapshotChoice.of(snapshot).show(images.getFirst());
    }
    return images;
  }

  private static void convert(
      Arguments a,
      Creation creation,
      List<BlockNode> images,
      Session session,
      PrintStream out,
      PrintStream err) {
    String name = a.words().getLast();
    long total = images.stream().mapToLong(BlockNode::size).sum();
    String format = a.value("O", "raw");
    boolean made = !a.has("n");
    if (!made && Drivers.find(format) == null) {
      throw new ToolException("Could not open '" + name + "': Unknown driver '" + format + "'");
    }
    creation.backing(a.value("B"), a.value("F"));
    if (a.has("target-is-zero") && creation.hasBacking()) {
      throw new ToolException(
          "Cannot use --target-is-zero when the destination image has a backing file");
    }
    if (made) {
      creation.refuseImpossible(name);
      creation.refuseBacking("");
    }
    boolean hasBacking = creation.hasBacking();
    boolean skip = a.has("skip-broken-bitmaps");
    if (a.has("bitmaps")) {
      refuseBitmaps(images, skip);
    }
    if (made) {
      try {
        creation.create(name, total, false, null);
      } catch (ToolException e) {
        throw e.as(name, "error while converting " + format);
      }
    }
    long sparse = sparse(a);
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
    int threads = threads(a);
    var rate = Rate.of(a);
    try (Progress progress = new Progress(out, a.has("p") && !a.quiet(), total)) {
      long at = 0;
      for (BlockNode image : images) {
        @Nullable BlockNode base = s.hasBacking ? image.child("backing") : null;
        var plan =
            new Copy.Plan(
                s.sparse,
                s.zero,
                base,
                s.hasBacking,
                s.unit,
                threads,
                !a.has("W"),
                a.has("salvage"),
                rate);
        new Copy(image, target, at, plan, progress).all();
        at += image.size();
      }
      target.flush();
    } catch (BlockException e) {
      throw new ToolException(String.valueOf(e.getMessage()));
    }
  }
}
