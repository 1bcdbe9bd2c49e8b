package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Snapshot;
import dev.kasuari.qapi.Json;
import java.io.PrintStream;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code snapshot}: those inside of an image. */
final class SnapshotCommand implements Command {
  @Override
  public String name() {
    return "snapshot";
  }

  @Override
  public String syntax() {
    return "[--image-opts] [-U] [-q] [-l | -a snapshot | -c snapshot | -d snapshot] filename";
  }

  @Override
  public int run(List<String> arguments, PrintStream out, PrintStream err) {
    var a =
        new Arguments(
            arguments,
            Set.of("U", "image-opts", "q", "l", "force-share"),
            Set.of("a", "c", "d", "object", "f"),
            Map.of(
                "format", "f", "quiet", "q", "list", "l", "apply", "a", "create", "c", "delete",
                "d"));
    int actions = 0;
    for (String action : List.of("l", "a", "c", "d")) {
      actions += a.has(action) ? 1 : 0;
    }
    if (actions > 1) {
      throw ToolException.usage("Cannot mix '-l', '-a', '-c', '-d'");
    }
    boolean list = actions == 0 || a.has("l");
    boolean share = a.has("U") || a.has("force-share");
    try (Session session = new Session(a, err)) {
      Access access = Access.read().withWritable(!list).withForceShare(share).withBacking(!list);
      BlockNode node = session.open(a.image(), a.value("f"), a.has("image-opts"), access);
      ImageNode image = node instanceof ImageNode one ? one : null;
      if (list) {
        list(image, out);
      } else {
        change(a, image);
      }
      return 0;
    }
  }

  private static void list(@Nullable ImageNode image, PrintStream out) {
    List<Snapshot> snapshots = image == null ? List.of() : image.snapshots();
    if (snapshots.isEmpty()) {
      return;
    }
    var human = new HumanInfo(out);
    out.println("Snapshot list:");
    human.snapshotHeader();
    snapshots.forEach(s -> human.snapshot(members(s)));
  }

  private static Map<String, Json> members(Snapshot s) {
    var out = new LinkedHashMap<String, Json>();
    out.put("id", new Json.Text(s.id()));
    out.put("name", new Json.Text(s.name()));
    out.put("vm-state-size", Json.Num.of(s.vmState()));
    out.put("date-sec", Json.Num.of(s.seconds()));
    out.put("vm-clock-sec", Json.Num.of(s.vmClock() / 1_000_000_000));
    out.put("vm-clock-nsec", Json.Num.of(s.vmClock() % 1_000_000_000));
    if (s.icount() >= 0) {
      out.put("icount", Json.Num.of(s.icount()));
    }
    return out;
  }

  private static void change(Arguments a, @Nullable ImageNode image) {
    String create = a.value("c");
    String apply = a.value("a");
    String delete = a.value("d");
    if (create != null) {
      Instant now = Instant.now();
      run(
          image,
          "Could not create snapshot '" + create + "'",
          i -> i.createSnapshot(create, now.getEpochSecond(), now.getNano()));
    } else if (apply != null) {
      String attempt = "Could not apply snapshot '" + apply + "'";
      if (image != null && !known(image, apply)) {
        throw new ToolException(attempt + ": Failed to load snapshot: No such file or directory");
      }
      run(image, attempt, i -> i.applySnapshot(apply));
    } else if (delete != null) {
      run(image, "Could not delete snapshot '" + delete + "'", i -> i.deleteSnapshot(delete));
    }
  }

  private static boolean known(ImageNode image, String idOrName) {
    return image.snapshots().stream()
        .anyMatch(s -> s.id().equals(idOrName) || s.name().equals(idOrName));
  }

  private static void run(
      @Nullable ImageNode image, String attempt, java.util.function.Consumer<ImageNode> work) {
    if (image == null) {
      throw new ToolException(attempt + ": Operation not supported");
    }
    try {
      work.accept(image);
    } catch (BlockException e) {
      throw e.in(attempt);
    }
  }
}
