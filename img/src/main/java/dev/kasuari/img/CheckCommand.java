package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.CheckResult.Repair;
import dev.kasuari.block.ImageNode;
import dev.kasuari.qapi.Json;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** {@code check}: looks at all metadata. Ends with 2 for contradictions, 3 for leaks. */
final class CheckCommand implements Command {
  private static final int NO_CHECKS = 63;

  @Override
  public String name() {
    return "check";
  }

  @Override
  public String syntax() {
    return "[--image-opts] [-q] [-f fmt] [--output=ofmt] [-r [leaks | all]] [-T src_cache] [-U]"
        + " filename";
  }

  @Override
  public int run(List<String> arguments, PrintStream out, PrintStream err) {
    var a =
        new Arguments(
            arguments,
            Set.of("U", "image-opts", "q", "force-share"),
            Set.of("f", "output", "object", "r", "T"),
            Map.of("format", "f", "quiet", "q", "cache", "T", "repair", "r"));
    boolean json = a.json();
    Repair repair = repair(a);
    boolean share = a.has("U") || a.has("force-share");
    try (Session session = new Session(a, err)) {
      Access access =
          Access.read()
              .withWritable(repair != Repair.NONE)
              .withForceShare(share)
              .withBacking(false)
              .withRecovery(true);
      BlockNode node =
          session.open(
              a.image(),
              a.value("f"),
              a.has("image-opts"),
              Session.sourceCache(access, a.value("T", "writeback")));
      if (!(node instanceof ImageNode image)) {
        throw new ToolException("This image format does not support checks", NO_CHECKS);
      }
      PrintStream lines = json || a.quiet() ? null : err;
      CheckResult result = checked(image, repair, lines);
      if (json) {
        out.println(PrettyJson.write(json(a.image(), node.driver(), result)));
      } else if (!a.quiet()) {
        human(out, result);
      }
      if (result.checkErrors() > 0) {
        throw new ToolException("Check failed");
      }
      return result.corruptions() > 0 ? 2 : result.leaks() > 0 ? 3 : 0;
    }
  }

  private static CheckResult checked(
      ImageNode image, Repair repair, @org.jspecify.annotations.Nullable PrintStream lines) {
    try {
      return image.check(
          repair,
          line -> {
            if (lines != null) {
              lines.println(line);
            }
          });
    } catch (BlockException e) {
      if (e.kind() == BlockException.Kind.NOT_SUPPORTED) {
        throw new ToolException("This image format does not support checks", NO_CHECKS);
      }
      throw new ToolException("Check failed: " + e.getMessage());
    }
  }

  private static Repair repair(Arguments a) {
    String word = a.value("r", "none");
    return switch (word) {
      case "none" -> Repair.NONE;
      case "leaks" -> Repair.LEAKS;
      case "all" -> Repair.ALL;
      default ->
          throw ToolException.usage(
              "Unknown option value for -r (expecting 'leaks' or 'all'): " + word);
    };
  }

  private static void human(PrintStream out, CheckResult r) {
    if (r.corruptionsFixed() > 0 || r.leaksFixed() > 0) {
      out.println("The following inconsistencies were found and repaired:");
      out.println();
      out.println("    %d leaked clusters".formatted(r.leaksFixed()));
      out.println("    %d corruptions".formatted(r.corruptionsFixed()));
      out.println();
      out.println("Double checking the fixed image now...");
    }
    if (r.corruptions() == 0 && r.leaks() == 0 && r.checkErrors() == 0) {
      out.println("No errors were found on the image.");
    }
    if (r.corruptions() > 0) {
      out.println();
      out.println("%d errors were found on the image.".formatted(r.corruptions()));
      out.println("Data may be corrupted, or further writes to the image may corrupt it.");
    }
    if (r.leaks() > 0) {
      out.println();
      out.println("%d leaked clusters were found on the image.".formatted(r.leaks()));
      out.println("This means waste of disk space, but no harm to data.");
    }
    if (r.checkErrors() > 0) {
      out.println();
      out.println("%d internal errors have occurred during the check.".formatted(r.checkErrors()));
    }
    if (r.allocatedClusters() > 0 && r.totalClusters() > 0) {
      out.println(
          r.allocatedClusters()
              + "/"
              + r.totalClusters()
              + " = "
              + percent(r.allocatedClusters(), r.totalClusters())
              + " allocated, "
              + percent(r.fragmentedClusters(), r.allocatedClusters())
              + " fragmented, "
              + percent(r.compressedClusters(), r.allocatedClusters())
              + " compressed clusters");
    }
    if (r.endOffset() > 0) {
      out.println("Image end offset: " + r.endOffset());
    }
  }

  private static String percent(long part, long whole) {
    return Sizing.fixed(part * 100.0 / whole, 2) + "%";
  }

  private static Json json(String name, String format, CheckResult r) {
    var out = new LinkedHashMap<String, Json>();
    put(out, "image-end-offset", r.endOffset());
    put(out, "total-clusters", r.totalClusters());
    out.put("check-errors", Json.Num.of(r.checkErrors()));
    put(out, "corruptions", r.corruptions());
    put(out, "leaks", r.leaks());
    put(out, "corruptions-fixed", r.corruptionsFixed());
    put(out, "leaks-fixed", r.leaksFixed());
    put(out, "allocated-clusters", r.allocatedClusters());
    put(out, "fragmented-clusters", r.fragmentedClusters());
    put(out, "compressed-clusters", r.compressedClusters());
    out.put("filename", new Json.Text(name));
    out.put("format", new Json.Text(format));
    return new Json.Members(out);
  }

  private static void put(Map<String, Json> out, String key, long value) {
    if (value != 0) {
      out.put(key, Json.Num.of(value));
    }
  }
}
