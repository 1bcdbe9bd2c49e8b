package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Drivers;
import dev.kasuari.block.Extent;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.qapi.Json;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** {@code measure}: how large an image would be. */
final class MeasureCommand implements Command {
  @Override
  public String name() {
    return "measure";
  }

  @Override
  public String syntax() {
    return "[--output=ofmt] [-O output_fmt] [-o options] [--size N | [--image-opts] [-f fmt]"
        + " [-l snapshot_param] filename]";
  }

  @Override
  public int run(List<String> arguments, PrintStream out, PrintStream err) {
    var a =
        new Arguments(
            arguments,
            Set.of("U", "image-opts", "force-share"),
            Set.of("f", "O", "o", "output", "size", "s", "l", "object"),
            Map.of("target-format", "O", "format", "f", "snapshot", "l"));
    boolean json = a.json();
    var creation = new Creation(a.value("O", "raw"), a.values("o"), a.objects());
    refuse(a);
    ImageCreator.Measure measure;
    long bitmaps = -1;
    String given = a.value("size", a.value("s", ""));
    if (!given.isEmpty()) {
      long size = (Arguments.size(given) + 511) & -512;
      measure = creation.measure(size, 0);
    } else {
      try (Session session = new Session(a, err)) {
        boolean share = a.has("U") || a.has("force-share");
        BlockNode node =
            session.open(
                a.image(), a.value("f"), a.has("image-opts"), Access.read().withForceShare(share));
        String snapshot = a.value("l");
        if (snapshot != null) {
          SnapshotChoice.of(snapshot).show(node);
        }
        measure = creation.measure(node.size(), data(node, creation.unit()));
        bitmaps = creation.measureBitmaps(node);
      }
    }
    print(measure, bitmaps, json, out);
    return 0;
  }

  private static void refuse(Arguments a) {
    boolean sized = a.has("size") || a.has("s");
    boolean named = !a.words().isEmpty();
    if (!named && (a.has("image-opts") || a.has("f") || a.has("l"))) {
      throw new ToolException("--image-opts, -f, and -l require a filename argument.");
    }
    a.refuseFormatOfOptions();
    if (a.words().size() > 1 || (!sized && !named)) {
      throw new ToolException("Either --size N or one filename must be specified.");
    }
    if (sized && named) {
      throw new ToolException("--size N cannot be used together with a filename.");
    }
    String format = a.value("O", "raw");
    if (Drivers.find(format) == null) {
      throw new ToolException("Unknown file format '" + format + "'");
    }
  }

  /** Bytes of all units in which there is any data. */
  private static long data(BlockNode node, long unit) {
    long sum = 0;
    long counted = 0;
    for (long at = 0; at < node.size(); ) {
      Extent extent = Extent.at(node, at, node.size() - at);
      long end = at + extent.length();
      if (!extent.zero()) {
        long from = Math.max(counted, at / unit * unit);
        long to = (end + unit - 1) / unit * unit;
        sum += Math.max(0, to - from);
        counted = Math.max(counted, to);
      }
      at = end;
    }
    return sum;
  }

  private static void print(
      ImageCreator.Measure measure, long bitmaps, boolean json, PrintStream out) {
    if (json) {
      var members = new LinkedHashMap<String, Json>();
      if (bitmaps >= 0) {
        members.put("bitmaps", Json.Num.of(bitmaps));
      }
      members.put("required", Json.Num.of(measure.required()));
      members.put("fully-allocated", Json.Num.of(measure.fullyAllocated()));
      out.println(PrettyJson.write(new Json.Members(members)));
      return;
    }
    out.println("required size: " + measure.required());
    out.println("fully allocated size: " + measure.fullyAllocated());
    if (bitmaps >= 0) {
      out.println("bitmaps size: " + bitmaps);
    }
  }
}
