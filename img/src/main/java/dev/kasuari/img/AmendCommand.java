package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Drivers;
import dev.kasuari.block.ImageAmender;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.Schema;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** {@code amend}: changes options of an image that is there. */
final class AmendCommand implements Command {
  private static final int ALL = 1000;

  @Override
  public String name() {
    return "amend";
  }

  @Override
  public String syntax() {
    return "[--object objectdef] [--image-opts] [-p] [-q] [-f fmt] [-t cache] [--force] -o options"
        + " filename";
  }

  @Override
  public int run(List<String> arguments, PrintStream out, PrintStream err) {
    var a =
        new Arguments(
            arguments,
            Set.of("image-opts", "p", "q", "force"),
            Set.of("f", "t", "o", "object"),
            Map.of("format", "f", "quiet", "q", "progress", "p", "cache", "t", "options", "o"));
    if (!a.has("o")) {
      throw ToolException.usage("Must specify options (-o)");
    }
    GivenOptions options = GivenOptions.of(a.values("o"));
    if (options.help() && a.has("f")) {
      help(a.value("f", ""), out);
      return 0;
    }
    Access access = Session.cache(Access.write(), a.value("t", "writeback"));
    try (Session session = new Session(a, err)) {
      BlockNode node = session.open(a.image(), a.value("f"), a.has("image-opts"), access);
      if (options.help()) {
        help(node.driver(), out);
        return 0;
      }
      amend(amender(node.driver()), node, options.members(), a, out);
    }
    return 0;
  }

  private static ImageAmender<?> amender(String format) {
    BlockDriver<?> driver = Drivers.find(format);
    ImageAmender<?> amender = driver == null ? null : driver.amender();
    if (amender == null) {
      throw new ToolException("Format driver '" + format + "' does not support option amendment");
    }
    return amender;
  }

  private static void help(String format, PrintStream out) {
    String lines = Creation.lines(amender(format).options().schema(), false);
    out.println("Amend options for '" + format + "':");
    out.print(lines);
  }

  private static <O> void amend(
      ImageAmender<O> amender,
      BlockNode node,
      Map<String, Json> options,
      Arguments a,
      PrintStream out) {
    refuseUnknown(amender.options().schema(), node.driver(), GivenOptions.flat(options));
    var source = new OptionSource("", new Json.Members(options), false, Set.of());
    O parsed = amender.options().parse(source);
    try (Progress progress = new Progress(out, a.has("p") && !a.quiet(), ALL)) {
      long[] done = new long[1];
      amender.amend(
          node,
          parsed,
          new ImageAmender.How(
              a.secrets(),
              a.has("force"),
              now -> {
                progress.add(Math.max(0, now - done[0]));
                done[0] = Math.max(now, done[0]);
              }));
    } catch (BlockException e) {
      throw new ToolException(String.valueOf(e.getMessage()));
    }
  }

  private static void refuseUnknown(Schema.Struct known, String format, Map<String, Json> options) {
    for (String key : options.keySet()) {
      if (Creation.option(known, key) == null) {
        boolean made = Creation.takes(format, options);
        throw new ToolException(
            "Invalid parameter '"
                + key
                + "'"
                + (made ? "\nThis option is only supported for image creation" : ""));
      }
    }
  }
}
