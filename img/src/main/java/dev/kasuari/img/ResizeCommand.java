package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Preallocation;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Sizes;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** {@code resize}: changes the size of the disk. */
final class ResizeCommand implements Command {
  @Override
  public String name() {
    return "resize";
  }

  @Override
  public String syntax() {
    return "[--image-opts] [-f fmt] [--preallocation=prealloc] [-q] [--shrink] filename"
        + " [+ | -]size";
  }

  @Override
  public int run(List<String> arguments, PrintStream out, PrintStream err) {
    if (arguments.isEmpty()) {
      throw ToolException.usage("Not enough arguments");
    }
    // The size stands last, and may look like an option.
    String size = arguments.getLast();
    var rest = new ArrayList<>(arguments.subList(0, arguments.size() - 1));
    rest.remove("--");
    var a =
        new Arguments(
            rest,
            Set.of("image-opts", "q", "shrink"),
            Set.of("f", "preallocation", "object"),
            Map.of("format", "f", "quiet", "q"));
    if (a.words().isEmpty()) {
      throw ToolException.usage("Not enough arguments");
    }
    long change = change(size);
    Preallocation preallocation = preallocation(a.value("preallocation", "off"));
    try (Session session = new Session(a, err)) {
      BlockNode node =
          session.open(
              a.image(), a.value("f"), a.has("image-opts"), Access.write().withUnmap(true));
      long before = node.size();
      long after = target(size, change, before);
      if (after <= 0) {
        throw new ToolException("New image size must be positive");
      }
      if (after < before && !a.has("shrink")) {
        throw new ToolException(
            """
            Use the --shrink option to perform a shrink operation.
            kasuari-img: warning: Shrinking an image will delete all data beyond the shrunken \
            image's end. Before performing such an operation, make sure there is no important data \
            there.\
            """);
      }
      node.truncate((after + 511) & -512, preallocation);
    }
    if (!a.quiet()) {
      out.println("Image resized.");
    }
    return 0;
  }

  private static boolean signed(String size) {
    return size.startsWith("+") || size.startsWith("-");
  }

  private static long change(String size) {
    try {
      return Sizes.parse(signed(size) ? size.substring(1) : size, 'B');
    } catch (OptionException e) {
      throw new ToolException(
          """
          Parameter 'size' expects a non-negative number below 2^64
          Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-
          and exabytes, respectively.\
          """);
    }
  }

  private static long target(String size, long change, long before) {
    return !signed(size) ? change : size.startsWith("+") ? before + change : before - change;
  }

  static Preallocation preallocation(String word) {
    for (Preallocation one : Preallocation.values()) {
      if (one.name().toLowerCase(Locale.ROOT).equals(word)) {
        return one;
      }
    }
    throw new ToolException("Invalid preallocation mode '" + word + "'");
  }
}
