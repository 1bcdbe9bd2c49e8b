package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Extent;
import dev.kasuari.block.Filenames;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Preallocation;
import java.io.PrintStream;
import java.util.List;
import java.util.Set;

/** {@code commit}: writes what an image has into the file behind it. */
final class CommitCommand implements Command {
  @Override
  public String name() {
    return "commit";
  }

  @Override
  public String syntax() {
    return "[--image-opts] [-q] [-f fmt] [-t cache] [-d] [-p] filename";
  }

  @Override
  public int run(List<String> arguments, PrintStream out, PrintStream err) {
    var a =
        new Arguments(
            arguments, Set.of("image-opts", "q", "d", "p"), Set.of("f", "t", "b", "r", "object"));
    if (a.has("b")) {
      throw new ToolException("commit with -b comes later");
    }
    Access access = Session.cache(Access.write(), a.value("t", "writeback"));
    String name = a.image();
    try (Session session = new Session(a)) {
      BlockNode top =
          session.open(name, a.value("f"), a.has("image-opts"), access.withBacking(false));
      ImageNode.Facts facts = top instanceof ImageNode image ? image.facts() : null;
      String behind = facts == null ? null : facts.backingFile();
      if (facts == null || behind == null) {
        throw new ToolException("Image does not have a backing file");
      }
      BlockNode base =
          session.open(
              Filenames.relativeTo(top.filename(), behind),
              facts.backingFormat(),
              false,
              access.withUnmap(true));
      if (base.size() < top.size()) {
        base.truncate(top.size(), Preallocation.OFF);
      }
      copy(top, base, a.has("p"), out);
      base.flush();
      if (!a.has("d")) {
        ((ImageNode) top).makeEmpty();
      }
    }
    if (!a.quiet()) {
      out.println("Image committed.");
    }
    return 0;
  }

  /** Without its backing file an image has only what it says itself. */
  private static void copy(BlockNode top, BlockNode base, boolean shown, PrintStream out) {
    try (Progress progress = new Progress(out, shown, top.size())) {
      for (long at = 0; at < top.size(); ) {
        Extent run = Extent.at(top, at, top.size() - at);
        if (run.present()) {
          Ranges.copy(top, base, run);
        }
        progress.add(run.length());
        at += run.length();
      }
    }
  }
}
