package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockNode;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** {@code bench}: how long so many requests in a row take. */
final class BenchCommand implements Command {
  private static final int USUAL_COUNT = 75_000;
  private static final int USUAL_DEPTH = 64;
  private static final int USUAL_SIZE = 4096;

  @Override
  public String name() {
    return "bench";
  }

  @Override
  public String syntax() {
    return "[-c count] [-d depth] [-f fmt] [--flush-interval=flush_interval] [-i aio] [-n]"
        + " [--no-drain] [-o offset] [--pattern=pattern] [-q] [-s buffer_size] [-S step_size]"
        + " [-t cache] [-w] [-U] filename";
  }

  @Override
  public int run(List<String> arguments, PrintStream out, PrintStream err) {
    var a =
        new Arguments(
            arguments,
            Set.of("n", "q", "w", "U", "force-share", "image-opts", "no-drain"),
            Set.of("c", "d", "f", "i", "o", "s", "S", "t", "flush-interval", "pattern", "object"),
            LONGER);
    Load load = load(a);
    Access access =
        Session.cache(
            Access.read().withWritable(a.has("w")).withForceShare(a.share()),
            a.value("t", "writeback"),
            "Invalid cache mode");
    String image = a.image();
    refuseAio(a, image, access);
    try (Session session = new Session(a, err)) {
      BlockNode node = session.open(image, a.value("f"), a.has("image-opts"), access);
      out.println(
          "Sending %d %s requests, %d bytes each, %d in parallel (starting at offset %d, step size %d)"
              .formatted(
                  load.count(),
                  load.writes() ? "write" : "read",
                  load.size(),
                  load.depth(),
                  load.offset(),
                  load.step()));
      if (load.flushInterval() > 0) {
        out.println("Sending flush every %d requests".formatted(load.flushInterval()));
      }
      out.flush();
      double seconds = load.run(node) / 1e9;
      out.println(String.format(Locale.ROOT, "Run completed in %3.3f seconds.", seconds));
    }
    return 0;
  }

  private static final Map<String, String> LONGER =
      Map.of(
          "format", "f",
          "quiet", "q",
          "cache", "t",
          "count", "c",
          "buffer-size", "s",
          "depth", "d",
          "offset", "o",
          "step-size", "S",
          "aio", "i",
          "write", "w");

  private static Load load(Arguments a) {
    int count = whole(a, "c", "request count", USUAL_COUNT);
    int depth = whole(a, "d", "queue depth", USUAL_DEPTH);
    if (depth < 1) {
      throw new ToolException(
          "Invalid queue depth specified. Must be between 1 and %d.".formatted(Integer.MAX_VALUE));
    }
    long offset = a.numberOf("o", "offset", Long.MAX_VALUE, 0);
    int size = (int) a.numberOf("s", "buffer size", Integer.MAX_VALUE, USUAL_SIZE);
    int step = (int) a.numberOf("S", "step_size", Integer.MAX_VALUE, 0);
    int interval = whole(a, "flush-interval", "flush interval", 0);
    int pattern = whole(a, "pattern", "pattern byte", 0);
    if (pattern > 0xff) {
      throw new ToolException("Invalid pattern byte specified");
    }
    boolean drains = !a.has("no-drain");
    if (!a.has("w") && interval > 0) {
      throw new ToolException("--flush-interval is only available in write tests");
    }
    if (interval > 0 && interval < depth) {
      throw new ToolException("Flush interval can't be smaller than depth");
    }
    return new Load(
        count,
        depth,
        offset,
        size,
        step == 0 ? size : step,
        a.has("w"),
        (byte) pattern,
        interval,
        drains);
  }

  private static int whole(Arguments a, String option, String what, int otherwise) {
    String text = a.value(option);
    if (text == null) {
      return otherwise;
    }
    try {
      int number = Integer.decode(text);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new ToolException("Invalid " + what + " specified");
  }

  /** How the host is asked; all of them are the same here, but not all go with all caches. */
  private static void refuseAio(Arguments a, String image, Access access) {
    String aio = a.value("i", "threads");
    if (!Set.of("threads", "native", "io_uring").contains(aio)) {
      throw new ToolException("Invalid aio option: " + aio);
    }
    if ((aio.equals("native") || a.has("n")) && !access.direct()) {
      throw new ToolException(
          "Could not open '"
              + image
              + "': aio=native was specified, but it requires cache.direct=on, which was not"
              + " specified.");
    }
  }
}
