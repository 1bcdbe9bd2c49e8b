package dev.kasuari.img;

import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** {@code create}: makes an image. */
final class CreateCommand implements Command {
  @Override
  public String name() {
    return "create";
  }

  @Override
  public String syntax() {
    return "[-q] [-f fmt] [-b backing_file [-F backing_fmt]] [-u] [-o options] filename [size]";
  }

  @Override
  public int run(List<String> arguments, PrintStream out, PrintStream err) {
    var a =
        new Arguments(
            arguments,
            Set.of("q", "u"),
            Set.of("f", "b", "F", "o", "object"),
            Map.of(
                "format",
                "f",
                "quiet",
                "q",
                "options",
                "o",
                "backing",
                "b",
                "backing-format",
                "F",
                "backing-unsafe",
                "u"));
    var creation = new Creation(a.value("f", "raw"), a.values("o"), a.objects());
    if (creation.helpWanted()) {
      out.print(creation.help());
      return 0;
    }
    if (a.words().isEmpty()) {
      throw ToolException.usage("Expecting image file name");
    }
    if (a.words().size() > 2) {
      throw ToolException.usage("Unexpected argument: " + a.words().get(2));
    }
    creation.backing(a.value("b"), a.value("F"));
    String name = a.words().getFirst();
    long size = a.words().size() == 2 ? Arguments.size(a.words().get(1)) : -1;
    creation.create(name, size, a.has("u"), a.quiet() ? null : out);
    return 0;
  }
}
