package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Buffers;
import dev.kasuari.block.Drivers;
import dev.kasuari.block.Filenames;
import dev.kasuari.block.ImageNode;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code rebase}: puts another file behind an image, which reads as before. */
final class RebaseCommand implements Command {
  private static final int BUFFER = 1 << 20;
  private static final Map<String, String> LONGER =
      Map.of(
          "format", "f",
          "quiet", "q",
          "progress", "p",
          "cache", "t",
          "backing", "b",
          "backing-format", "F",
          "backing-cache", "T",
          "backing-unsafe", "u",
          "compress", "c");

  @Override
  public String name() {
    return "rebase";
  }

  @Override
  public String syntax() {
    return "[--image-opts] [-U] [-q] [-f fmt] [-t cache] [-T src_cache] [-p] [-u] [-c] -b backing_file"
        + " [-F backing_fmt] filename";
  }

  @Override
  public int run(List<String> arguments, PrintStream out, PrintStream err) {
    var a =
        new Arguments(
            arguments,
            Set.of("U", "image-opts", "q", "p", "u", "c", "force-share"),
            Set.of("f", "t", "T", "b", "F", "object"),
            LONGER);
    String name = a.image();
    String base = a.value("b");
    if (base == null && !a.has("u")) {
      throw ToolException.usage("Must specify backing file (-b) or use unsafe mode (-u)");
    }
    boolean unsafe = a.has("u");
    String format = a.value("F");
    if (format != null && Drivers.find(format) == null) {
      throw new ToolException("Invalid format name: '" + format + "'");
    }
    Access access =
        Session.cache(Access.write().withForceShare(a.share()), a.value("t", "writeback"))
            .withBacking(!unsafe);
    Access source = Session.sourceCache(Access.read(), a.value("T", "writeback"));
    try (Session session = new Session(a, err)) {
      BlockNode image = session.open(name, a.value("f"), a.has("image-opts"), access);
      int unit = a.has("c") && !unsafe ? unit(image) : 0;
      boolean none = base == null || base.isEmpty();
      if (!unsafe) {
        BlockNode next =
            base == null || none
                ? null
                : session.open(
                    Filenames.relativeTo(image.filename(), base),
                    format,
                    false,
                    source,
                    "Could not open new backing file '" + base + "'");
        settle(image, next, unit, a.has("p") && !a.quiet(), out);
      }
      String attempt = "Could not change the backing file to '" + (none ? "" : base) + "': ";
      if (!none && format == null) {
        throw new ToolException(attempt + "backing format must be specified");
      }
      if (!(image instanceof ImageNode node)) {
        throw new ToolException(attempt + "Operation not supported");
      }
      try {
        node.changeBacking(none ? null : base, none ? null : format);
      } catch (BlockException e) {
        throw new ToolException(attempt + e.getMessage());
      }
    }
    return 0;
  }

  private static int unit(BlockNode node) {
    if (!(node instanceof ImageNode image) || !image.compresses()) {
      throw new ToolException("Compression not supported for this file format");
    }
    return image.facts().clusterSize();
  }

  /**
   * Writes into the image what would read differently with the other file behind it.
   *
   * @param unit bytes that are compressed together; 0 for no compression
   */
  private static void settle(
      BlockNode image, @Nullable BlockNode next, int unit, boolean shown, PrintStream out) {
    BlockNode old = image.child("backing");
    int buffer = Math.max(BUFFER, unit);
    try (Progress progress = new Progress(out, shown, image.size());
        Arena arena = Arena.ofConfined()) {
      MemorySegment now = Buffers.allocate(arena, buffer);
      MemorySegment then = Buffers.allocate(arena, buffer);
      for (long at = 0; at < image.size(); ) {
        long length = image.status(at, image.size() - at).length();
        if (!image.status(at, length).allocated() && (old != null || next != null)) {
          length = Math.min(length, buffer);
          MemorySegment here = now.asSlice(0, length);
          image.read(at, here);
          MemorySegment there = then.asSlice(0, length);
          read(next, at, there);
          if (here.mismatch(there) >= 0) {
            write(image, at, here, unit);
          }
        }
        progress.add(length);
        at += length;
      }
      image.flush();
    }
  }

  /** Whole clusters are compressed; what has data beside it in its cluster is not. */
  private static void write(BlockNode image, long offset, MemorySegment from, int unit) {
    long size = from.byteSize();
    for (long done = 0; done < size; ) {
      long at = offset + done;
      long part = unit == 0 ? size : Math.min(size - done, unit - at % unit);
      MemorySegment bytes = from.asSlice(done, part);
      boolean whole = unit != 0 && at % unit == 0 && (part == unit || at + part == image.size());
      if (whole) {
        ((ImageNode) image).writeCompressed(at, bytes);
      } else {
        image.write(at, bytes);
      }
      done += part;
    }
  }

  private static void read(@Nullable BlockNode node, long at, MemorySegment to) {
    long there = node == null ? 0 : Math.clamp(node.size() - at, 0, to.byteSize());
    if (node != null && there > 0) {
      node.read(at, to.asSlice(0, there));
    }
    to.asSlice(there).fill((byte) 0);
  }
}
