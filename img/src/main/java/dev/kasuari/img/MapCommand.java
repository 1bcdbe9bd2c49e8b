package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.Extent;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code map}: where the bytes of an image, with those behind it, are. */
final class MapCommand implements Command {
  @Override
  public String name() {
    return "map";
  }

  @Override
  public String syntax() {
    return "[--image-opts] [-f fmt] [-s start_offset] [-l max_length] [--output=ofmt] [-U]"
        + " filename";
  }

  @Override
  public int run(List<String> arguments, PrintStream out, PrintStream err) {
    var a =
        new Arguments(
            arguments,
            Set.of("U", "image-opts", "force-share"),
            Set.of("f", "output", "object", "s", "l"),
            Map.of("format", "f", "start-offset", "s", "max-length", "l"));
    boolean json = a.json();
    long start = a.numberOf("s", "start offset", Long.MAX_VALUE, 0);
    long most = a.numberOf("l", "max length", Long.MAX_VALUE, Long.MAX_VALUE);
    boolean share = a.has("U") || a.has("force-share");
    try (Session session = new Session(a, err)) {
      BlockNode node =
          session.open(
              a.image(), a.value("f"), a.has("image-opts"), Access.read().withForceShare(share));
      if (json) {
        out.print("[");
      } else {
        out.println("%-16s%-16s%-16s%s".formatted("Offset", "Length", "Mapped to", "File"));
      }
      long end = most < node.size() - start ? start + most : node.size();
      print(node, start, end, json, out);
      if (json) {
        out.println("]");
      }
      return 0;
    }
  }

  private static void print(BlockNode node, long start, long end, boolean json, PrintStream out) {
    @Nullable Extent run = null;
    for (long at = start; at < end; ) {
      Extent next = extent(node, at, end - at);
      at += next.length();
      if (run != null && run.continuedBy(next)) {
        run = run.withLength(run.length() + next.length());
        continue;
      }
      if (run != null) {
        print(run, json, false, out);
      }
      run = next;
    }
    if (run != null) {
      print(run, json, true, out);
    }
  }

  private static Extent extent(BlockNode node, long start, long length) {
    try {
      return Extent.at(node, start, length);
    } catch (BlockException e) {
      throw e.in("Could not read file metadata");
    }
  }

  private static void print(Extent run, boolean json, boolean last, PrintStream out) {
    if (json) {
      out.print(
          "{ \"start\": %d, \"length\": %d, \"depth\": %d, \"present\": %b, \"zero\": %b, \"data\": %b"
              .formatted(
                  run.start(), run.length(), run.depth(), run.present(), run.zero(), run.data()));
      if (run.offset() != BlockStatus.NO_OFFSET) {
        out.print(", \"offset\": " + run.offset());
      }
      out.print(last ? "}" : "},\n");
      return;
    }
    if (run.data() && !run.zero()) {
      if (run.offset() == BlockStatus.NO_OFFSET) {
        throw new ToolException("File contains external, encrypted or compressed clusters.");
      }
      out.println(
          "%-16s%-16s%-16s%s"
              .formatted(hex(run.start()), hex(run.length()), hex(run.offset()), run.file()));
    }
  }

  /** As C's {@code %#x}: zero has no prefix. */
  private static String hex(long value) {
    return value == 0 ? "0" : "0x" + Long.toHexString(value);
  }
}
