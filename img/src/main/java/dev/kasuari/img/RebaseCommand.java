package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Filenames;
import dev.kasuari.block.ImageNode;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code rebase}: puts another file behind an image, which reads as before. */
final class RebaseCommand implements Command {
  private static final int BUFFER = 1 << 20;

  @Override
  public String name() {
    return "rebase";
  }

  @Override
  public String syntax() {
    return "[--image-opts] [-U] [-q] [-f fmt] [-t cache] [-T src_cache] [-p] [-u] -b backing_file"
        + " [-F backing_fmt] filename";
  }

  @Override
  public int run(List<String> arguments, PrintStream out, PrintStream err) {
    var a =
        new Arguments(
            arguments,
            Set.of("U", "image-opts", "q", "p", "u", "force-share"),
            Set.of("f", "t", "T", "b", "F", "object"));
    String name = a.image();
    String base = a.value("b");
    if (base == null && !a.has("u")) {
      throw ToolException.usage("Use backing_file (-b) option to set the new backing file");
    }
    boolean unsafe = a.has("u");
    Access access = Session.cache(Access.write(), a.value("t", "writeback")).withBacking(!unsafe);
    try (Session session = new Session(a)) {
      BlockNode image = session.open(name, a.value("f"), a.has("image-opts"), access);
      if (!(image instanceof ImageNode node)) {
        throw new ToolException(
            "Could not change the backing file to '" + base + "': Operation not supported");
      }
      if (!unsafe) {
        BlockNode next =
            base == null || base.isEmpty()
                ? null
                : session.open(
                    Filenames.relativeTo(image.filename(), base),
                    a.value("F"),
                    false,
                    Access.read(),
                    "Could not open new backing file '" + base + "'");
        settle(image, next, a.has("p"), out);
      }
      boolean none = base == null || base.isEmpty();
      node.changeBacking(none ? null : base, none ? null : a.value("F"));
    }
    return 0;
  }

  /** Writes into the image what would read differently with the other file behind it. */
  private static void settle(
      BlockNode image, @Nullable BlockNode next, boolean shown, PrintStream out) {
    BlockNode old = image.child("backing");
    try (Progress progress = new Progress(out, shown, image.size());
        Arena arena = Arena.ofConfined()) {
      MemorySegment now = arena.allocate(BUFFER);
      MemorySegment then = arena.allocate(BUFFER);
      for (long at = 0; at < image.size(); ) {
        long length = image.status(at, image.size() - at).length();
        if (!image.status(at, length).allocated() && (old != null || next != null)) {
          length = Math.min(length, BUFFER);
          MemorySegment here = now.asSlice(0, length);
          image.read(at, here);
          MemorySegment there = then.asSlice(0, length);
          read(next, at, there);
          if (here.mismatch(there) >= 0) {
            image.write(at, here);
          }
        }
        progress.add(length);
        at += length;
      }
      image.flush();
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
