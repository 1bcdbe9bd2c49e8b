package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Extent;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Preallocation;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** {@code commit}: writes what an image has into the file behind it. */
final class CommitCommand implements Command {
  private static final long PART = 16 << 20;

  @Override
  public String name() {
    return "commit";
  }

  @Override
  public String syntax() {
    return "[--image-opts] [-q] [-f fmt] [-t cache] [-b base] [-r rate_limit] [-d] [-p] filename";
  }

  @Override
  public int run(List<String> arguments, PrintStream out, PrintStream err) {
    var a =
        new Arguments(
            arguments,
            Set.of("image-opts", "q", "d", "p"),
            Set.of("f", "t", "b", "r", "object"),
            Map.of(
                "format",
                "f",
                "quiet",
                "q",
                "progress",
                "p",
                "cache",
                "t",
                "drop",
                "d",
                "base",
                "b",
                "rate",
                "r"));
    var rate = Rate.of(a);
    Access access = Session.cache(Access.write(), a.value("t", "writeback"));
    String name = a.image();
    try (Session session = new Session(a, err)) {
      BlockNode top =
          session.open(name, a.value("f"), a.has("image-opts"), access.withBacking(false));
      var layers = new Layers(session, top, a.value("b"), access);
      BlockNode base = layers.base();
      if (base.size() < top.size()) {
        base.truncate(top.size(), Preallocation.OFF);
      }
      session.graph().behindChanges(layers.lowest(), base, true);
      try (Progress progress = new Progress(out, a.has("p") && !a.quiet(), top.size())) {
        copy(layers, top.size(), progress, rate);
        base.flush();
      } finally {
        session.graph().behindChanges(layers.lowest(), base, false);
      }
      if (!a.has("d") && layers.adjoin()) { // else what is between would show through
        makeEmpty((ImageNode) top);
      }
    }
    if (!a.quiet()) {
      out.println("Image committed.");
    }
    return 0;
  }

  /** If its format can do that; otherwise it goes on to have what the base has, too. */
  private static void makeEmpty(ImageNode top) {
    try {
      top.makeEmpty();
    } catch (BlockException e) {
      if (e.kind() != BlockException.Kind.NOT_SUPPORTED) {
        throw e;
      }
    }
  }

  private static void copy(Layers layers, long size, Progress progress, Rate rate) {
    for (long at = 0; at < size; ) {
      Extent run = layers.run(at);
      Extent part = run.zero() ? run : run.withLength(Math.min(run.length(), PART));
      if (part.present()) {
        Ranges.copy(part.node(), layers.base(), part);
        rate.spend(part.length());
      }
      progress.add(part.length());
      at += part.length();
    }
  }
}
