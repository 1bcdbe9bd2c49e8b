package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Filenames;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Snapshot;
import dev.kasuari.qapi.Json;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code info}: what an image says of itself. */
final class InfoCommand implements Command {
  @Override
  public String name() {
    return "info";
  }

  @Override
  public String syntax() {
    return "[--image-opts] [-f fmt] [--output=ofmt] [--backing-chain] [-U] filename";
  }

  @Override
  public int run(List<String> arguments, PrintStream out, PrintStream err) {
    var a =
        new Arguments(
            arguments,
            Set.of("U", "image-opts", "backing-chain", "force-share"),
            Set.of("f", "output", "object"),
            Map.of("format", "f"));
    boolean json = a.json();
    boolean share = a.has("U") || a.has("force-share");
    List<Json.Members> chain = chain(a, share, err);
    if (!json) {
      boolean first = true;
      for (Json.Members image : chain) {
        if (!first) {
          out.println();
        }
        first = false;
        new HumanInfo(out).image(image);
      }
    } else if (a.has("backing-chain")) {
      out.println(PrettyJson.write(new Json.Array(List.copyOf(chain))));
    } else {
      out.println(PrettyJson.write(chain.getFirst()));
    }
    return 0;
  }

  private static List<Json.Members> chain(Arguments a, boolean share, PrintStream err) {
    var images = new ArrayList<Json.Members>();
    var seen = new ArrayList<String>();
    @Nullable String name = a.image();
    @Nullable String format = a.value("f");
    boolean options = a.has("image-opts");
    while (name != null) {
      if (seen.contains(name)) {
        throw new ToolException("Backing file '" + name + "' creates an infinite loop.");
      }
      seen.add(name);
      try (Session session = new Session(a, err)) {
        Access access = Access.read().withBacking(false).withForceShare(share);
        BlockNode node = session.open(name, format, options, access);
        images.add(facts(node, options || shownWhole(name) ? node.filename() : name));
        boolean more = a.has("backing-chain");
        ImageNode.Facts facts = node instanceof ImageNode image ? image.facts() : null;
        String behind = facts == null || !more ? null : facts.backingFile();
        format = facts == null ? null : facts.backingFormat();
        name = behind == null ? null : Filenames.relativeTo(node.filename(), behind);
        options = false;
      }
    }
    return images;
  }

  /**
   * Names of servers' disks are shown with all that they leave out: who asks, and the port; those
   * that are options by the file that they mean.
   */
  private static boolean shownWhole(String name) {
    return name.startsWith("ssh:") || Filenames.isJson(name);
  }

  private static Json.Members facts(BlockNode node, String name) {
    ImageNode.Facts facts = node instanceof ImageNode image ? image.facts() : null;
    var out = new LinkedHashMap<String, Json>();
    if (facts != null && facts.backingFormat() != null && facts.backingFile() != null) {
      out.put("backing-filename-format", new Json.Text(facts.backingFormat()));
    }
    List<Snapshot> snapshots = node instanceof ImageNode image ? image.snapshots() : List.of();
    if (!snapshots.isEmpty()) {
      out.put("snapshots", new Json.Array(snapshots.stream().<Json>map(InfoCommand::of).toList()));
    }
    out.put("virtual-size", Json.Num.of(node.size()));
    out.put("filename", new Json.Text(name));
    if (facts != null && facts.clusterSize() > 0) {
      out.put("cluster-size", Json.Num.of(facts.clusterSize()));
    }
    out.put("format", new Json.Text(node.driver()));
    if (facts != null && facts.encrypted()) {
      out.put("encrypted", new Json.Bool(true));
    }
    long room = node.allocatedSize();
    if (room >= 0) {
      out.put("actual-size", Json.Num.of(room));
    }
    if (facts != null && !facts.specific().members().isEmpty()) {
      var specific = new LinkedHashMap<String, Json>();
      specific.put("type", new Json.Text(node.driver()));
      specific.put("data", facts.specific());
      out.put("format-specific", new Json.Members(specific));
    }
    String behind = facts == null ? null : facts.backingFile();
    if (behind != null) {
      out.put("full-backing-filename", new Json.Text(Filenames.relativeTo(name, behind)));
      out.put("backing-filename", new Json.Text(behind));
    }
    out.put("dirty-flag", new Json.Bool(facts != null && facts.dirty()));
    return new Json.Members(out);
  }

  private static Json of(Snapshot s) {
    Map<String, Json> out = new LinkedHashMap<>();
    if (s.icount() >= 0) {
      out.put("icount", Json.Num.of(s.icount()));
    }
    out.put("vm-clock-nsec", Json.Num.of(s.vmClock() % 1_000_000_000));
    out.put("name", new Json.Text(s.name()));
    out.put("date-sec", Json.Num.of(s.seconds()));
    out.put("date-nsec", Json.Num.of(s.nanoseconds()));
    out.put("vm-clock-sec", Json.Num.of(s.vmClock() / 1_000_000_000));
    out.put("id", new Json.Text(s.id()));
    out.put("vm-state-size", Json.Num.of(s.vmState()));
    return new Json.Members(out);
  }
}
