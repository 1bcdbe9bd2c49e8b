package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Buffers;
import dev.kasuari.block.Extent;
import dev.kasuari.block.Zeroes;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code compare}: 0 if two images have the same bytes, 1 if not, 2 and more for failures. */
final class CompareCommand implements Command {
  private static final int BUFFER = 2 << 20;
  private static final int FAILED = 2;

  @Override
  public String name() {
    return "compare";
  }

  @Override
  public String syntax() {
    return "[--image-opts] [-f fmt] [-F fmt] [-T src_cache] [-p] [-q] [-s] [-U] filename1 filename2";
  }

  @Override
  public int run(List<String> arguments, PrintStream out, PrintStream err) {
    Arguments a = parsed(arguments);
    try {
      return compare(a, out, err);
    } catch (BlockException e) {
      throw new ToolException(String.valueOf(e.getMessage()), FAILED);
    } catch (ToolException e) {
      throw e.code() > FAILED ? e : new ToolException(String.valueOf(e.getMessage()), FAILED);
    }
  }

  private static Arguments parsed(List<String> arguments) {
    var a =
        new Arguments(
            arguments,
            Set.of("U", "image-opts", "q", "p", "s", "force-share"),
            Set.of("f", "F", "T", "object"),
            Map.of(
                "a-format",
                "f",
                "b-format",
                "F",
                "quiet",
                "q",
                "progress",
                "p",
                "strict",
                "s",
                "cache",
                "T"));
    if (a.words().size() != 2) {
      throw ToolException.usage("Expecting two image file names");
    }
    return a;
  }

  private static int compare(Arguments a, PrintStream out, PrintStream err) {
    boolean share = a.has("U") || a.has("force-share");
    Access access =
        Session.sourceCache(Access.read().withForceShare(share), a.value("T", "writeback"));
    try (Session session = new Session(a, err)) {
      boolean options = a.has("image-opts");
      BlockNode first = session.open(a.words().get(0), a.value("f"), options, access);
      BlockNode second = session.open(a.words().get(1), a.value("F"), options, access);
      String difference = difference(first, second, a, out);
      if (!a.quiet()) {
        out.println(difference == null ? "Images are identical." : difference);
      }
      return difference == null ? 0 : 1;
    }
  }

  private static @Nullable String difference(
      BlockNode first, BlockNode second, Arguments a, PrintStream out) {
    long common = Math.min(first.size(), second.size());
    long all = Math.max(first.size(), second.size());
    boolean strict = a.has("s");
    if (common != all) {
      if (strict) {
        return "Strict mode: Image size mismatch!";
      }
    }
    try (Progress progress = new Progress(out, a.has("p"), all)) {
      String difference = compared(first, second, common, a, progress);
      if (difference != null || common == all) {
        return difference;
      }
      if (!a.quiet()) {
        out.println("Warning: Image size mismatch!");
      }
      return rest(first.size() > common ? first : second, common, all, progress);
    }
  }

  private static @Nullable String compared(
      BlockNode first, BlockNode second, long end, Arguments a, Progress progress) {
    var one = new Comparison.Side(first, a.words().get(0));
    var two = new Comparison.Side(second, a.words().get(1));
    return new Comparison(one, two, end, a.has("s"), progress).run();
  }

  private static @Nullable String rest(BlockNode longer, long from, long to, Progress progress) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = Buffers.allocate(arena, BUFFER);
      for (long at = from; at < to; ) {
        Extent x = Extent.at(longer, at, Math.min(to - at, 1L << 30));
        long length = x.length();
        if (!x.zero()) {
          length = Math.min(length, BUFFER);
          MemorySegment bytes = buffer.asSlice(0, length);
          longer.read(at, bytes);
          if (!Zeroes.all(bytes)) {
            return Comparison.mismatchAt(at + Zeroes.runEnd(bytes, 0, 512, true));
          }
        }
        progress.add(length);
        at += length;
      }
      return null;
    }
  }
}
